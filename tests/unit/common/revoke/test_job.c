/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job of a change of policy on a machine of four CPUs, stepped by hand: the real job and the real softirqs, over domains
 * that hold uses of four kinds. A CPU is in a hypercall until the test lets it run its softirqs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fake.h"

#include <asm/cpu.h>
#include <asm/lapic.h>
#include <xen/errno.h>
#include <xen/revoke.h>
#include <xen/softirq.h>
#include <xen/time.h>

#define CPUS 4u
#define KINDS 4u
#define DOMIDS 8u
#define USES 100u /* of each kind and domain */
#define USUAL 11u /* labels: USUAL is allowed everything by the first policy, LESSER nothing by any */
#define LESSER 12u

struct cpu cpus[MAX_CPUS];
unsigned cpu_count = CPUS, fake_cpu;

static unsigned ipis[CPUS];

void lapic_ipi(uint32_t apic_id, uint8_t vector)
{
    assert_int_equal(vector, VECTOR_IPI);
    ipis[apic_id]++;
}

/* -- what is held, and who looks ------------------------------------------------------------------- */

static bool held[KINDS][DOMIDS][USES];
static unsigned looked[KINDS][DOMIDS][USES], calls;
static uint64_t call_ns;                       /* that looking takes */
static void (*on_call)(struct domain *d, unsigned kind); /* what happens meanwhile */

static bool look(unsigned kind, struct domain *d, struct revoke_walk *w, uint64_t *cursor,
                 unsigned budget, uint32_t *count)
{
    calls++;
    assert_in_range(budget, 1, 64);
    fake_now_ns += call_ns;
    for (; budget > 0 && *cursor < USES; ++*cursor, budget--) {
        looked[kind][d->id][*cursor]++;
        if (held[kind][d->id][*cursor] &&
            revoke_denied(w, revoke_label(w, d), XSM_SID_XEN, SECCLASS_GRANT, GRANT__MAP_READ)) {
            ++*count;
            held[kind][d->id][*cursor] = !revoke_drops(w);
        }
    }
    if (on_call != NULL) {
        on_call(d, kind);
    }
    return *cursor == USES;
}

bool grant_revoke(struct domain *d, struct revoke_walk *w, uint64_t *cursor, unsigned budget)
{
    return look(0, d, w, cursor, budget, &w->counts.grants);
}

bool pages_revoke(struct domain *d, struct revoke_walk *w, uint64_t *cursor, unsigned budget)
{
    return look(1, d, w, cursor, budget, &w->counts.foreign);
}

bool evtchn_revoke(struct domain *d, struct revoke_walk *w, uint64_t *cursor, unsigned budget)
{
    return look(2, d, w, cursor, budget, &w->counts.ports);
}

bool ioports_revoke(struct domain *d, struct revoke_walk *w, uint64_t *cursor, unsigned budget)
{
    return look(3, d, w, cursor, budget, &w->counts.resources);
}

bool devices_revoke(struct domain *d, struct revoke_walk *w, uint64_t *cursor, unsigned budget)
{
    (void)d;
    (void)w;
    (void)cursor;
    (void)budget;
    return true; /* nobody has one */
}

/* -- a policy that denies USUAL what it holds ------------------------------------------------------- */

struct xsm_candidate {
    int commit; /* what committing comes to */
};

static unsigned candidates; /* alive */

static struct xsm_candidate *candidate_new(int commit)
{
    struct xsm_candidate *c = malloc(sizeof(*c));

    c->commit = commit;
    candidates++;
    return c;
}

void xsm_candidate_free(struct xsm_candidate *c)
{
    if (c != NULL) {
        free(c);
        candidates--;
    }
}

int xsm_candidate_commit(struct xsm_candidate *c)
{
    if (c->commit == 0) {
        fake_xsm_except(USUAL, 0, SECCLASS_GRANT, GRANT__MAP_READ);
        xsm_candidate_free(c);
        return 0;
    }
    return c->commit;
}

bool xsm_candidate_allows(struct xsm_candidate *c, xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass,
                          uint32_t requested)
{
    (void)tsid;
    (void)tclass;
    (void)requested;
    assert_int_equal(c->commit, 0); /* memory that is still there */
    return ssid != USUAL && ssid != LESSER;
}

/* -- the machine -------------------------------------------------------------------------------------- */

static struct domain *caller, *other;
static struct hypercall call;
static const char row[] = "row", other_row[] = "other";

static void leaves_hypercall(unsigned cpu)
{
    fake_cpu = cpu;
    softirq_run();
    fake_cpu = 0;
}

/* Everything that can happen by itself happens. */
static void settle(void)
{
    for (unsigned rounds = 0; rounds < 1000; rounds++) {
        bool quiet = true;

        for (unsigned i = 0; i < CPUS; i++) {
            quiet &= cpus[i].softirqs == 0;
            leaves_hypercall(i);
        }
        if (fake_timer != NULL && fake_timer->armed) {
            fake_now_ns = max(fake_now_ns, fake_timer->expires_ns);
            fake_timer->armed = false;
            fake_timer->fn(fake_timer->arg);
            quiet = false;
        }
        if (quiet) {
            return;
        }
    }
    fail_msg("the job never ends");
}

static int setup(void **state)
{
    (void)state;
    fake_core_reset();
    fake_xsm_reset();
    fake_xsm_except(LESSER, 0, SECCLASS_GRANT, GRANT__MAP_READ);
    memset(cpus, 0, sizeof(cpus));
    memset(ipis, 0, sizeof(ipis));
    memset(held, 0, sizeof(held));
    memset(looked, 0, sizeof(looked));
    for (unsigned i = 0; i < CPUS; i++) {
        cpus[i].id = cpus[i].apic_id = i;
    }
    fake_cpu = calls = candidates = 0;
    call_ns = 0;
    on_call = NULL;
    caller = fake_domain_new(2, 2, USUAL);
    other = fake_domain_new(5, 1, USUAL);
    fake_current = caller->vcpu[0];
    call = (struct hypercall){ .nr = 52, .arg = { 0x1000, 7 } };
    revoke_init();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    settle();
    assert_int_equal(revoke_reserve(), 0); /* free again, whatever a test did */
    revoke_release();
    assert_int_equal(candidates, 0);
    fake_domains_free();
    return 0;
}

static void hold_all(void)
{
    memset(held, true, sizeof(held));
}

static unsigned held_count(unsigned domid)
{
    unsigned n = 0;

    for (unsigned k = 0; k < KINDS; k++) {
        for (unsigned i = 0; i < USES; i++) {
            n += held[k][domid][i];
        }
    }
    return n;
}

/* Has every use of a domain been looked at this often? */
static void assert_looked(unsigned domid, unsigned times)
{
    for (unsigned k = 0; k < KINDS; k++) {
        for (unsigned i = 0; i < USES; i++) {
            assert_int_equal(looked[k][domid][i], times);
        }
    }
}

static void begin(enum xsm_revocation how)
{
    struct revoke_change change = { .candidate = candidate_new(0), .how = how };

    assert_int_equal(revoke_reserve(), 0);
    assert_int_equal(revoke_begin(&change, &call, row), -ERESTART);
}

static void assert_counts(const struct revoke_counts *n, unsigned each)
{
    assert_int_equal(n->grants, each);
    assert_int_equal(n->foreign, each);
    assert_int_equal(n->ports, each);
    assert_int_equal(n->resources, each);
}

static void assert_told(unsigned each)
{
    struct revoke_counts n;

    assert_false(caller->vcpu[0]->sched.pause_flags & VCPU_PAUSE_REVOKE);
    assert_true(revoke_take(caller->vcpu[0], &call, row, &n));
    assert_counts(&n, each);
}

static bool asleep(void)
{
    return (caller->vcpu[0]->sched.pause_flags & VCPU_PAUSE_REVOKE) != 0;
}

static bool may_map(void)
{
    return xsm_check_noaudit(USUAL, XSM_SID_XEN, SECCLASS_GRANT, GRANT__MAP_READ) == 0;
}

/* -- the grace period ------------------------------------------------------------------------------ */

static void begin_commits_and_sleeps(void **state)
{
    struct revoke_counts n;

    (void)state;
    hold_all();
    assert_true(may_map());
    begin(XSM_REVOKE_DROP);
    assert_false(may_map());
    assert_true(asleep());
    assert_false(caller->vcpu[1]->sched.pause_flags & VCPU_PAUSE_REVOKE);
    assert_int_equal(ipis[0], 0);
    for (unsigned i = 1; i < CPUS; i++) {
        assert_int_equal(ipis[i], 1);
    }
    assert_int_equal(calls, 0);
    assert_false(revoke_take(caller->vcpu[0], &call, row, &n));
    settle();
    assert_told(2 * USES);
    assert_int_equal(held_count(2) + held_count(5), 0);
}

/* Whichever CPU is the last to leave its hypercall: nothing is looked at before. */
static void grace_walk_waits_for_each_cpu(void **state)
{
    static const unsigned orders[6][3] = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 },
                                           { 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 } };

    (void)state;
    for (unsigned o = 0; o < 6; o++) {
        hold_all();
        calls = 0;
        begin(XSM_REVOKE_REPORT);
        for (unsigned i = 0; i < 3; i++) {
            leaves_hypercall(0);
            leaves_hypercall(0);
            assert_int_equal(calls, 0);
            assert_true(asleep());
            leaves_hypercall(orders[o][i]);
            leaves_hypercall(orders[o][i]); /* twice is still one CPU */
        }
        assert_int_equal(calls, 0); /* and it is its own CPU that walks */
        leaves_hypercall(0);
        assert_true(calls > 0);
        settle();
        assert_told(2 * USES);
    }
}

/* A call admitted under the old policy, whose effect comes after the commit, is found all the same. */
static void grace_effect_of_an_old_answer_is_found(void **state)
{
    struct revoke_counts n;

    (void)state;
    for (unsigned late = 1; late < CPUS; late++) {
        assert_true(may_map()); /* in its hypercall, CPU `late` has been told yes */
        begin(XSM_REVOKE_DROP);
        for (unsigned i = 0; i < CPUS; i++) {
            if (i != late) {
                leaves_hypercall(i);
            }
        }
        leaves_hypercall(0);
        held[late - 1][5][USES / 2] = true; /* and acts */
        leaves_hypercall(late);
        settle();
        assert_false(held[late - 1][5][USES / 2]);
        assert_false(asleep());
        assert_true(revoke_take(caller->vcpu[0], &call, row, &n));
        assert_int_equal(n.grants + n.foreign + n.ports + n.resources, 1);
        fake_xsm_reset(); /* the first policy again */
    }
}

static void grace_one_cpu_waits_for_nobody(void **state)
{
    (void)state;
    cpu_count = 1;
    hold_all();
    begin(XSM_REVOKE_DRAIN);
    assert_int_equal(calls, 0); /* not in the hypercall */
    leaves_hypercall(0);
    cpu_count = CPUS;
    assert_told(2 * USES);
}

/* -- trials, refusals --------------------------------------------------------------------------------- */

static void trial_policy_changes_nothing(void **state)
{
    (void)state;
    hold_all();
    begin(XSM_REVOKE_WOULD);
    assert_true(may_map());
    assert_int_equal(candidates, 1); /* it answers */
    for (unsigned i = 0; i < CPUS; i++) {
        assert_int_equal(ipis[i], 0); /* no other CPU is bothered */
    }
    leaves_hypercall(0);
    assert_told(2 * USES);
    assert_int_equal(held_count(2), KINDS * USES);
    assert_int_equal(held_count(5), KINDS * USES);
    assert_true(may_map());
    assert_int_equal(candidates, 0);
}

static void trial_relabel_counts_only_that_domain(void **state)
{
    struct revoke_change change = { .domain = other, .sid = LESSER, .how = XSM_REVOKE_WOULD };

    (void)state;
    hold_all();
    assert_int_equal(revoke_reserve(), 0);
    assert_int_equal(revoke_begin(&change, &call, row), -ERESTART);
    assert_int_equal(other->sid, USUAL);
    leaves_hypercall(0);
    assert_told(USES);
    assert_int_equal(other->sid, USUAL);
    assert_int_equal(held_count(5), KINDS * USES);
}

static void relabel_drops_what_that_domain_holds(void **state)
{
    struct revoke_change change = { .domain = other, .sid = LESSER, .how = XSM_REVOKE_DROP };

    (void)state;
    hold_all();
    assert_int_equal(revoke_reserve(), 0);
    assert_int_equal(revoke_begin(&change, &call, row), -ERESTART);
    assert_int_equal(other->sid, LESSER); /* at once */
    settle();
    assert_told(USES);
    assert_int_equal(held_count(5), 0);
    assert_int_equal(held_count(2), KINDS * USES);
}

static void commit_fails_nothing_has_happened(void **state)
{
    static const int codes[] = { -EBUSY, -ENOMEM };
    struct revoke_counts n;

    (void)state;
    hold_all();
    for (unsigned i = 0; i < 2; i++) {
        struct revoke_change change = { .candidate = candidate_new(codes[i]), .domain = other,
                                        .sid = LESSER, .how = XSM_REVOKE_DROP };

        assert_int_equal(revoke_reserve(), 0);
        assert_int_equal(revoke_begin(&change, &call, row), codes[i]);
        assert_int_equal(candidates, 0);
        assert_false(asleep());
        assert_int_equal(other->sid, USUAL);
        assert_int_equal(caller->refcount, 1);
        assert_int_equal(other->refcount, 1);
        assert_int_equal(revoke_reserve(), -EBUSY); /* still the caller's, who gives it back */
        revoke_release();
        settle();
        assert_int_equal(calls, 0);
        assert_false(revoke_take(caller->vcpu[0], &call, row, &n));
    }
    assert_int_equal(held_count(5), KINDS * USES);
}

/* -- one at a time ------------------------------------------------------------------------------------- */

static unsigned refused;

static void reserve_meanwhile(struct domain *d, unsigned kind)
{
    (void)d;
    (void)kind;
    refused += revoke_reserve() == -EBUSY;
}

static void reserve_second_change_ebusy_until_the_end(void **state)
{
    (void)state;
    assert_int_equal(revoke_reserve(), 0);
    assert_int_equal(revoke_reserve(), -EBUSY);
    revoke_release();
    begin(XSM_REVOKE_DROP);
    assert_int_equal(revoke_reserve(), -EBUSY); /* grace */
    on_call = reserve_meanwhile;
    refused = 0;
    settle();
    assert_true(calls > 0);
    assert_int_equal(refused, calls); /* walk */
    assert_int_equal(revoke_reserve(), 0); /* done; the caller need not have come back for that */
    revoke_release();
    assert_told(0);
}

/* -- in steps ------------------------------------------------------------------------------------------ */

static void other_work(struct domain *d, unsigned kind)
{
    (void)d;
    (void)kind;
    softirq_raise(SOFTIRQ_SCHEDULE);
}

static unsigned scheduled, calls_then, worst;

static void schedule(void)
{
    scheduled++;
    worst = max(worst, calls - calls_then);
    calls_then = calls;
}

/* Other work that comes up in the walk gets its turn after one look; nothing is looked at twice or forgotten. */
static void walk_preempted_goes_on_where_it_was(void **state)
{
    (void)state;
    softirq_register(SOFTIRQ_SCHEDULE, schedule);
    for (unsigned busy = 0; busy < 2; busy++) {
        fake_xsm_reset();
        memset(looked, 0, sizeof(looked));
        cpus[0].vcpu = busy ? other->vcpu[0] : NULL;
        calls = calls_then = scheduled = worst = 0;
        on_call = other_work;
        hold_all();
        begin(XSM_REVOKE_DROP);
        settle();
        assert_int_equal(worst, 1);
        assert_int_equal(scheduled, calls);
        assert_true(calls >= 2 * KINDS * 2);
        assert_looked(2, 1);
        assert_looked(5, 1);
        assert_told(2 * USES);
    }
    cpus[0].vcpu = NULL;
    softirq_register(SOFTIRQ_SCHEDULE, NULL);
}

/* Looking takes long: a vCPU that runs here gets as much time as the step took. */
static void walk_leaves_a_busy_cpu_half_of_its_time(void **state)
{
    unsigned steps = 0;

    (void)state;
    cpus[0].vcpu = other->vcpu[0];
    call_ns = 30 * NS_PER_US;
    begin(XSM_REVOKE_DROP);
    for (unsigned i = 1; i < CPUS; i++) {
        leaves_hypercall(i);
    }
    while (asleep()) {
        uint64_t began = fake_now_ns, took;
        unsigned before = calls;

        leaves_hypercall(0);
        took = fake_now_ns - began;
        assert_true(calls - before <= 2); /* 50 us, and what is begun by then */
        if (asleep()) {
            assert_true(fake_timer->armed);
            assert_true(fake_timer->expires_ns >= fake_now_ns + took);
            fake_now_ns = fake_timer->expires_ns;
            fake_timer->armed = false;
            fake_timer->fn(fake_timer->arg);
        }
        assert_true(++steps < 100);
    }
    assert_true(steps > 4);
    cpus[0].vcpu = NULL;
    assert_told(0);
}

static void stray_softirqs_and_timers_do_nothing(void **state)
{
    struct timer *timer;

    (void)state;
    softirq_raise(SOFTIRQ_REVOKE);
    softirq_raise_on(2, SOFTIRQ_REVOKE);
    softirq_raise_on(2, SOFTIRQ_QUIESCE);
    settle();
    assert_int_equal(calls, 0);
    assert_int_equal(revoke_reserve(), 0);
    settle();
    revoke_release();
    cpus[0].vcpu = other->vcpu[0];
    on_call = other_work;
    begin(XSM_REVOKE_DROP);
    softirq_raise_on(3, SOFTIRQ_REVOKE); /* not the CPU of the job */
    leaves_hypercall(3);
    leaves_hypercall(1);
    leaves_hypercall(2);
    assert_int_equal(calls, 0);
    leaves_hypercall(0);
    softirq_raise_on(3, SOFTIRQ_REVOKE);
    leaves_hypercall(3);
    assert_int_equal(calls, 1);
    timer = fake_timer;
    assert_non_null(timer);
    settle();
    cpus[0].vcpu = NULL;
    assert_looked(2, 1);
    assert_looked(5, 1);
    calls = 0;
    timer->fn(timer->arg); /* that came late */
    settle();
    assert_int_equal(calls, 0);
    assert_told(0);
}

/* -- who comes and goes meanwhile --------------------------------------------------------------------- */

static void caller_dies_in_grace(void **state)
{
    (void)state;
    hold_all();
    begin(XSM_REVOKE_DROP);
    fake_current = other->vcpu[0];
    fake_domain_gone(caller); /* the job's is the last reference */
    assert_int_equal(caller->refcount, 1);
    settle();
    assert_int_equal(held_count(5), 0);
    assert_int_equal(revoke_reserve(), 0);
    revoke_release();
}

static void caller_leaves(struct domain *d, unsigned kind)
{
    if (d == other && kind == 1 && caller != NULL) {
        fake_domain_gone(caller);
        caller = NULL;
    }
}

static void caller_dies_in_walk(void **state)
{
    (void)state;
    hold_all();
    on_call = caller_leaves;
    begin(XSM_REVOKE_DROP);
    fake_current = other->vcpu[0];
    settle();
    assert_null(caller);
    assert_looked(5, 1);
    assert_int_equal(held_count(5), 0);
}

static void relabelled_leaves(struct domain *d, unsigned kind)
{
    if (d == caller && kind == 0 && other != NULL) {
        fake_domain_gone(other);
        other = NULL;
    }
}

/* Its structure is compared with every domain to the end: another may not take its place. */
static void relabelled_domain_dies_in_walk(void **state)
{
    struct revoke_change change = { .domain = other, .sid = LESSER, .how = XSM_REVOKE_WOULD };

    (void)state;
    hold_all();
    on_call = relabelled_leaves;
    assert_int_equal(revoke_reserve(), 0);
    assert_int_equal(revoke_begin(&change, &call, row), -ERESTART);
    assert_int_equal(other->refcount, 2);
    settle();
    assert_looked(2, 1);
    assert_looked(5, 0);
    assert_told(0);
}

static struct domain *young;

static void come_and_go(struct domain *d, unsigned kind)
{
    if (d == caller && kind == 2 && young == NULL) {
        fake_domain_gone(other);
        other = NULL;
        young = fake_domain_new(7, 1, USUAL);
        (void)fake_domain_new(1, 1, USUAL); /* behind: began under the policy in force */
    }
}

/* The domain in hand dies, half looked at: the next one is looked at from its beginning. */
static void die_in_hand(struct domain *d, unsigned kind)
{
    if (d == other && kind == 1) {
        fake_domain_gone(other);
        other = NULL;
        young = fake_domain_new(7, 1, USUAL);
        on_call = NULL;
    }
}

static void domains_come_and_go_in_the_walk(void **state)
{
    (void)state;
    young = NULL;
    hold_all();
    on_call = come_and_go;
    begin(XSM_REVOKE_DROP);
    settle();
    assert_looked(2, 1);
    assert_looked(5, 0);
    assert_looked(7, 1);
    assert_int_equal(held_count(7), 0);
    assert_told(2 * USES);
}

static void domain_in_hand_dies_next_from_its_beginning(void **state)
{
    (void)state;
    hold_all();
    on_call = die_in_hand;
    begin(XSM_REVOKE_DROP);
    settle();
    assert_looked(7, 1);
    assert_int_equal(held_count(7), 0);
}

/* -- the result ---------------------------------------------------------------------------------------- */

static void take_only_the_same_call_of_the_same_vcpu_once(void **state)
{
    struct hypercall differ[3] = { call, call, call };
    struct vcpu *v = caller->vcpu[0];
    struct revoke_counts n = { 99, 99, 99, 99 };

    (void)state;
    hold_all();
    begin(XSM_REVOKE_DROP);
    settle();
    differ[0].nr++;
    differ[1].arg[0]++;
    differ[2].arg[1]++;
    for (unsigned i = 0; i < 3; i++) {
        assert_false(revoke_take(v, &differ[i], row, &n));
    }
    assert_false(revoke_take(v, &call, other_row, &n));
    assert_false(revoke_take(caller->vcpu[1], &call, row, &n));
    assert_false(revoke_take(other->vcpu[0], &call, row, &n));
    assert_counts(&n, 99);
    assert_true(revoke_take(v, &call, row, &n));
    assert_counts(&n, 2 * USES);
    assert_false(revoke_take(v, &call, row, &n)); /* the next one is a new call */
}

/* What a vCPU did not come back for is not the answer to its next change. */
static void take_left_result_gives_way_to_the_next(void **state)
{
    const struct hypercall before = call;
    struct revoke_counts n;

    (void)state;
    hold_all();
    begin(XSM_REVOKE_DROP);
    settle();
    call.arg[0] += 8;
    begin(XSM_REVOKE_DROP);
    assert_false(revoke_take(caller->vcpu[0], &call, row, &n));
    assert_false(revoke_take(caller->vcpu[0], &before, row, &n));
    settle();
    assert_told(0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(begin_commits_and_sleeps),
        T(grace_walk_waits_for_each_cpu),
        T(grace_effect_of_an_old_answer_is_found),
        T(grace_one_cpu_waits_for_nobody),
        T(trial_policy_changes_nothing),
        T(trial_relabel_counts_only_that_domain),
        T(relabel_drops_what_that_domain_holds),
        T(commit_fails_nothing_has_happened),
        T(reserve_second_change_ebusy_until_the_end),
        T(walk_preempted_goes_on_where_it_was),
        T(walk_leaves_a_busy_cpu_half_of_its_time),
        T(stray_softirqs_and_timers_do_nothing),
        T(caller_dies_in_grace),
        T(caller_dies_in_walk),
        T(relabelled_domain_dies_in_walk),
        T(domains_come_and_go_in_the_walk),
        T(domain_in_hand_dies_next_from_its_beginning),
        T(take_only_the_same_call_of_the_same_vcpu_once),
        T(take_left_result_gives_way_to_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
