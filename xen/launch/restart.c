/* SPDX-License-Identifier: Apache-2.0 */
#include "restart.h"

#include "build.h"

#include <asm/cpu.h>
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/launch.h>
#include <xen/softirq.h>
#include <xen/timer.h>

#include <public/sched.h>

/* A step of a build: guests wait that long, and one piece more. A late step may make up for what guests had meanwhile, up to the most. */
#define STEP_NS (500 * NS_PER_US)
#define STEP_MOST_NS (4 * NS_PER_MS)

/* Constant after restart_init(). */
static struct launch_domain *domains;
static unsigned domain_count;
static const struct launch_services *services;

static bool busy;                     /* atomic: a CPU is at it, and has the rest of this to itself */
static bool asked;                    /* atomic: somebody came since that one began */
static struct launch_domain *current_build;
static uint64_t step_ended_ns;        /* the last step of current_build */
static struct timer next_step;

static void step_wanted(void *arg)
{
    (void)arg;
    softirq_raise(SOFTIRQ_LAUNCH);
}

/* The one that has waited longest past its time; else NULL, and *next is when the first one is due, 0: none is wanted. */
static struct launch_domain *pick(uint64_t now, uint64_t *next)
{
    struct launch_domain *best = NULL;

    *next = 0;
    for (unsigned i = 0; i < domain_count; i++) {
        struct restart_state *s = &domains[i].restart;

        if (__atomic_load_n(&s->wanted, __ATOMIC_ACQUIRE)) {
            *next = *next == 0 ? s->due_ns : min(*next, s->due_ns);
            if (s->due_ns <= now && (best == NULL || s->due_ns < best->restart.due_ns)) {
                best = &domains[i];
            }
        }
    }
    return best;
}

/*
 * Not built: what there is of it goes like any domain that dies. Lack of memory is not for ever, nor is a device that somebody
 * else has, nor a XenStore or console domain that is being built anew itself.
 */
static void give_up(struct launch_domain *ld, int ret, const struct launch_error *err, uint64_t now)
{
    bool again = ret == -ENOMEM || ret == -EEXIST || ret == -EBUSY || ret == -ESRCH;

    if (ld->d != NULL) {
        struct domain *d = ld->d;

        __atomic_store_n(&d->reclaiming, true, __ATOMIC_RELEASE); /* others leave this step to us */
        if (domain_kill(d) == -ERESTART) {
            __atomic_store_n(&d->reclaiming, false, __ATOMIC_RELEASE);
            softirq_raise(SOFTIRQ_RECLAIM);
        }
        ld->d = NULL;
    }
    if (again) {
        ld->restart.began_ns = now;
        ld->restart.due_ns = now + max(restart_pause(&ld->restart, now, false), RESTART_PAUSE_FIRST_NS);
    } else {
        __atomic_store_n(&ld->restart.wanted, false, __ATOMIC_RELEASE);
    }
    pr_err("launch: restart: %s%s", err->text, again ? "; will be tried again" : "");
}

static int build_begin(struct launch_domain *ld, struct launch_error *err)
{
    int ret;

    ld->d = NULL;
    ld->config.sid = ld->restart.sid;
    ret = launch_ask(ld, err);
    return ret != 0 ? ret : launch_build_begin(ld, err);
}

/*
 * The last step, after which the domain runs. The policy or the label may have changed since the first question, when there
 * was nothing to revoke: it is asked again. Who changes it from here on waits until this CPU is through, and finds what the domain has.
 * What may not start, or has nobody to serve it, is not measured: each event of a start is one.
 */
static int build_end(struct launch_domain *ld, struct launch_error *err)
{
    int ret = launch_turn(ld);

    if (ret == -ERESTART) {
        return ret;
    }
    if (ret != 0) {
        return launch_fail(err, ret, "domain %s: no turn at the TPM (error %d)", ld->in.name, -ret);
    }
    ld->config.sid = ld->d->sid;
    ret = launch_connect(ld, services, err);
    if (ret == 0) {
        ret = launch_ask(ld, err);
    }
    if (ret == 0) {
        ret = launch_measure_domain(ld, err);
    }
    launch_turn_end();
    return ret;
}

/* Pieces of the build under way for as long as guests may wait. */
static void build_on(struct launch_domain *ld, uint64_t until)
{
    struct launch_error err;
    int ret;

    if (current_build == NULL) {
        current_build = ld;
        ret = build_begin(ld, &err);
        ret = ret != 0 ? ret : -ERESTART;
    } else {
        ret = launch_build_piece(ld, &err);
    }
    while (ret == -ERESTART && time_now_ns() < until) {
        ret = launch_build_piece(ld, &err);
    }
    if (ret == 0) {
        ret = build_end(ld, &err); /* once a step: its turn may be long in coming */
    }
    if (ret == -ERESTART) {
        return;
    }
    current_build = NULL;
    if (ret != 0) {
        give_up(ld, ret, &err, time_now_ns());
        return;
    }
    restart_begun(&ld->restart, time_now_ns());
    __atomic_store_n(&ld->restart.wanted, false, __ATOMIC_RELEASE);
    pr_debug("launch: domain %u is back, %lu pages free", ld->config.domid, mem_free_pages());
    domain_start(ld->d);
    ld->d = NULL;
    domain_changed();
}

/* What is next, and when: at once on an idle CPU; else the vCPU here gets as much time first as the step took. */
static void plan_next(uint64_t began)
{
    uint64_t now = time_now_ns(), next;

    if (current_build == NULL && pick(now, &next) == NULL) {
        if (next != 0) {
            timer_set(&next_step, next);
        }
    } else if (current_build != NULL && current_build->job.stage == LAUNCH_MEASURE) {
        timer_set(&next_step, now + NS_PER_MS); /* for the TPM, which has milliseconds' work */
    } else if (this_cpu()->vcpu != NULL) {
        timer_set(&next_step, now + max(now - began, 100 * NS_PER_US));
    } else {
        softirq_raise(SOFTIRQ_LAUNCH);
    }
}

static void step(void)
{
    uint64_t began = time_now_ns(), next, length = STEP_NS;
    struct launch_domain *ld;

    __atomic_store_n(&asked, true, __ATOMIC_SEQ_CST);
    if (__atomic_exchange_n(&busy, true, __ATOMIC_SEQ_CST)) {
        return;
    }
    __atomic_store_n(&asked, false, __ATOMIC_SEQ_CST);
    if (current_build != NULL) {
        ld = current_build;
        length = began > step_ended_ns ? min(max(began - step_ended_ns, STEP_NS), STEP_MOST_NS) : STEP_NS;
    } else {
        ld = pick(began, &next);
    }
    if (ld != NULL) {
        build_on(ld, began + length);
        step_ended_ns = time_now_ns();
    }
    plan_next(began);
    __atomic_store_n(&busy, false, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&asked, __ATOMIC_SEQ_CST)) {
        softirq_raise(SOFTIRQ_LAUNCH); /* who saw us busy may have brought what we have not seen */
    }
}

void restart_init(struct launch_domain *all, unsigned count, const struct launch_services *ends)
{
    domains = all;
    domain_count = count;
    services = ends;
    timer_init(&next_step, step_wanted, NULL);
    softirq_register(SOFTIRQ_LAUNCH, step);
}

int launch_restart(domid_t id, xsm_sid_t sid, uint32_t reason)
{
    uint64_t now = time_now_ns(), pause;
    struct launch_domain *ld = NULL;

    for (unsigned i = 0; i < domain_count; i++) {
        ld = domains[i].config.domid == id ? &domains[i] : ld;
    }
    if (ld == NULL || ld->config.restart_on == 0 || __atomic_load_n(&ld->restart.wanted, __ATOMIC_ACQUIRE)) {
        return -ENOENT;
    }
    pause = restart_pause(&ld->restart, now, reason == SHUTDOWN_reboot);
    ld->restart.sid = sid;
    ld->restart.due_ns = now + pause;
    __atomic_store_n(&ld->restart.wanted, true, __ATOMIC_SEQ_CST);
    if (pause != 0) {
        pr_info("domain %u %s: starts again in %llu ms", id, ld->in.name, (unsigned long long)(pause / NS_PER_MS));
    }
    softirq_raise(SOFTIRQ_LAUNCH);
    return 0;
}

bool launch_restart_pending(void)
{
    for (unsigned i = 0; i < domain_count; i++) {
        if (__atomic_load_n(&domains[i].restart.wanted, __ATOMIC_SEQ_CST)) {
            return true;
        }
    }
    return false;
}

bool launch_restart_waiting(unsigned i, struct launch_waiting *out)
{
    struct domain *d;

    if (i >= domain_count) {
        return false;
    }
    *out = (struct launch_waiting){ .id = domains[i].config.domid, .name = domains[i].in.name };
    d = domain_get(out->id);
    if (d != NULL) {
        domain_put(d);
    } else if (__atomic_load_n(&domains[i].restart.wanted, __ATOMIC_ACQUIRE)) {
        out->absent = true;
        out->sid = domains[i].restart.sid;
    }
    return true;
}
