/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A suspended domain goes on in place. To its kernel this is what a restore elsewhere is: SCHEDOP_shutdown returns 0, and
 * everything that it had from the hypervisor and from other domains is to be made again, by the same calls as at its start. So
 * these must find what they find then: a VIRQ that is still bound, or vcpu_info that already has a place, would be refused.
 *
 * Its memory, grants (its own pages, which it ends itself) and the state of its vCPUs are kept.
 */
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/softirq.h>
#include <xen/time.h>
#include <xen/vcpu_timers.h>

#include <public/sched.h>

static void vcpu_info_home(struct vcpu *v)
{
    struct domain *d = v->domain;
    struct vcpu_info *home = v->id < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[v->id] : NULL;

    if (home != NULL) {
        memset(home, 0, sizeof(*home));
        home->evtchn_upcall_mask = 1;
    }
    spin_lock(&d->lock);
    __atomic_store_n(&v->info, home, __ATOMIC_SEQ_CST);
    v->info_gaddr = 0;
    spin_unlock(&d->lock);
    if (home != NULL) {
        arch_vcpu_update_time(v);
    }
}

/* After all that could still write there. */
static void info_page_put(struct vcpu *v)
{
    if (v->info_page != NULL) {
        page_put(v->info_page);
        v->info_page = NULL;
    }
}

static void new_life(struct domain *d)
{
    evtchn_new_life(d);
    watchdogs_kill(d); /* one that runs out just now does not end the new life */
    watchdogs_stop(d);
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        struct vcpu *v = d->vcpu[i];

        vcpu_timers_stop(v);
        write_once(v->runstate_area, 0);
        write_once(v->time_area, 0);
        vcpu_info_home(v);
    }
    evtchn_settle(d);
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        info_page_put(d->vcpu[i]);
    }
}

/* The last look and the change are one: whoever ends it meanwhile finds it either suspended or running. */
static int go_on(struct domain *d)
{
    int rc = -EINVAL;

    spin_lock(&d->lock);
    if (domain_is_suspended(d)) {
        __atomic_store_n(&d->state, DOMAIN_RUNNING, __ATOMIC_RELEASE);
        for (unsigned i = 0; d->pause_count == 0 && i < d->vcpu_count; i++) {
            vcpu_wake(d->vcpu[i], VCPU_PAUSE_DOMAIN);
        }
        rc = 0;
    }
    spin_unlock(&d->lock);
    return rc;
}

int domain_resume(struct domain *d)
{
    int rc;

    if (!domain_is_suspended(d)) {
        return -EINVAL;
    }
    if (__atomic_exchange_n(&d->reclaiming, true, __ATOMIC_ACQUIRE)) {
        return -EBUSY;
    }
    /* Suspended, as before, and nobody else gives anything back or resumes it now. */
    rc = !domain_is_suspended(d) ? -EINVAL : domain_is_quiet(d) ? 0 : -ERESTART;
    if (rc == 0) {
        new_life(d);
        rc = go_on(d);
    }
    __atomic_store_n(&d->reclaiming, false, __ATOMIC_RELEASE);
    if (rc == 0) {
        pr_info("domain %u %s: goes on", d->id, d->name);
    } else {
        softirq_raise(SOFTIRQ_RECLAIM); /* it may have been ended while we had it */
    }
    return rc;
}
