/* SPDX-License-Identifier: Apache-2.0 */
/* The job: one change at a time, from its commit to the counts in the vCPU that asked for it. */
#include <xen/revoke.h>

#include <asm/cpu.h>
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/softirq.h>
#include <xen/time.h>
#include <xen/timer.h>

#define STEP_BUDGET 32 /* uses looked at between two chances for other work */

enum job_state { JOB_NONE, JOB_RESERVED, JOB_GRACE, JOB_WALK };

static revoke_kind_fn *const kinds[] = { grant_revoke, pages_revoke, evtchn_revoke, ioports_revoke, devices_revoke };

static struct {
    enum job_state state;   /* atomic; below: the caller until GRACE, then the softirq of `cpu` */
    struct vcpu *caller;    /* its domain is referenced */
    struct domain *domain;  /* referenced; relabelled, or NULL */
    struct revoke_walk walk;
    unsigned cpu;
    uint64_t grace;         /* atomic: CPUs that may still act on answers of the old policy */
    uint32_t domid;         /* the walk: from this domain on */
    unsigned kind;
    uint64_t cursor;
    struct timer later;
} job;

xsm_sid_t revoke_label(const struct revoke_walk *w, const struct domain *d)
{
    return d == w->relabelled ? w->sid : read_once(d->sid);
}

xsm_sid_t revoke_label_of(const struct revoke_walk *w, const struct domain *from,
                          const struct domain *to)
{
    xsm_sid_t sid;

    /* Without a valid label there is no right: so it is when the use is asked for. */
    return domain_label(from, revoke_label(w, from), to, revoke_label(w, to), &sid) == 0 ? sid : XSM_SID_NULL;
}

bool revoke_denied(const struct revoke_walk *w, xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass,
                   uint32_t perms)
{
    return w->trial != NULL ? !xsm_candidate_allows(w->trial, ssid, tsid, tclass, perms) :
                              xsm_check_noaudit(ssid, tsid, tclass, perms) != 0;
}

int revoke_reserve(void)
{
    enum job_state none = JOB_NONE;

    return __atomic_compare_exchange_n(&job.state, &none, JOB_RESERVED, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED) ? 0 : -EBUSY;
}

void revoke_release(void)
{
    ASSERT(job.state == JOB_RESERVED);
    __atomic_store_n(&job.state, JOB_NONE, __ATOMIC_RELEASE);
}

static void grace_begin(void)
{
    uint64_t others = 0;

    for (unsigned i = 0; i < cpu_count; i++) {
        others |= i != cpu_id() ? 1ull << i : 0;
    }
    __atomic_store_n(&job.grace, others, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < cpu_count; i++) {
        if (others >> i & 1) {
            softirq_raise_on(i, SOFTIRQ_QUIESCE);
        }
    }
}

/* A CPU runs its softirqs outside every hypercall: what it was about to do under old answers is done. */
static void quiesced(void)
{
    uint64_t bit = 1ull << cpu_id();

    if (__atomic_fetch_and(&job.grace, ~bit, __ATOMIC_SEQ_CST) == bit) {
        softirq_raise_on(job.cpu, SOFTIRQ_REVOKE);
    }
}

int revoke_begin(const struct revoke_change *change, const struct hypercall *hc, const void *row)
{
    bool trial = change->how == XSM_REVOKE_WOULD;
    struct vcpu *v = current;
    int rc = 0;

    ASSERT(job.state == JOB_RESERVED);
    if (change->candidate != NULL && !trial) {
        rc = xsm_candidate_commit(change->candidate);
    }
    if (rc != 0) {
        xsm_candidate_free(change->candidate);
        return rc;
    }
    if (change->domain != NULL && !trial) {
        __atomic_store_n(&change->domain->sid, change->sid, __ATOMIC_SEQ_CST);
        /* One that is dead may be on its way to be built anew with the label it had before: see reclaim_one(). */
        if (__atomic_load_n(&change->domain->state, __ATOMIC_SEQ_CST) == DOMAIN_DEAD) {
            return -ESRCH;
        }
    }
    domain_get_more(v->domain);
    job.caller = v;
    job.domain = change->domain;
    if (job.domain != NULL) {
        domain_get_more(job.domain);
    }
    job.walk = (struct revoke_walk){
        .trial = trial ? change->candidate : NULL,
        .relabelled = trial ? change->domain : NULL,
        .sid = change->sid,
        .how = change->how,
    };
    job.cpu = cpu_id();
    job.domid = job.kind = 0;
    job.cursor = 0;
    v->revoke = (struct revoke_result){
        .nr = hc->nr, .arg = { hc->arg[0], hc->arg[1] }, .row = row,
    };
    vcpu_sleep(v, VCPU_PAUSE_REVOKE);
    __atomic_store_n(&job.state, trial ? JOB_WALK : JOB_GRACE, __ATOMIC_RELEASE);
    if (!trial) {
        grace_begin();
    }
    softirq_raise(SOFTIRQ_REVOKE);
    return -ERESTART;
}

bool revoke_take(struct vcpu *v, const struct hypercall *hc, const void *row,
                 struct revoke_counts *out)
{
    struct revoke_result *r = &v->revoke;

    if (!r->done || r->row != row || r->nr != hc->nr || r->arg[0] != hc->arg[0] || r->arg[1] != hc->arg[1]) {
        return false;
    }
    r->done = false;
    *out = r->counts;
    return true;
}

static struct domain *domain_from(uint32_t domid)
{
    struct domain *d = domain_next(NULL);

    while (d != NULL && d->id < domid) {
        d = domain_next(d);
    }
    return d;
}

/* One step. @return true when every domain has been looked at. */
static bool walk_step(void)
{
    struct domain *d = domain_from(job.domid);

    if (d == NULL) {
        return true;
    }
    if (d->id != job.domid) {
        job.kind = 0;
        job.cursor = 0;
        job.domid = d->id;
    }
    if (kinds[job.kind](d, &job.walk, &job.cursor, STEP_BUDGET)) {
        job.cursor = 0;
        if (++job.kind == ARRAY_SIZE(kinds)) {
            job.kind = 0;
            job.domid++;
        }
    }
    domain_put(d);
    return false;
}

static void finish(void)
{
    struct vcpu *v = job.caller;
    struct domain *relabelled = job.domain;

    v->revoke.counts = job.walk.counts;
    v->revoke.done = true;
    if (job.walk.trial != NULL) {
        xsm_candidate_free(job.walk.trial);
    }
    __atomic_store_n(&job.state, JOB_NONE, __ATOMIC_RELEASE);
    vcpu_wake(v, VCPU_PAUSE_REVOKE);
    domain_put(v->domain);
    if (relabelled != NULL) {
        domain_put(relabelled);
    }
}

static void step_wanted(void *arg)
{
    (void)arg;
    softirq_raise(SOFTIRQ_REVOKE);
}

/* Go on: at once on an idle CPU; else the vCPU here gets as much time first as the step took. */
static void step_later(uint64_t began)
{
    uint64_t now = time_now_ns();

    if (this_cpu()->vcpu != NULL) {
        timer_set(&job.later, now + max(now - began, 20 * NS_PER_US));
    } else {
        softirq_raise(SOFTIRQ_REVOKE);
    }
}

static void revoke_step(void)
{
    uint64_t began = time_now_ns();
    enum job_state state = __atomic_load_n(&job.state, __ATOMIC_ACQUIRE);

    if (job.cpu != cpu_id() || state < JOB_GRACE) {
        return; /* a timer or a softirq that came late */
    }
    if (state == JOB_GRACE) {
        if (__atomic_load_n(&job.grace, __ATOMIC_SEQ_CST) != 0) {
            return; /* the last CPU raises us again */
        }
        __atomic_store_n(&job.state, JOB_WALK, __ATOMIC_RELEASE);
    }
    do {
        if (walk_step()) {
            finish();
            return;
        }
    } while (!preempt_wanted() && time_now_ns() - began < 50 * NS_PER_US);
    step_later(began);
}

void revoke_init(void)
{
    timer_init(&job.later, step_wanted, NULL);
    softirq_register(SOFTIRQ_QUIESCE, quiesced);
    softirq_register(SOFTIRQ_REVOKE, revoke_step);
}
