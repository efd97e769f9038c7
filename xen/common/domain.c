/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains: the table, references, and the way from creation to death. Giving back happens in steps of SOFTIRQ_RECLAIM, so that
 * a large domain's end holds nobody up.
 */
#include <xen/domain.h>

#include <asm/cpu.h>
#include <asm/hvm.h>
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/grant.h>
#include <xen/launch.h>
#include <xen/power.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/time.h>
#include <xen/vcpu_timers.h>
#include <xen/vpci.h>

#include <public/sched.h>

/* shared_info, grant frames and special pages come on top of what the description gives. */
#define OVERHEAD_PAGES 128

static spinlock_t domlist_lock = SPINLOCK_INIT(LOCK_DOMLIST);
static struct list domlist = LIST_INIT(domlist); /* by id */
static unsigned structure_count; /* atomic: a page or a reference that is never given back keeps one */

static void vcpus_destroy(struct domain *d)
{
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        struct vcpu *v = d->vcpu[i];

        if (v) {
            vcpu_timers_kill(v);
            sched_vcpu_destroy(v);
            arch_vcpu_destroy(v);
            xfree(v);
        }
    }
}

static void domain_free(struct domain *d)
{
    xsm_audit_source_end(&d->audit);
    vcpus_destroy(d);
    evtchn_free(d);
    grant_free(d);
    vpci_free(d);
    if (d->shared_info) {
        page_free_resident(mfn_to_page(_mfn(virt_to_maddr(d->shared_info) >> PAGE_SHIFT)));
    }
    p2m_free(d);
    arch_domain_destroy(d);
    xfree(d);
    __atomic_fetch_sub(&structure_count, 1, __ATOMIC_RELAXED);
}

static int vcpu_create(struct domain *d, unsigned id)
{
    struct vcpu *v = xzalloc(struct vcpu);
    int rc;

    if (!v) {
        return -ENOMEM;
    }
    v->id = id;
    v->domain = d;
    spin_lock_init(&v->runstate_lock, LOCK_RUNSTATE);
    v->info = id < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[id] : NULL;
    vcpu_timers_init(v);
    sched_vcpu_init(v, d->weight);
    rc = arch_vcpu_create(v);
    if (rc) {
        xfree(v);
        return rc;
    }
    d->vcpu[id] = v;
    return 0;
}

static int shared_info_init(struct domain *d)
{
    struct page_info *pg = page_alloc_resident(d);
    uint64_t wall = time_wallclock_boot_s();

    if (!pg) {
        return -ENOMEM;
    }
    d->shared_info = page_to_virt(pg);
    d->shared_info->wc_sec = (uint32_t)wall;
    d->shared_info->wc_sec_hi = (uint32_t)(wall >> 32);
    for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
        d->shared_info->vcpu_info[i].evtchn_upcall_mask = 1;
    }
    return 0;
}

static int domlist_insert(struct domain *d)
{
    struct list *it;

    spin_lock(&domlist_lock);
    list_for_each(it, &domlist) {
        struct domain *other = list_entry(it, struct domain, link);

        if (other->id == d->id) {
            spin_unlock(&domlist_lock);
            return -EEXIST;
        }
        if (other->id > d->id) {
            break;
        }
    }
    list_append(it, &d->link);
    spin_unlock(&domlist_lock);
    return 0;
}

static int domain_fill(struct domain *d)
{
    int rc = p2m_init(d);

    if (!rc) {
        rc = shared_info_init(d);
    }
    if (!rc) {
        rc = evtchn_init(d);
    }
    if (!rc) {
        rc = grant_init(d);
    }
    for (unsigned i = 0; !rc && i < d->vcpu_count; i++) {
        rc = vcpu_create(d, i);
    }
    return rc;
}

int domain_create(const struct domain_config *cfg, struct domain **out)
{
    struct domain *d;
    int rc;

    if (cfg->domid >= DOMID_FIRST_RESERVED || !cfg->vcpu_count || cfg->vcpu_count > MAX_VCPUS) {
        return -EINVAL;
    }
    d = xzalloc(struct domain);
    if (!d) {
        return -ENOMEM;
    }
    __atomic_fetch_add(&structure_count, 1, __ATOMIC_RELAXED);
    d->id = cfg->domid;
    spin_lock_init(&d->lock, LOCK_DOMAIN);
    spin_lock_init(&d->page_lock, LOCK_PAGES);
    spin_lock_init(&d->hvm_lock, LOCK_HVM);
    snprintf(d->name, sizeof(d->name), "%s", cfg->name);
    d->vcpu_count = cfg->vcpu_count;
    d->functions = cfg->functions;
    d->restart_on = cfg->restart_on;
    d->waits_suspended = cfg->waits_suspended;
    watchdogs_init(d);
    d->weight = cfg->weight;
    d->start_count = cfg->start_count;
    d->created_ns = time_now_ns();
    d->sid = cfg->sid;
    d->refcount = 1;
    d->max_pages = cfg->max_pages + OVERHEAD_PAGES;
    d->state = DOMAIN_BUILDING;
    d->pause_count = 1;
    d->hvm_params[HVM_PARAM_TRIPLE_FAULT_REASON] = SHUTDOWN_reboot;
    list_init(&d->link);
    d->arch = xzalloc(struct arch_domain);
    rc = d->arch ? domain_fill(d) : -ENOMEM;
    if (!rc) {
        rc = domlist_insert(d);
    }
    if (rc) {
        /* Nobody else knows it: give back at once. */
        d->state = DOMAIN_DYING;
        while (domain_kill(d) == -ERESTART) {
        }
        return rc;
    }
    *out = d;
    return 0;
}

struct domain *domain_get(domid_t id)
{
    struct domain *d = NULL;
    struct list *it;

    if (id == DOMID_SELF) {
        d = current->domain;
        domain_get_more(d);
        return d;
    }
    spin_lock(&domlist_lock);
    list_for_each(it, &domlist) {
        if (list_entry(it, struct domain, link)->id == id) {
            d = list_entry(it, struct domain, link);
            domain_get_more(d);
            break;
        }
    }
    spin_unlock(&domlist_lock);
    return d;
}

void domain_get_more(struct domain *d)
{
    uint32_t old = __atomic_fetch_add(&d->refcount, 1, __ATOMIC_RELAXED);

    ASSERT(old > 0 && old < 0x7fffffff);
}

void domain_put(struct domain *d)
{
    if (__atomic_sub_fetch(&d->refcount, 1, __ATOMIC_ACQ_REL) == 0) {
        domain_free(d);
    }
}

struct domain *domain_next(struct domain *prev)
{
    struct domain *next = NULL;
    struct list *it;

    spin_lock(&domlist_lock);
    list_for_each(it, &domlist) {
        struct domain *d = list_entry(it, struct domain, link);

        if (!prev || d->id > prev->id) {
            next = d;
            domain_get_more(d);
            break;
        }
    }
    spin_unlock(&domlist_lock);
    if (prev) {
        domain_put(prev);
    }
    return next;
}

int domain_set_target(struct domain *d, struct domain *target)
{
    int rc = 0;

    if (d == target) {
        return -EINVAL;
    }
    spin_lock(&d->lock);
    if (d->state >= DOMAIN_DYING) {
        rc = -ESRCH;
    } else if (d->target != NULL) {
        rc = -EINVAL;
    } else {
        domain_get_more(target);
        __atomic_store_n(&d->target, target, __ATOMIC_RELEASE);
    }
    spin_unlock(&d->lock);
    return rc;
}

void domain_start(struct domain *d)
{
    domain_get_more(d); /* from when it runs others may end it */
    spin_lock(&d->lock);
    if (d->state == DOMAIN_BUILDING) {
        write_once(d->started, true);
        __atomic_store_n(&d->state, DOMAIN_RUNNING, __ATOMIC_RELEASE);
    }
    spin_unlock(&d->lock);
    domain_unpause(d);
    domain_put(d);
}

void domain_pause(struct domain *d)
{
    spin_lock(&d->lock);
    d->pause_count++;
    for (unsigned i = 0; i < d->vcpu_count; i++) { /* with the lock: who unpauses must not come between */
        vcpu_sleep(d->vcpu[i], VCPU_PAUSE_DOMAIN);
    }
    spin_unlock(&d->lock);
}

bool domain_is_quiet(const struct domain *d)
{
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpu[i] && __atomic_load_n(&d->vcpu[i]->sched.running, __ATOMIC_ACQUIRE)) {
            return false;
        }
    }
    return true;
}

void domain_unpause(struct domain *d)
{
    bool run;

    spin_lock(&d->lock);
    /* Others may unpause too, while it is built or at the same time: the count does not pass 0. */
    d->pause_count -= d->pause_count > 0;
    run = d->pause_count == 0 && d->state == DOMAIN_RUNNING;
    for (unsigned i = 0; run && i < d->vcpu_count; i++) {
        vcpu_wake(d->vcpu[i], VCPU_PAUSE_DOMAIN);
    }
    spin_unlock(&d->lock);
}

static bool changed; /* a domain has shut down, is gone, or has begun: who waits for that is to be told */

static const char *shutdown_name(uint32_t reason)
{
    static const char *const names[] = { "power off", "reboot", "suspend", "crash", "watchdog", "soft reset" };

    return reason < ARRAY_SIZE(names) ? names[reason] : "unknown reason";
}

static void host_end(uint32_t reason)
{
    if (reason == SHUTDOWN_poweroff) {
        machine_power_off();
    }
    machine_restart();
}

void domain_shutdown(struct domain *d, uint32_t reason)
{
    bool first;

    spin_lock(&d->lock);
    first = d->state == DOMAIN_RUNNING;
    if (first) {
        d->shutdown_code = reason;
        __atomic_store_n(&d->state, DOMAIN_SHUTDOWN, __ATOMIC_RELEASE);
    }
    for (unsigned i = 0; first && i < d->vcpu_count; i++) { /* with the lock: who resumes it must not come between */
        vcpu_sleep(d->vcpu[i], VCPU_PAUSE_DOMAIN);
    }
    spin_unlock(&d->lock);
    if (!first) {
        return;
    }
    if (d->functions & DOMAIN_FUNCTION_LEGACY) {
        console_ring_flush(d);
        console_domain_end(d);
    }
    pr_info("domain %u %s: shut down, %s", d->id, d->name, shutdown_name(reason));
    write_once(changed, true);
    if (reason == SHUTDOWN_crash && current && current->domain == d) {
        arch_vcpu_show(current);
    }
    if (d->functions & DOMAIN_FUNCTION_LEGACY) {
        host_end(reason);
    }
    softirq_raise(SOFTIRQ_RECLAIM);
}

bool domain_is_suspended(const struct domain *d)
{
    return read_once(d->state) == DOMAIN_SHUTDOWN && d->shutdown_code == SHUTDOWN_suspend &&
           read_once(d->waits_suspended);
}

int domain_destroy(struct domain *d)
{
    bool building;

    spin_lock(&d->lock);
    building = d->state == DOMAIN_BUILDING;
    write_once(d->waits_suspended, d->waits_suspended && building);
    spin_unlock(&d->lock);
    if (building) {
        return -EBUSY;
    }
    domain_shutdown(d, SHUTDOWN_poweroff);
    softirq_raise(SOFTIRQ_RECLAIM); /* one that has shut down before is left alone no longer */
    return 0;
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    char why[160];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    pr_err("domain %u %s: crashed: %s", d->id, d->name, why);
    domain_shutdown(d, SHUTDOWN_crash);
}

static void domlist_remove(struct domain *d)
{
    bool listed;

    spin_lock(&domlist_lock);
    listed = !list_empty(&d->link);
    list_remove(&d->link);
    spin_unlock(&domlist_lock);
    if (listed) {
        pr_debug("domain %u %s: gone", d->id, d->name);
        write_once(changed, true);
    }
}

int domain_kill(struct domain *d)
{
    struct domain *target;
    int rc = 0;

    spin_lock(&d->lock);
    if (d->state < DOMAIN_DYING) {
        __atomic_store_n(&d->state, DOMAIN_DYING, __ATOMIC_RELEASE);
    }
    spin_unlock(&d->lock);
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpu[i]) {
            vcpu_sleep(d->vcpu[i], VCPU_PAUSE_DOMAIN);
        }
    }
    if (!domain_is_quiet(d)) {
        return -ERESTART;
    }
    /* Not before: a vCPU in a hypercall could arm one behind our back, to fire for as long as others hold our pages. */
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpu[i]) {
            vcpu_timers_kill(d->vcpu[i]);
            vlapic_destroy(d->vcpu[i]);
        }
    }
    watchdogs_kill(d);
    (void)!vpci_release(d); /* no device reaches anything from here on; its reset goes on meanwhile */
    if (console_ring_destroy(d)) {
        return -ERESTART;
    }
    console_domain_end(d);
    if (d->evtchn) {
        evtchn_destroy(d);
    }
    if (d->grant) {
        rc = grant_release_mappings(d);
    }
    if (!rc) {
        rc = p2m_teardown(d);
    }
    if (!rc && d->grant) {
        grant_destroy(d);
    }
    if (!rc) {
        rc = mem_domain_release(d);
    }
    if (!rc) {
        rc = vpci_release(d);
    }
    if (rc) {
        return rc;
    }
    target = __atomic_exchange_n(&d->target, NULL, __ATOMIC_RELAXED);
    if (target != NULL) {
        domain_put(target);
    }
    __atomic_store_n(&d->state, DOMAIN_DEAD, __ATOMIC_SEQ_CST); /* before its label is read for a restart: revoke_begin() */
    domlist_remove(d);
    xsm_audit_source_end(&d->audit); /* the timer does not find it any more */
    domain_put(d);
    return 0;
}

static struct timer reclaim_timer;

static void reclaim_wanted(void *arg)
{
    (void)arg;
    softirq_raise(SOFTIRQ_RECLAIM);
}

/* Go on: at once on an idle CPU; else the vCPU here gets as much time first as the step took. */
static void reclaim_later(uint64_t began)
{
    uint64_t now = time_now_ns();

    if (this_cpu()->vcpu) {
        timer_set(&reclaim_timer, now + max(now - began, 100 * NS_PER_US));
    } else {
        softirq_raise(SOFTIRQ_RECLAIM);
    }
}

static unsigned reclaimers; /* domlist lock: CPUs that look for domains to end */

/* @return whether there is more to do */
static bool reclaim_one(struct domain *d)
{
    if (domain_kill(d)) {
        return true;
    }
    if (d->shutdown_code <= SHUTDOWN_MAX && (d->restart_on & 1u << d->shutdown_code)) {
        /* It says what went wrong. */
        (void)!launch_restart(d->id, __atomic_load_n(&d->sid, __ATOMIC_SEQ_CST), d->shutdown_code);
    }
    return false;
}

/*
 * The last one to go knows whether a domain is left: each may have seen those alive that others end meanwhile, and one that
 * begins anew is in no list for a moment.
 */
static bool reclaim_leave(void)
{
    bool none;

    spin_lock(&domlist_lock);
    none = --reclaimers == 0 && list_empty(&domlist);
    spin_unlock(&domlist_lock);
    return none;
}

/* VIRQ_DOM_EXC goes to XenStore, which looks who has come and gone. Not from where a domain ends: locks may be held there. */
static void changes_tell(void)
{
    struct domain *d = NULL;

    while ((d = domain_next(d))) {
        if ((d->functions & DOMAIN_FUNCTION_XENSTORE) && read_once(d->state) == DOMAIN_RUNNING) {
            evtchn_send_global_virq(d, VIRQ_DOM_EXC);
        }
    }
}

void domain_changed(void)
{
    write_once(changed, true);
    softirq_raise(SOFTIRQ_RECLAIM);
}

/* One step for each domain that has shut down; comes back while there is more. */
static void reclaim(void)
{
    struct domain *d = NULL;
    uint64_t began = time_now_ns();

    spin_lock(&domlist_lock);
    reclaimers++;
    spin_unlock(&domlist_lock);
    while ((d = domain_next(d))) {
        if ((read_once(d->state) == DOMAIN_SHUTDOWN || read_once(d->state) == DOMAIN_DYING) && !domain_is_suspended(d) &&
            !__atomic_exchange_n(&d->reclaiming, true, __ATOMIC_ACQUIRE)) {
            /* One that is dead stays taken: who saw it dying a moment ago must not end it a second time. */
            if (reclaim_one(d)) {
                __atomic_store_n(&d->reclaiming, false, __ATOMIC_RELEASE);
                reclaim_later(began);
            }
        }
    }
    if (__atomic_exchange_n(&changed, false, __ATOMIC_ACQ_REL)) {
        changes_tell();
    }
    if (reclaim_leave() && !launch_restart_pending()) {
        pr_info("no domain is left: switching off");
        pr_debug("%u domain structures, %lu pages free", read_once(structure_count), mem_free_pages());
        machine_power_off();
    }
}

void domains_init(void)
{
    timer_init(&reclaim_timer, reclaim_wanted, NULL);
    softirq_register(SOFTIRQ_RECLAIM, reclaim);
}
