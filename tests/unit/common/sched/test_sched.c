/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs, and when another takes its place: the real scheduler and softirqs on CPUs that the test steps by hand. Time passes when
 * the test says so.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <asm/cpu.h>
#include <asm/lapic.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/time.h>

#define US 1000ull
#define MS (1000 * US)
#define LEAST (250 * US) /* MIN_RUN_NS of fair.c */

struct cpu cpus[MAX_CPUS];
unsigned cpu_count, fake_cpu;

static uint64_t now_ns;
static unsigned switches, ipis;
static struct timer *timers[MAX_CPUS * 2];
static unsigned timer_count;

/* -- what the scheduler stands on ------------------------------------------------------------------ */

uint64_t time_now_ns(void)
{
    return now_ns;
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
    *t = (struct timer){ .fn = fn, .arg = arg };
    assert_true(timer_count < MAX_CPUS * 2);
    timers[timer_count++] = t;
}

void timer_set(struct timer *t, uint64_t expires_ns)
{
    t->expires_ns = expires_ns;
    t->cpu = fake_cpu;
    t->armed = true;
}

void timer_stop(struct timer *t)
{
    t->armed = false;
}

void lapic_ipi(uint32_t apic_id, uint8_t vector)
{
    (void)apic_id;
    assert_int_equal(vector, VECTOR_IPI);
    ipis++;
}

void arch_context_switch(struct vcpu *prev, struct vcpu *next)
{
    assert_ptr_not_equal(prev, next);
    switches++;
}

bool arch_vcpu_can_take_event(struct vcpu *v)
{
    (void)v;
    return false;
}

void arch_vcpu_raise_upcall(struct vcpu *v)
{
    (void)v;
}

void arch_vcpu_kick(struct vcpu *v)
{
    (void)v;
}

void panic(const char *fmt, ...)
{
    fail_msg("%s", fmt);
    abort();
}

/* -- the machine ----------------------------------------------------------------------------------- */

static struct vcpu vcpu[4];

static void machine(unsigned count)
{
    for (unsigned i = 0; i < 4; i++) {
        if (vcpu[i].sched.queued) { /* of the test before */
            fair_dequeue(&vcpu[i]);
        }
    }
    memset(cpus, 0, sizeof(cpus));
    memset(vcpu, 0, sizeof(vcpu));
    cpu_count = count;
    fake_cpu = timer_count = switches = ipis = 0;
    now_ns = 1000 * MS;
    for (unsigned i = 0; i < MAX_CPUS; i++) {
        cpus[i].id = cpus[i].apic_id = i;
    }
    sched_init();
    for (unsigned i = 0; i < 4; i++) {
        sched_vcpu_init(&vcpu[i], 0);
    }
}

/* Every CPU does what it was asked to. */
static void settle(void)
{
    for (unsigned turn = 0; turn < 4; turn++) {
        for (fake_cpu = 0; fake_cpu < cpu_count; fake_cpu++) {
            softirq_run();
        }
    }
    fake_cpu = 0;
}

static void pass(uint64_t ns)
{
    uint64_t end = now_ns + ns;

    for (;;) {
        struct timer *first = NULL;

        for (unsigned i = 0; i < timer_count; i++) {
            if (timers[i]->armed && timers[i]->expires_ns <= end && (!first || timers[i]->expires_ns < first->expires_ns)) {
                first = timers[i];
            }
        }
        if (!first) {
            break;
        }
        now_ns = first->expires_ns > now_ns ? first->expires_ns : now_ns;
        first->armed = false;
        fake_cpu = first->cpu;
        first->fn(first->arg);
        settle();
    }
    now_ns = end;
}

static void start(unsigned i)
{
    vcpu[i].sched.pause_flags = VCPU_PAUSE_BLOCKED;
    vcpu_wake(&vcpu[i], VCPU_PAUSE_BLOCKED);
    settle();
}

static void wake(unsigned i)
{
    vcpu_wake(&vcpu[i], VCPU_PAUSE_BLOCKED);
    settle();
}

static void block(unsigned i)
{
    fake_cpu = vcpu[i].sched.cpu;
    vcpu_block(&vcpu[i]);
    settle();
}

static bool runs(unsigned i)
{
    return cpus[vcpu[i].sched.cpu].vcpu == &vcpu[i];
}

/* 0 has worked for long; 1 has slept, so that it is wanted before 0; it has interrupted 0 twice, which was just put on again. */
static void worker_just_put_on(void)
{
    machine(1);
    start(0);
    pass(50 * MS);
    start(1);
    pass(20 * MS);
    assert_true(runs(0) || runs(1));
    block(1);
    block(0);
    pass(50 * MS);
    wake(0);
    pass(50 * MS);
    for (unsigned i = 0; i < 2; i++) {
        wake(1);
        assert_true(runs(1));
        block(1);
        assert_true(runs(0)); /* at once, when the other blocks */
    }
}

/* -- tests ----------------------------------------------------------------------------------------- */

static void a_woken_one_waits_until_the_least_time_is_over(void **state)
{
    (void)state;
    worker_just_put_on();
    pass(50 * US);
    wake(1);
    assert_true(runs(0));
    pass(LEAST - 51 * US);
    assert_true(runs(0));
    pass(2 * US);
    assert_true(runs(1));
}

static void it_does_not_wait_when_the_other_has_nothing_to_do(void **state)
{
    (void)state;
    worker_just_put_on();
    pass(50 * US);
    wake(1);
    block(0);
    assert_true(runs(1));
}

static void it_does_not_wait_for_one_that_has_had_its_time(void **state)
{
    (void)state;
    worker_just_put_on();
    pass(LEAST);
    wake(1);
    assert_true(runs(1));
}

static void one_that_yields_has_no_least_time(void **state)
{
    (void)state;
    worker_just_put_on();
    pass(50 * US);
    wake(1);
    assert_true(runs(0));
    vcpu_yield(&vcpu[0]);
    settle();
    assert_true(runs(1));
    assert_false(vcpu[0].sched.yields); /* once */
}

static void one_that_comes_from_sleep_can_be_interrupted_twice(void **state)
{
    (void)state;
    worker_just_put_on();
    block(0);
    wake(0);
    for (unsigned i = 0; i < 2; i++) {
        pass(10 * US);
        wake(1);
        assert_true(runs(1));
        block(1);
    }
    pass(10 * US);
    wake(1);
    assert_true(runs(0));
}

static void waking_again_and_again_sets_one_end(void **state)
{
    (void)state;
    worker_just_put_on();
    for (unsigned i = 0; i < 4; i++) {
        unsigned before = switches;

        pass(20 * US);
        wake(1);
        vcpu_sleep(&vcpu[1], VCPU_PAUSE_BLOCKED); /* while it still waits */
        settle();
        assert_true(runs(0));
        assert_int_equal(switches, before);
    }
    wake(1);
    pass(LEAST - 79 * US);
    assert_true(runs(1));
}

static void an_idle_cpu_takes_it_at_once(void **state)
{
    (void)state;
    machine(2);
    start(0);
    start(1);
    assert_true(runs(0) && runs(1));
    block(1);
    wake(1);
    assert_true(runs(1));
}

/* On each of two CPUs one works that was interrupted twice by one of the others, and is back. */
static void of_two_cpus_the_one_that_is_due_first_gives_way(void **state)
{
    unsigned before, first;

    (void)state;
    machine(2);
    start(0);
    start(1);
    pass(100 * MS);
    start(2);
    pass(10 * US);
    start(3);
    assert_true(runs(2) && runs(3));
    block(2);
    block(3);
    wake(2);
    pass(10 * US);
    wake(3);
    assert_true(runs(2) && runs(3));
    first = vcpu[2].sched.cpu;
    block(2);
    pass(50 * US);
    block(3);
    assert_true(runs(0) && runs(1));
    before = ipis;
    pass(10 * US);
    wake(3);
    wake(3);
    assert_true(ipis - before <= 1); /* nobody is bothered twice for one who waits */
    assert_true(runs(0) && runs(1));
    pass(LEAST - 61 * US);
    assert_true(runs(0) && runs(1));
    pass(2 * US);
    assert_true(runs(3) && vcpu[3].sched.cpu == first);
}

static void who_works_gets_its_share_of_one_who_wakes_all_the_time(void **state)
{
    uint64_t worked = 0;

    (void)state;
    machine(1);
    start(0);
    start(1);
    for (unsigned i = 0; i < 20000; i++) {
        if (runs(1)) {
            block(1);
        }
        pass(5 * US);
        worked += runs(0) ? 5 * US : 0;
        wake(1);
        pass(5 * US);
        worked += runs(0) ? 5 * US : 0;
    }
    assert_true(worked >= 9 * 20000 * US); /* of 10 us a round */
    assert_true(switches < 2 * 20000 * 10 * US / LEAST + 100);
}

static void equals_share_alike(void **state)
{
    uint64_t ran[3] = { 0 };

    (void)state;
    machine(1);
    for (unsigned i = 0; i < 3; i++) {
        start(i);
    }
    for (unsigned i = 0; i < 3000; i++) {
        pass(MS);
        for (unsigned k = 0; k < 3; k++) {
            ran[k] += runs(k);
        }
    }
    for (unsigned k = 0; k < 3; k++) {
        assert_in_range(ran[k], 950, 1050);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_woken_one_waits_until_the_least_time_is_over),
        cmocka_unit_test(it_does_not_wait_when_the_other_has_nothing_to_do),
        cmocka_unit_test(it_does_not_wait_for_one_that_has_had_its_time),
        cmocka_unit_test(one_that_yields_has_no_least_time),
        cmocka_unit_test(one_that_comes_from_sleep_can_be_interrupted_twice),
        cmocka_unit_test(waking_again_and_again_sets_one_end),
        cmocka_unit_test(an_idle_cpu_takes_it_at_once),
        cmocka_unit_test(of_two_cpus_the_one_that_is_due_first_gives_way),
        cmocka_unit_test(who_works_gets_its_share_of_one_who_wakes_all_the_time),
        cmocka_unit_test(equals_share_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
