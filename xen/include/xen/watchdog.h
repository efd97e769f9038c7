/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watchdogs: timers by which a domain has itself shut down, with SHUTDOWN_watchdog, when it no longer says that it is well.
 * Source: Xen ABI, public/sched.h, SCHEDOP_watchdog.
 */
#ifndef XEN_WATCHDOG_H
#define XEN_WATCHDOG_H

#include <xen/timer.h>

#define WATCHDOG_COUNT 2 /* as many as Xen has */

struct domain;

struct watchdogs {
    struct timer timer[WATCHDOG_COUNT];
    unsigned used; /* bits; the domain's lock */
};

void watchdogs_init(struct domain *d);
/** None is used any more; new ones may be. */
void watchdogs_stop(struct domain *d);
/** d does not run any more: none fires after this. */
void watchdogs_kill(struct domain *d);

/**
 * Begin (id 0), put off or end (timeout 0) a watchdog.
 * @param seconds  until it fires, from now
 * @return the new one's id, from 1; 0; -EINVAL no such id, or a new one without a time; -ENOSPC all are used; -EEXIST, as in Xen,
 *         this one is not used
 */
int watchdog_set(struct domain *d, uint32_t id, uint32_t seconds) must_check;

#endif
