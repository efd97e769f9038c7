/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains that come back: when, and in which steps. A domain that is gone is wanted again; when its time has come it is built in
 * pieces, between which guests run, and started. One is built at a time.
 *
 * The first restart after a crash, or a watchdog that ran out, is at once. Each further one waits twice as long as the one
 * before, up to RESTART_PAUSE_MAX_NS, so that a
 * domain which crashes as soon as it runs costs the host little; a life of RESTART_GOOD_NS makes it as good as new. A reboot is
 * what a domain asks for: it waits for the first pause only, and only after a life of less than RESTART_SHORT_NS.
 */
#ifndef LAUNCH_RESTART_H
#define LAUNCH_RESTART_H

#include <xen/time.h>
#include <xen/types.h>

#include <xsm/xsm.h>

#define RESTART_PAUSE_FIRST_NS (50 * NS_PER_MS)
#define RESTART_PAUSE_MAX_NS (16 * NS_PER_S)
#define RESTART_SHORT_NS NS_PER_S
#define RESTART_GOOD_NS (60 * NS_PER_S)

struct restart_state {
    /* Only whoever builds, and launch_restart() while the domain is not there. */
    unsigned streak;        /* restarts since the last good life */
    uint64_t began_ns;      /* of the life now, or the last one */
    uint64_t due_ns;
    xsm_sid_t sid;          /* label at the end of the last life */
    bool wanted;            /* atomic: hands the rest over to whoever builds */
};

/** A life begins. */
void restart_begun(struct restart_state *s, uint64_t now_ns);
/** A life has ended, by a reboot or against its will: how long its successor has to wait, in ns. Counts the latter. */
uint64_t restart_pause(struct restart_state *s, uint64_t now_ns, bool reboot);

struct launch_domain;
struct launch_services;

/** Once, when all domains are built: what there is to restart; borrowed for ever. */
void restart_init(struct launch_domain *domains, unsigned count, const struct launch_services *services);

#endif
