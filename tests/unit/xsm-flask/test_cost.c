/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What questions cost, in instructions, of the hypervisor's own objects: those that are linked into it are linked here
 * too, on a stand-in for a CPU (cost_machine.c), and single-stepped. The figures are exact and the same every time.
 * Those printed are what docs/performance.md shows.
 */
#include "fixture.h"

#include <asm/prctl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <xen/lib.h>

#include "cost_machine.h"

static volatile uint64_t steps;

static void on_step(int signal_number)
{
    (void)signal_number;
    steps++;
}

static void trap_flag(bool on)
{
    /* The trap comes after the instruction that follows the one which sets the flag. */
    if (on) {
        __asm__ volatile("pushfq\n orq $0x100, (%%rsp)\n popfq" ::: "memory", "cc");
    } else {
        __asm__ volatile("pushfq\n andq $~0x100, (%%rsp)\n popfq" ::: "memory", "cc");
    }
}

typedef long work_fn(const void *arg);

static __attribute__((noipa)) long nothing(const void *arg)
{
    (void)arg;
    return 0;
}

/* Instructions of fn(arg), call and return included; *rc has what it returned. */
static __attribute__((noipa)) uint64_t stepped(work_fn *fn, const void *arg, long *rc)
{
    steps = 0;
    trap_flag(true);
    *rc = fn(arg);
    trap_flag(false);
    return steps;
}

static __attribute__((noipa)) long call_row(const void *arg)
{
    return cost_machine_call(*(const enum cost_row *)arg);
}

/* Of a call whose answers are known already. */
static uint64_t row_cost(enum cost_row row)
{
    struct xsm_avc_stats before, after;
    uint64_t n, again;
    long rc;

    assert_int_equal(cost_machine_call(row), 0);
    assert_int_equal(xsm_avc_stats(0, &before), 0);
    n = stepped(call_row, &row, &rc);
    assert_int_equal(rc, 0);
    assert_int_equal(xsm_avc_stats(0, &after), 0);
    assert_int_equal(after.misses, before.misses);
    assert_int_equal(after.hits - before.hits,
                     row == COST_FOUR ? 4 : row == COST_NONE || row == COST_CHOSEN_NONE ? 0 : 1);
    again = stepped(call_row, &row, &rc);
    assert_int_equal(again, n);
    return n;
}

static int start(void **state)
{
    struct sigaction sa = { .sa_handler = on_step };

    (void)state;
    assert_int_equal(sigaction(SIGTRAP, &sa, NULL), 0);
    assert_int_equal(syscall(SYS_arch_prctl, ARCH_SET_GS, cost_machine_cpu()), 0);
    cost_machine_start(0);
    engine_start("@first-light.bin");
    cost_machine_start(sid_of("system_u:system_r:guest_t"));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    engine_stop();
    return 0;
}

/* What the measure says of known code: it would show nothing if steps were not counted. */
static void measure_counts_single_instructions(void **state)
{
    long rc;

    (void)state;
    assert_in_range(stepped(nothing, NULL, &rc), 5, 20);
}

static void hit_costs_no_more_than_25_over_no_question(void **state)
{
    uint64_t none = row_cost(COST_NONE), one = row_cost(COST_ONE), four = row_cost(COST_FOUR);

    (void)state;
    print_message("# avc hit: %lu instructions over the same call without a question\n", one - none);
    print_message("# avc hit: %lu instructions for four questions\n", four - none);
    print_message("# avc hit: %lu instructions for a question about the caller itself\n", row_cost(COST_SELF) - none);
    assert_in_range(one - none, 10, 25);
    assert_in_range(row_cost(COST_SELF) - none, 10, 25);
    assert_in_range(four - none, 40, 4 * 25);
}

static void chosen_question_costs_little_more(void **state)
{
    uint64_t none = row_cost(COST_CHOSEN_NONE), one = row_cost(COST_CHOSEN);

    (void)state;
    print_message("# avc hit: %lu instructions where decode chose the bits\n", one - none);
    assert_in_range(one - none, 10, 80);
}

static void refusal_is_one_the_short_way_too(void **state)
{
    static const enum cost_row asking[] = { COST_ONE, COST_FOUR, COST_CHOSEN };
    unsigned int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        assert_int_equal(cost_machine_call(COST_TWO_LAST_REFUSED), -EACCES);
        assert_int_equal(cost_machine_call(COST_SELF_REFUSED), -EACCES);
    }
    cost_machine_start(XSM_SID_UNLABELED);
    assert_int_equal(cost_machine_call(COST_NONE), 0);
    for (i = 0; i < 2 * ARRAY_SIZE(asking); i++) {
        assert_int_equal(cost_machine_call(asking[i / 2]), -EACCES);
    }
    cost_machine_start(XSM_SID_NULL);
    assert_int_equal(cost_machine_call(COST_ONE), -EACCES);
}

static __attribute__((noipa)) long self_of(const void *arg)
{
    uint32_t out;

    return cost_machine_self(*(const uint32_t *)arg, &out);
}

static void self_label_is_one_comparison(void **state)
{
    uint32_t sid = sid_of("system_u:system_r:guest_t");
    uint64_t n, call;
    long rc;

    (void)state;
    assert_int_equal(self_of(&sid), 0);
    call = stepped(nothing, NULL, &rc);
    n = stepped(self_of, &sid, &rc);
    assert_int_equal(rc, 0);
    print_message("# label towards itself: %lu instructions, two calls included\n", n - call);
    assert_in_range(n - call, 5, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(measure_counts_single_instructions, start, stop),
        cmocka_unit_test_setup_teardown(hit_costs_no_more_than_25_over_no_question, start, stop),
        cmocka_unit_test_setup_teardown(chosen_question_costs_little_more, start, stop),
        cmocka_unit_test_setup_teardown(refusal_is_one_the_short_way_too, start, stop),
        cmocka_unit_test_setup_teardown(self_label_is_one_comparison, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
