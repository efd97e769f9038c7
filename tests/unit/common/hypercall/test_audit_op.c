/* SPDX-License-Identifier: Apache-2.0 */
/* BULKHEAD_audit_read and _audit_seal over the engine's rings and the measurement log as they are; only guest memory is fake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <openssl/sha.h>

#include <flask/audit_ring.h>
#include <xen/measure.h>
#include <xen/vcpu_timers.h>
#include <public/bulkhead.h>

#include "../../../../xen/common/hypercalls/audit_op.h"
#include "../../../../xsm-flask/host/env.h"
#include "../../../../xen/common/measure/internal.h"
#include "fake.h"

#define RECORD sizeof(struct bulkhead_audit_record)

static struct bulkhead_audit_record got[300];
static struct bulkhead_audit_head heads[4];
static uint8_t firmware[MEASURE_LOG_SIZE];

/* The turn at the TPM, which somebody else may have. */
static int turn;
static bool held;

void turn_init(void)
{
}

int vcpu_measure_turn(struct vcpu *v)
{
    (void)v;
    assert_false(held);
    held = turn == 0;
    return turn;
}

void measure_turn_end(void)
{
    assert_true(held);
    held = false;
}

static int setup(void **state)
{
    const struct measure_setup m = { .buf = firmware, .buf_size = sizeof(firmware) };
    static uint64_t start_ns = 1000;

    (void)state;
    fake_core_reset();
    start_ns += 100 * 1000000000ull; /* when the last seal was is remembered over all cases */
    fake_now_ns = start_ns;
    host_env_cpu = 0;
    fake_fault_first = fake_fault_last = 0;
    memset(got, 0xee, sizeof(got));
    assert_int_equal(audit_ring_init(3), 0);
    return measure_init(&m);
}

static int teardown(void **state)
{
    (void)state;
    audit_ring_fini();
    assert_int_equal(host_env_live, 0);
    return 0;
}

static void write_records(unsigned cpu, unsigned n)
{
    host_env_cpu = cpu;
    while (n-- > 0) {
        struct bulkhead_audit_record r = { .kind = BULKHEAD_AUDIT_denied, .port = n };

        audit_ring_write(&r);
    }
}

/* decode, then act, as the dispatcher has it. */
static long run(call_decode_fn *decode, call_act_fn *act, void *arg)
{
    static struct call c;
    int rc;

    c.arg = arg;
    rc = decode(&c);
    return rc != 0 ? rc : act(&c);
}

static long read_from(struct bulkhead_audit_read *a, uint32_t cpu, uint64_t from, uint32_t size)
{
    *a = (struct bulkhead_audit_read){ .cpu = cpu, .from = from, .size = size, .buffer = (uint64_t)got };
    return run(audit_read_decode, audit_read_act, a);
}

static long seal(struct bulkhead_audit_seal *a, uint32_t size)
{
    *a = (struct bulkhead_audit_seal){ .size = size, .buffer = (uint64_t)heads };
    return run(audit_seal_decode, audit_seal_act, a);
}

static void read_in_parts_until_the_end(void **state)
{
    struct bulkhead_audit_read a;
    uint8_t head[32] = { 0 };

    (void)state;
    write_records(1, 101);
    assert_int_equal(read_from(&a, 1, 0, 30 * RECORD), 30 * RECORD);
    assert_int_equal(a.cpu_count, 3);
    assert_int_equal(a.first, 0);
    assert_int_equal(a.next, 30);
    assert_int_equal(a.lost, 0);
    for (unsigned i = 0; i < 30; i++) {
        assert_int_equal(got[i].seq, i);
        assert_int_equal(got[i].port, 100 - i);
        assert_memory_equal(got[i].previous, head, 32);
        SHA256((const uint8_t *)&got[i], RECORD, head);
    }
    assert_memory_equal(a.head, head, 32);
    assert_int_equal(((uint8_t *)&got[30])[0], 0xee);     /* not a byte more than asked for */
    assert_int_equal(read_from(&a, 1, 30, 256 * RECORD), 71 * RECORD);
    assert_int_equal(a.next, 101);
    assert_int_equal(got[70].seq, 100);
    assert_int_equal(read_from(&a, 1, 101, RECORD), 0);
    assert_int_equal(a.next, 101);
    assert_int_equal(read_from(&a, 1, UINT64_MAX, RECORD), 0);
    assert_int_equal(a.next, 101);
    assert_int_equal(read_from(&a, 2, 0, RECORD), 0);
    assert_int_equal(a.next, 0);
}

static void read_overwritten_counted_lost(void **state)
{
    struct bulkhead_audit_read a;

    (void)state;
    write_records(0, AUDIT_RING_RECORDS + 7);
    assert_int_equal(read_from(&a, 0, 2, 3 * RECORD), 3 * RECORD);
    assert_int_equal(a.first, 7);
    assert_int_equal(a.lost, 5);
    assert_int_equal(a.next, 10);
    assert_int_equal(got[0].seq, 7);
}

static void read_bad_arguments(void **state)
{
    struct bulkhead_audit_read a;

    (void)state;
    write_records(0, 5);
    assert_int_equal(read_from(&a, 0, 0, 1), -EINVAL);
    assert_int_equal(read_from(&a, 0, 0, RECORD + 8), -EINVAL);
    assert_int_equal(read_from(&a, 0, 0, 65536 + RECORD), -EINVAL);
    assert_int_equal(read_from(&a, 0, 0, ~0u), -EINVAL);
    a = (struct bulkhead_audit_read){ .pad = 1 };
    assert_int_equal(run(audit_read_decode, audit_read_act, &a), -EINVAL);
    assert_int_equal(read_from(&a, 3, 0, RECORD), -ENOENT);
    assert_int_equal(a.cpu_count, 3);
    assert_int_equal(read_from(&a, ~0u, 0, 0), -ENOENT);
    fake_fault_first = (vaddr_t)&got[1];
    fake_fault_last = fake_fault_first + 1;
    assert_int_equal(read_from(&a, 0, 0, RECORD), RECORD);
    assert_int_equal(read_from(&a, 0, 0, 4 * RECORD), -EFAULT);
}

static void seal_measures_what_it_tells(void **state)
{
    struct bulkhead_audit_seal a;
    struct bulkhead_audit_read r;
    static uint8_t log[4096];
    char text[200];
    uint8_t digest[32];
    size_t total, n;
    int at;

    (void)state;
    write_records(0, 3);
    write_records(2, 4);
    assert_int_equal(seal(&a, sizeof(heads)), 0);
    assert_int_equal(a.cpu_count, 3);
    assert_int_equal(a.records, 7);
    assert_int_equal(heads[0].next, 3);
    assert_int_equal(heads[1].next, 0);
    assert_int_equal(heads[2].next, 4);
    assert_int_equal(read_from(&r, 2, 4, 0), 0);
    assert_memory_equal(heads[2].head, r.head, 32);
    SHA256((const uint8_t *)heads, 3 * sizeof(heads[0]), digest);
    assert_memory_equal(a.digest, digest, 32);
    at = snprintf(text, sizeof(text), "audit-seal sha256=");
    for (unsigned i = 0; i < 32; i++) {
        at += snprintf(text + at, sizeof(text) - (size_t)at, "%02x", digest[i]);
    }
    at += snprintf(text + at, sizeof(text) - (size_t)at, " cpus=3 records=7");
    n = measure_log_read(0, log, sizeof(log), &total);
    assert_int_equal(n, total);
    assert_memory_equal(log + n - (size_t)at, text, (size_t)at);
}

static size_t log_size(void)
{
    uint8_t nothing;
    size_t total;

    measure_log_read(0, &nothing, 0, &total);
    return total;
}

static void seal_refused_measures_nothing(void **state)
{
    struct bulkhead_audit_seal a;
    size_t before;

    (void)state;
    before = log_size();
    assert_int_equal(seal(&a, 0), -EINVAL);
    assert_int_equal(a.cpu_count, 3);
    assert_int_equal(seal(&a, 3 * sizeof(heads[0]) - 1), -EINVAL);
    a.size = sizeof(heads);
    a.pad = 1;
    assert_int_equal(run(audit_seal_decode, audit_seal_act, &a), -EINVAL);
    fake_fault_first = (vaddr_t)&heads[2];
    fake_fault_last = fake_fault_first + 1;
    assert_int_equal(seal(&a, sizeof(heads)), -EFAULT);
    assert_int_equal(log_size(), before);
    fake_fault_first = fake_fault_last = 0;
    assert_int_equal(seal(&a, 3 * sizeof(heads[0])), 0);     /* a fault does not count as a seal */
    assert_true(log_size() > before);
    before = log_size();
    assert_int_equal(seal(&a, sizeof(heads)), -EAGAIN);
    fake_now_ns += 9999999999ull;
    assert_int_equal(seal(&a, sizeof(heads)), -EAGAIN);
    assert_int_equal(log_size(), before);
    fake_now_ns += 1;
    assert_int_equal(seal(&a, sizeof(heads)), 0);
    assert_true(log_size() > before);
}

static void seal_waits_for_its_turn(void **state)
{
    struct bulkhead_audit_seal a;
    size_t before = log_size();

    (void)state;
    for (unsigned i = 0; i < 3; i++) { /* reissued */
        turn = -ERESTART;
        assert_int_equal(seal(&a, sizeof(heads)), -ERESTART);
        assert_int_equal(log_size(), before);
    }
    turn = 0;
    assert_int_equal(seal(&a, sizeof(heads)), 0);
    assert_true(log_size() > before);
    assert_false(held);
    fake_now_ns += 10000000000ull;
    fake_fault_first = (uint64_t)heads;
    fake_fault_last = (uint64_t)heads;
    assert_int_equal(seal(&a, sizeof(heads)), -EFAULT);
    assert_false(held);
}

static void seal_leaves_room_for_changes_of_policy(void **state)
{
    struct bulkhead_audit_seal a;
    unsigned seals = 0;
    size_t before;

    (void)state;
    while (seal(&a, sizeof(heads)) == 0) {
        fake_now_ns += 10000000000ull;
        assert_true(seals++ < 5000);
    }
    assert_true(seals > 100);
    assert_int_equal(seal(&a, sizeof(heads)), -EAGAIN); /* it had its turn at the TPM */
    fake_now_ns += 10000000000ull;
    assert_int_equal(seal(&a, sizeof(heads)), -ENOSPC);
    before = log_size();
    assert_in_range(before, MEASURE_LOG_SIZE / 4 * 3, MEASURE_LOG_SIZE / 4 * 3 + 300);
    assert_int_equal(measure_lost_count(), 0);
    assert_int_equal(measure_setenforce(false), 0);
    assert_true(log_size() > before);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(read_in_parts_until_the_end),
        T(read_overwritten_counted_lost),
        T(read_bad_arguments),
        T(seal_measures_what_it_tells),
        T(seal_refused_measures_nothing),
        T(seal_waits_for_its_turn),
        T(seal_leaves_room_for_changes_of_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
