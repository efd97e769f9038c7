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
#include <stdlib.h>
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

static __attribute__((noipa)) long call_unchecked(const void *arg)
{
    return cost_machine_call_unchecked(*(const enum cost_row *)arg);
}

/* What the questions of a call cost over the same call without them, when the answers are known already. */
static uint64_t row_cost(enum cost_row row)
{
    struct xsm_avc_stats before, after;
    uint64_t n, again, unchecked;
    long rc;

    unchecked = stepped(call_unchecked, &row, &rc);
    assert_int_equal(rc, 0);
    assert_int_equal(cost_machine_call(row), 0);
    assert_int_equal(xsm_avc_stats(0, &before), 0);
    n = stepped(call_row, &row, &rc);
    assert_int_equal(rc, 0);
    assert_int_equal(xsm_avc_stats(0, &after), 0);
    assert_int_equal(after.misses, before.misses);
    assert_int_equal(after.hits - before.hits, row == COST_FOUR ? 4 : 1);
    again = stepped(call_row, &row, &rc);
    assert_int_equal(again, n);
    return n - unchecked;
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
    static const struct {
        enum cost_row row;
        unsigned int questions;
        const char *what;
    } rows[] = {
        { COST_ONE, 1, "for a question" },
        { COST_SELF, 1, "for a question about the caller itself" },
        { COST_CHOSEN, 1, "where decode chose the bits" },
        { COST_FOUR, 4, "for four questions" },
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t cost = row_cost(rows[i].row);

        print_message("# avc hit: %lu instructions over the unchecked path %s\n", cost, rows[i].what);
        assert_in_range(cost, 10 * rows[i].questions, 25 * rows[i].questions);
    }
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
    assert_int_equal(cost_machine_call_unchecked(COST_ONE), 0);
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

/* -- misses: of every pair of types and every class of a policy with 10,000 rules ---------------- */

#define TYPES_MAX 400U
#define WORST_TRIED 60U

struct question {
    xsm_sid_t source, target;
    uint16_t tclass;
    uint64_t time;
};

static __attribute__((noipa)) long ask(const void *arg)
{
    const struct question *q = arg;

    return xsm_check_noaudit(q->source, q->target, q->tclass, 1);
}

static uint64_t time_stamp(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence\n rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static int slower_first(const void *a, const void *b)
{
    const struct question *x = a, *y = b;

    return (x->time < y->time) - (x->time > y->time);
}

static uint64_t miss_cost(const struct question *q)
{
    long rc;

    xsm_set_enforcing(true);    /* no answer is known any more */
    return stepped(ask, q, &rc);
}

/* All are timed, so that the slow ones are found among very many; of those, and of a sample, instructions are counted. */
static void misses(const char *policy, const char *range)
{
    static const uint16_t classes[] = { SECCLASS_EVENT, SECCLASS_GRANT, SECCLASS_MMU, SECCLASS_DOMAIN,
                                        SECCLASS_HVM, SECCLASS_RESOURCE, SECCLASS_XEN };
    static xsm_sid_t sid[TYPES_MAX];
    uint64_t sum = 0, worst = 0, cost;
    size_t types = 0, n = 0, i, k, round, sampled = 0;
    struct image image = image_read(policy);
    struct question *q;
    char text[80];

    assert_int_equal(xsm_policy_load(image.data, image.size, NULL), 0);
    image_free(&image);
    for (; types < TYPES_MAX; types++) {
        snprintf(text, sizeof(text), "u0:r0:t%zu%s", types, range);
        if (xsm_context_to_sid(text, strlen(text), &sid[types]) != 0) {
            break;
        }
    }
    assert_in_range(types, 100, TYPES_MAX - 1);
    q = malloc(types * types * ARRAY_SIZE(classes) * sizeof(*q));
    assert_non_null(q);
    for (i = 0; i < types * types; i++) {
        for (k = 0; k < ARRAY_SIZE(classes); k++) {
            q[n++] = (struct question){ sid[i / types], sid[i % types], classes[k], ~0ULL };
        }
    }
    for (i = 0; i < n; i += n / 100 + 1, sampled++) {
        cost = miss_cost(&q[i]);
        sum += cost;
        worst = cost > worst ? cost : worst;
    }
    for (i = 0; i < n; i++) {
        for (round = 0; round < 3; round++) {
            uint64_t before;

            xsm_set_enforcing(true);
            before = time_stamp();
            (void)ask(&q[i]);
            cost = time_stamp() - before;
            q[i].time = cost < q[i].time ? cost : q[i].time;
        }
    }
    qsort(q, n, sizeof(*q), slower_first);
    for (i = 0; i < WORST_TRIED; i++) {
        cost = miss_cost(&q[i]);
        worst = cost > worst ? cost : worst;
    }
    free(q);
    print_message("# avc miss, %s: average %lu, worst %lu instructions\n", policy, sum / sampled, worst);
    assert_in_range(sum / sampled, 500, 2200);
    assert_in_range(worst, 1000, 3000);
}

static void miss_under_10000_rules_below_3000(void **state)
{
    (void)state;
    misses("other/big.bin", "");
}

static void miss_with_levels_below_3000(void **state)
{
    (void)state;
    misses("other/big-mls.bin", ":s0:c0.c2,c5-s2:c0.c7");
}

/* For an instruction counter outside: a load of the large policy, and nothing else. */
static int load_only(void)
{
    struct image image = image_read("other/big.bin");
    int rc = xsm_init(1);

    if (rc == 0) {
        rc = xsm_policy_load(image.data, image.size, NULL);
    }
    image_free(&image);
    return rc != 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(measure_counts_single_instructions, start, stop),
        cmocka_unit_test_setup_teardown(hit_costs_no_more_than_25_over_no_question, start, stop),
        cmocka_unit_test_setup_teardown(refusal_is_one_the_short_way_too, start, stop),
        cmocka_unit_test_setup_teardown(self_label_is_one_comparison, start, stop),
        cmocka_unit_test_setup_teardown(miss_under_10000_rules_below_3000, start, stop),
        cmocka_unit_test_setup_teardown(miss_with_levels_below_3000, start, stop),
    };

    if (argc == 2 && strcmp(argv[1], "load") == 0) {
        return load_only();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
