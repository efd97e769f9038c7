/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher on a table of its own: order of steps, refusals, batches, continuation, multicall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <xen/boot.h>
#include <xen/errno.h>

#include "../../../../xen/common/hypercall_table.h"
#include "../../../../xen/common/hypercalls/families.h"
#include "fake.h"

#include <public/version.h>

struct boot_info boot_info = { .cmdline = "console=com1" };

#define NR_TEST 40
#define NR_STRUCT 41
#define SID_A 20
#define SID_B 30

static struct domain *a, *b;
static char trace[64];
static unsigned batch_begins, batch_ends, restart_at;

static void note(char what)
{
    size_t n = strlen(trace);

    if (n + 1 < sizeof(trace)) {
        trace[n] = what;
        trace[n + 1] = '\0';
    }
}

struct arg {
    uint32_t domid, value;
    uint64_t result;
};

static void released(struct call *c)
{
    (void)c;
    note('r');
}

static int decode(struct call *c)
{
    const struct arg *x = c->arg;
    int rc = call_target(c, (domid_t)x->domid);

    note('d');
    c->release = released;
    if (rc == 0 && x->value == 9999) {
        return -EBUSY;
    }
    return rc;
}

static long act(struct call *c)
{
    struct arg *x = c->arg;

    note('a');
    x->result = x->value * 2;
    return x->value == 98 ? -ENOMEM : 7;
}

static int chosen_decode(struct call *c)
{
    const struct arg *x = c->arg;

    c->chosen = x->value;
    c->skip = x->domid;
    return 0;
}

static void begin(struct call *c)
{
    c->batch[0] = 0;
    batch_begins++;
}

static long element_act(struct call *c)
{
    struct arg *x = c->arg;

    if (restart_at != 0 && x->value == restart_at) {
        restart_at = 0;
        return -ERESTART;
    }
    c->batch[0]++;
    x->result = x->value + 1000;
    return 0;
}

static void element_status(struct call *c, long rc)
{
    struct arg *x = c->arg;

    if (rc != 0) {
        x->result = (uint64_t)rc;
    }
}

static void end(struct call *c)
{
    assert_true(c->batch[0] <= CALL_BUF / sizeof(struct arg));
    batch_ends++;
}

#define SIZE sizeof(struct arg)
#define QUESTION Q(CALLER, TARGET, DOMAIN, PAUSE)
#define QUESTION_XEN Q(CALLER, XEN, XEN, SLEEP)

static const struct hypercall_row rows[] = {
    [0] = ROW(plain, SIZE, SIZE, decode, ASK(QUESTION), act),
    [1] = ROW_ABSENT(gone, QUESTION_XEN, "for the test"),
    [3] = ROW_FLAGS(always, SIZE, SIZE, ROW_OUT_ALWAYS, decode, ASK(QUESTION), act),
    [4] = ROW_FLAGS(one, SIZE, SIZE, ROW_ONE, decode, ASK(QUESTION), act),
    [5] = ROW_PER_ELEMENT(batch, SIZE, begin, decode, ASK(QUESTION), element_act, element_status, end),
    [6] = ROW(chosen, SIZE, 0, chosen_decode,
              ASK(Q_CHOSEN(CALLER, XEN, XEN, XEN__DEBUG | XEN__HEAP),
                  Q_OPTIONAL(CALLER, XEN, XEN, XEN__SLEEP)),
              act),
    [7] = ROW(own, 0, 0, NULL, ASK(Q(CALLER, SELF, DOMAIN, SETTIME)), act_absent),
    [8] = ROW(unset, 0, 0, NULL, ASK(Q(CALLER, OBJECT, XEN, DEBUG)), act_absent),
};

static const struct hypercall_family family = {
    .name = "test", .rows = rows, .count = ARRAY_SIZE(rows), .kind = FAMILY_CMD,
    .cmd_mask = 0x3f, .arg_index = 1,
};

struct sarg {
    uint32_t cmd, version;
    struct arg arg;
};

static int struct_decode(struct call *c)
{
    const struct sarg *x = c->arg;

    note('d');
    return call_target(c, (domid_t)x->arg.domid);
}

static long struct_act(struct call *c)
{
    struct sarg *x = c->arg;

    note('a');
    x->arg.result = 5;
    return 0;
}

static const struct hypercall_row struct_rows[] = {
    [1] = ROW(s_one, 0, sizeof(struct sarg), struct_decode, ASK(QUESTION), struct_act),
};
static const struct hypercall_row struct_high[] = {
    ROW(s_high, 0, sizeof(struct sarg), struct_decode, ASK(QUESTION), struct_act),
};
static const struct hypercall_family struct_family = {
    .name = "struct", .rows = struct_rows, .count = ARRAY_SIZE(struct_rows), .kind = FAMILY_STRUCT,
    .size = sizeof(struct sarg), .version = 3,
    .high_rows = struct_high, .high_base = 1000, .high_count = 1,
};

const struct hypercall_family *const hypercall_table[HYPERCALL_COUNT] = {
    [__HYPERVISOR_multicall] = &multicall_family,
    [__HYPERVISOR_xen_version] = &xen_version_family,
    [NR_TEST] = &family,
    [NR_STRUCT] = &struct_family,
};

static struct hypercall hc;

static long call(uint64_t nr, uint64_t a0, const void *a1, uint64_t a2)
{
    hc = (struct hypercall){ .nr = nr, .arg = { a0, (uint64_t)a1, a2 } };
    return hypercall_dispatch(&hc);
}

static int setup(void **state)
{
    (void)state;
    fake_core_reset();
    fake_xsm_reset();
    fake_fault_first = fake_fault_last = 0;
    trace[0] = '\0';
    batch_begins = batch_ends = restart_at = 0;
    a = fake_domain_new(1, 1, SID_A);
    b = fake_domain_new(2, 1, SID_B);
    fake_current = a->vcpu[0];
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_domains_free(); /* checks that every reference was dropped */
    return 0;
}

static void unknown_numbers_enosys_without_effect(void **state)
{
    static const uint64_t numbers[] = { 0, 11, 39, 55, 63, 64, 65, 1u << 31, 1ull << 32, ~0ull };
    static const uint64_t cmds[] = { 2, 9, 63 };
    struct arg x = { .domid = 2 };

    (void)state;
    fake_copies = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
        assert_int_equal(call(numbers[i], 0, &x, 0), -ENOSYS);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(cmds); i++) {
        assert_int_equal(call(NR_TEST, cmds[i], &x, 0), -ENOSYS);
    }
    assert_int_equal(fake_copies, 0);
    assert_int_equal(fake_question_count, 0);
    assert_string_equal(trace, "");
}

static void plain_allowed_runs_in_order(void **state)
{
    struct arg x = { .domid = 2, .value = 21 };

    (void)state;
    assert_int_equal(call(NR_TEST, 0, &x, 0), 7);
    assert_int_equal(x.result, 42);
    assert_string_equal(trace, "dar");
    assert_true(fake_asked(SID_A, SID_B, SECCLASS_DOMAIN, DOMAIN__PAUSE, true));
    assert_int_equal(call(NR_TEST, 0x40, &x, 0), 7); /* bits outside of cmd_mask */
}

static void plain_denied_eacces_nothing_written(void **state)
{
    struct arg x = { .domid = 2, .value = 21 }, before = x;

    (void)state;
    fake_allow_all = false;
    assert_int_equal(call(NR_TEST, 0, &x, 0), -EACCES);
    assert_memory_equal(&x, &before, sizeof(x));
    assert_string_equal(trace, "dr");
    assert_int_equal(call(NR_TEST, 3, &x, 0), -EACCES); /* ROW_OUT_ALWAYS: not after a refusal */
    assert_memory_equal(&x, &before, sizeof(x));
}

static void plain_decode_refuses_unasked(void **state)
{
    struct arg x = { .domid = 2, .value = 9999 };

    (void)state;
    assert_int_equal(call(NR_TEST, 0, &x, 0), -EBUSY);
    assert_string_equal(trace, "dr");
    assert_int_equal(fake_question_count, 0);
    x.domid = 77;
    assert_int_equal(call(NR_TEST, 0, &x, 0), -ESRCH);
}

static void plain_act_fails_no_copy_out(void **state)
{
    struct arg x = { .domid = 2, .value = 98 };

    (void)state;
    assert_int_equal(call(NR_TEST, 0, &x, 0), -ENOMEM);
    assert_int_equal(x.result, 0);
    assert_int_equal(call(NR_TEST, 3, &x, 0), -ENOMEM);
    assert_int_equal(x.result, 196);
}

static void plain_bad_pointer_efault(void **state)
{
    static struct arg x = { .domid = 2 };

    (void)state;
    assert_int_equal(call(NR_TEST, 0, NULL, 0), -EFAULT);
    fake_fault_first = fake_fault_last = (vaddr_t)&x + sizeof(x) - 1;
    assert_int_equal(call(NR_TEST, 0, &x, 0), -EFAULT);
    assert_string_equal(trace, "");
}

static void self_target_uses_no_reference(void **state)
{
    struct arg x = { .domid = DOMID_SELF };

    (void)state;
    assert_int_equal(call(NR_TEST, 0, &x, 0), 7);
    assert_true(fake_asked(SID_A, fake_self_sid(SID_A), SECCLASS_DOMAIN, DOMAIN__PAUSE, true));
    x.domid = 1;
    assert_int_equal(call(NR_TEST, 0, &x, 0), 7);
    assert_int_equal(a->refcount, 1);
}

/* Towards itself by a question, without a decode that names a domain. */
static void own_question_asks_the_self_label(void **state)
{
    (void)state;
    fake_self_offset = 100;
    assert_int_equal(call(NR_TEST, 7, NULL, 0), -ENOSYS);
    assert_true(fake_asked(SID_A, SID_A + 100, SECCLASS_DOMAIN, DOMAIN__SETTIME, true));
    fake_xsm_except(SID_A, SID_A + 100, SECCLASS_DOMAIN, DOMAIN__SETTIME);
    assert_int_equal(call(NR_TEST, 7, NULL, 0), -EACCES);
    fake_self_offset = 0;
}

static void absent_is_asked_about_first(void **state)
{
    (void)state;
    assert_int_equal(call(NR_TEST, 1, NULL, 0), -ENOSYS);
    assert_true(fake_asked(SID_A, XSM_SID_XEN, SECCLASS_XEN, XEN__SLEEP, true));
    fake_xsm_except(SID_A, XSM_SID_XEN, SECCLASS_XEN, XEN__SLEEP);
    assert_int_equal(call(NR_TEST, 1, NULL, 0), -EACCES);
}

static void target_of_a_device_model_has_the_relation_s_label(void **state)
{
    struct arg x = { .domid = 2 };

    (void)state;
    fake_self_offset = 100;
    a->target = b;
    assert_int_equal(call(NR_TEST, 0, &x, 0), 7);
    assert_true(fake_asked(SID_A, fake_self_sid(SID_A), SECCLASS_DOMAIN, DOMAIN__PAUSE, true));
    a->target = NULL;
    assert_int_equal(call(NR_TEST, 0, &x, 0), 7);
    assert_true(fake_asked(SID_A, SID_B, SECCLASS_DOMAIN, DOMAIN__PAUSE, true));
    fake_self_offset = 0;
}

static void one_other_count_einval(void **state)
{
    struct arg x = { .domid = 2 };

    (void)state;
    assert_int_equal(call(NR_TEST, 4, &x, 0), -EINVAL);
    assert_int_equal(call(NR_TEST, 4, &x, 2), -EINVAL);
    assert_int_equal(call(NR_TEST, 4, &x, 1), 7);
}

static void chosen_and_optional_questions(void **state)
{
    struct arg x = { .value = XEN__HEAP };

    (void)state;
    assert_int_equal(call(NR_TEST, 6, &x, 0), 7);
    assert_true(fake_asked(SID_A, XSM_SID_XEN, SECCLASS_XEN, XEN__HEAP, true));
    assert_true(fake_asked(SID_A, XSM_SID_XEN, SECCLASS_XEN, XEN__SLEEP, true));
    fake_question_count = 0;
    x.domid = 1u << 1; /* leave out the second */
    assert_int_equal(call(NR_TEST, 6, &x, 0), 7);
    assert_int_equal(fake_question_count, 1);
    x.domid = 1u << 0; /* the first may not be left out */
    fake_question_count = 0;
    assert_int_equal(call(NR_TEST, 6, &x, 0), 7);
    assert_int_equal(fake_question_count, 2);
    x.value = 0; /* choosing nothing is refused */
    assert_int_equal(call(NR_TEST, 6, &x, 0), -EACCES);
    x.value = XEN__SLEEP; /* so is choosing what the row does not list */
    assert_int_equal(call(NR_TEST, 6, &x, 0), -EACCES);
    assert_int_equal(call(NR_TEST, 8, NULL, 0), -EACCES); /* an object without a label */
}

static void batch_each_element_asked(void **state)
{
    enum { N = 200 };
    struct arg x[N];

    (void)state;
    for (unsigned i = 0; i < N; i++) {
        x[i] = (struct arg){ .domid = i % 3 == 2 ? 77 : 2, .value = i == 4 ? 9999 : i };
    }
    assert_int_equal(call(NR_TEST, 5, x, N), 0);
    for (unsigned i = 0; i < N; i++) {
        long want = i % 3 == 2 ? -ESRCH : i == 4 ? -EBUSY : (long)i + 1000;

        assert_int_equal(x[i].result, (uint64_t)want);
    }
    assert_int_equal(fake_question_count, N - N / 3 - 1);
    assert_int_equal(batch_begins, 3);
    assert_int_equal(batch_ends, 3);
}

static void batch_denied_per_element(void **state)
{
    struct arg x[3] = { { .domid = 2, .value = 1 }, { .domid = 1, .value = 2 }, { .domid = 2, .value = 3 } };

    (void)state;
    fake_xsm_except(SID_A, SID_B, SECCLASS_DOMAIN, DOMAIN__PAUSE);
    assert_int_equal(call(NR_TEST, 5, x, 3), 0);
    assert_int_equal(x[0].result, (uint64_t)-EACCES);
    assert_int_equal(x[1].result, 1002);
    assert_int_equal(x[2].result, (uint64_t)-EACCES);
}

static void batch_preempted_goes_on_with_the_rest(void **state)
{
    enum { N = 200 };
    struct arg x[N];
    unsigned calls = 0;
    long rc;

    (void)state;
    for (unsigned i = 0; i < N; i++) {
        x[i] = (struct arg){ .domid = 2, .value = i + 1 };
    }
    fake_preempt = true;
    restart_at = 100;
    rc = call(NR_TEST, 5, x, N);
    while (rc == -ERESTART) {
        calls++;
        rc = hypercall_dispatch(&hc);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(calls, 3);
    assert_int_equal(fake_question_count, N + 1);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(x[i].result, i + 1001);
    }
}

static void batch_bad_counts(void **state)
{
    struct arg x[1] = { { .domid = 2, .value = 1 } };

    (void)state;
    assert_int_equal(call(NR_TEST, 5, x, 0), 0);
    assert_int_equal(call(NR_TEST, 5, NULL, 0), 0);
    assert_int_equal(call(NR_TEST, 5, x, 0x80000000), -EINVAL);
    assert_int_equal(call(NR_TEST, 5, NULL, 1), -EFAULT);
    assert_int_equal(call(NR_TEST, 5, x, 1ull << 32 | 1), 0); /* the count is an unsigned int */
    assert_int_equal(x[0].result, 1001);
}

static void struct_rows_by_command(void **state)
{
    struct sarg x = { .cmd = 1, .version = 3, .arg = { .domid = 2 } }, y;

    (void)state;
    assert_int_equal(call(NR_STRUCT, (uint64_t)&x, NULL, 0), 0);
    assert_int_equal(x.arg.result, 5);
    x.cmd = 1000;
    assert_int_equal(call(NR_STRUCT, (uint64_t)&x, NULL, 0), 0);
    x.cmd = 1001;
    assert_int_equal(call(NR_STRUCT, (uint64_t)&x, NULL, 0), -ENOSYS);
    x.cmd = 0;
    assert_int_equal(call(NR_STRUCT, (uint64_t)&x, NULL, 0), -ENOSYS);
    x.cmd = 0xffffffff;
    assert_int_equal(call(NR_STRUCT, (uint64_t)&x, NULL, 0), -ENOSYS);
    assert_int_equal(call(NR_STRUCT, 0, NULL, 0), -EFAULT);
    x.cmd = 1;
    x.version = 4;
    x.arg.result = 0;
    trace[0] = '\0';
    y = x;
    assert_int_equal(call(NR_STRUCT, (uint64_t)&x, NULL, 0), -EACCES);
    assert_string_equal(trace, "d");
    assert_memory_equal(&x, &y, sizeof(x));
}

static void multicall_each_entry_by_itself(void **state)
{
    struct arg x = { .domid = 2, .value = 3 };
    struct multicall_entry e[4] = {
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
        { .op = NR_TEST, .args = { 0, (uint64_t)&x } },
        { .op = __HYPERVISOR_multicall, .args = { 0, 0 } },
        { .op = 4000 },
    };

    (void)state;
    fake_allow_all = false;
    assert_int_equal(call(__HYPERVISOR_multicall, (uint64_t)e, (void *)4, 0), -EACCES);
    fake_xsm_except(SID_A, 0, SECCLASS_MISC_OP, MISC_OP__MULTICALL);
    fake_xsm_except(SID_A, 0, SECCLASS_VERSION_OP, VERSION_OP__VERSION);
    assert_int_equal(call(__HYPERVISOR_multicall, (uint64_t)e, (void *)4, 0), 0);
    assert_int_equal(e[0].result, 4 << 16 | 17);
    assert_int_equal(e[1].result, (uint64_t)-EACCES);
    assert_int_equal(e[2].result, (uint64_t)-EINVAL);
    assert_int_equal(e[3].result, (uint64_t)-ENOSYS);
    assert_int_equal(call(__HYPERVISOR_multicall, 0, (void *)1, 0), -EFAULT);
    assert_int_equal(call(__HYPERVISOR_multicall, 0, (void *)0, 0), 0);
}

static void multicall_preempted_goes_on(void **state)
{
    struct multicall_entry e[3] = {
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
    };
    unsigned calls = 1;
    long rc;

    (void)state;
    fake_preempt = true;
    rc = call(__HYPERVISOR_multicall, (uint64_t)e, (void *)3, 0);
    while (rc == -ERESTART) {
        calls++;
        rc = hypercall_dispatch(&hc);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(calls, 3);
    assert_int_equal(e[2].result, 4 << 16 | 17);
}

static void multicall_continues_inside_an_entry(void **state)
{
    enum { N = 100 };
    struct arg x[N];
    struct multicall_entry e[1] = { { .op = NR_TEST, .args = { 5, (uint64_t)x, N } } };
    unsigned calls = 1;
    long rc;

    (void)state;
    for (unsigned i = 0; i < N; i++) {
        x[i] = (struct arg){ .domid = 2, .value = i + 1 };
    }
    fake_preempt = true;
    rc = call(__HYPERVISOR_multicall, (uint64_t)e, (void *)1, 0);
    while (rc == -ERESTART) {
        calls++;
        rc = hypercall_dispatch(&hc);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(calls, 2);
    assert_int_equal(e[0].result, 0);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(x[i].result, i + 1001);
    }
}

static void version_texts_fill_their_fields(void **state)
{
    xen_extraversion_t extra;
    xen_capabilities_info_t caps;
    xen_commandline_t cmdline;
    struct xen_feature_info features = { .submap_idx = 0 };

    (void)state;
    memset(extra, 0x55, sizeof(extra));
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_version, NULL, 0), 0x40011);
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_extraversion, extra, 0), 0);
    assert_string_equal(extra, ".0-bulkhead");
    assert_int_equal(extra[15], 0);
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_capabilities, caps, 0), 0);
    assert_int_equal(caps[1023], 0);
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_get_features, &features, 0), 0);
    assert_int_equal(features.submap, 0x00012305);
    features.submap_idx = 1;
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_get_features, &features, 0), -EINVAL);
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_pagesize, NULL, 0), 4096);
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_commandline, cmdline, 0), 0);
    assert_string_equal(cmdline, "console=com1");
    assert_true(fake_asked(SID_A, XSM_SID_XEN, SECCLASS_VERSION, VERSION__XEN_COMMANDLINE, true));
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_build_id, NULL, 0), -ENODATA);
    assert_int_equal(call(__HYPERVISOR_xen_version, 11, NULL, 0), -ENOSYS);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(unknown_numbers_enosys_without_effect),
        T(plain_allowed_runs_in_order),
        T(plain_denied_eacces_nothing_written),
        T(plain_decode_refuses_unasked),
        T(plain_act_fails_no_copy_out),
        T(plain_bad_pointer_efault),
        T(self_target_uses_no_reference),
        T(own_question_asks_the_self_label),
        T(absent_is_asked_about_first),
        T(target_of_a_device_model_has_the_relation_s_label),
        T(one_other_count_einval),
        T(chosen_and_optional_questions),
        T(batch_each_element_asked),
        T(batch_denied_per_element),
        T(batch_preempted_goes_on_with_the_rest),
        T(batch_bad_counts),
        T(struct_rows_by_command),
        T(multicall_each_entry_by_itself),
        T(multicall_preempted_goes_on),
        T(multicall_continues_inside_an_entry),
        T(version_texts_fill_their_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
