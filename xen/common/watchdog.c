/* SPDX-License-Identifier: Apache-2.0 */
#include <xen/watchdog.h>

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/time.h>

#include <public/sched.h>

static void expired(void *arg)
{
    domain_shutdown(arg, SHUTDOWN_watchdog);
}

void watchdogs_init(struct domain *d)
{
    for (unsigned i = 0; i < WATCHDOG_COUNT; i++) {
        timer_init(&d->watchdogs.timer[i], expired, d);
    }
}

void watchdogs_stop(struct domain *d)
{
    spin_lock(&d->lock);
    for (unsigned i = 0; i < WATCHDOG_COUNT; i++) {
        timer_stop(&d->watchdogs.timer[i]);
    }
    d->watchdogs.used = 0;
    spin_unlock(&d->lock);
}

/* Not with the lock held: it waits for one that fires, which takes it. */
void watchdogs_kill(struct domain *d)
{
    for (unsigned i = 0; i < WATCHDOG_COUNT; i++) {
        timer_kill(&d->watchdogs.timer[i]);
    }
}

static int watchdog_new(struct domain *d, uint64_t when)
{
    for (unsigned i = 0; i < WATCHDOG_COUNT; i++) {
        if (!(d->watchdogs.used & 1u << i)) {
            d->watchdogs.used |= 1u << i;
            timer_set(&d->watchdogs.timer[i], when);
            return (int)i + 1;
        }
    }
    return -ENOSPC;
}

int watchdog_set(struct domain *d, uint32_t id, uint32_t seconds)
{
    uint64_t when = time_now_ns() + seconds * NS_PER_S;
    struct timer *timer;
    int rc = 0;

    if (id > WATCHDOG_COUNT || (id == 0 && seconds == 0)) {
        return -EINVAL;
    }
    timer = &d->watchdogs.timer[id != 0 ? array_index_nospec(id - 1, WATCHDOG_COUNT) : 0];
    spin_lock(&d->lock);
    if (id == 0) {
        rc = watchdog_new(d, when);
    } else if (!(d->watchdogs.used & 1u << (id - 1))) {
        rc = -EEXIST;
    } else if (seconds == 0) {
        timer_stop(timer);
        d->watchdogs.used &= ~(1u << (id - 1));
    } else {
        timer_set(timer, when);
    }
    spin_unlock(&d->lock);
    return rc;
}
