/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain reads the audit records of what it was refused, checks their hash chain, and has their state sealed.
 *
 * Source: <public/bulkhead.h>, BULKHEAD_audit_read and BULKHEAD_audit_seal; the built-in policy lets the initial domain do
 * both. With a correct hypervisor every refusal is a record, or counted in one that says how many are missing, also when
 * two vCPUs are refused all the time; each record bears the hash of the one before. A broken one loses refusals
 * silently, writes past the buffer, follows wild pointers, or seals something else than it tells.
 */
#include "../guest.h"

#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include <public/bulkhead.h>
#include <public/xsm/flask_op.h>
#include <xen/sha256.h>

#define CPUS 2u
#define FLOOD 3000u

static struct bulkhead_audit_record record[256];
static uint64_t from[CPUS];
static uint8_t head[CPUS][32];

static long audit_read(struct bulkhead_audit_read *a)
{
    return hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_audit_read, (unsigned long)a, 0, 0, 0);
}

static long audit_seal(struct bulkhead_audit_seal *a)
{
    return hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_audit_seal, (unsigned long)a, 0, 0, 0);
}

/* Something that the built-in policy refuses. */
static long be_refused(void)
{
    struct xen_flask_op op = { .cmd = FLASK_SETENFORCE, .interface_version = XEN_FLASK_INTERFACE_VERSION };

    return hc_xsm_op(&op);
}

static bool is_text(const char *field, size_t size, const char *text)
{
    return strlen(text) < size && strcmp(field, text) == 0;
}

static bool is_ours(const struct bulkhead_audit_record *r)
{
    return r->kind == BULKHEAD_AUDIT_denied && is_text(r->op, sizeof(r->op), "FLASK_SETENFORCE");
}

/* What came of all CPUs since the last time: refusals of ours, and those that are counted as lost. */
static struct sum {
    uint64_t refused, lost, records, wrong;
    struct bulkhead_audit_record last;
} collect(void)
{
    struct sum sum = { .refused = 0 };

    for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
        struct bulkhead_audit_read a = { .cpu = cpu, .size = sizeof(record), .buffer = (uint64_t)(uintptr_t)record };
        long bytes;

        while ((void)(a.from = from[cpu]), (bytes = audit_read(&a)) > 0) {
            uint64_t n = (uint64_t)bytes / sizeof(record[0]);

            sum.wrong += (uint64_t)bytes % sizeof(record[0]) != 0 || a.first != from[cpu] || a.lost != 0 ||
                         a.next != a.first + n || a.cpu_count != CPUS;
            for (uint64_t i = 0; i < n; i++) {
                const struct bulkhead_audit_record *r = &record[i];

                sum.wrong += r->seq != from[cpu] + i || r->cpu != cpu || memcmp(r->previous, head[cpu], 32) != 0;
                sum.records++;
                sum.lost += r->kind == BULKHEAD_AUDIT_lost ? r->count : 0;
                if (is_ours(r)) {
                    sum.refused++;
                    sum.last = *r;
                }
                sha256(r, sizeof(*r), head[cpu]);
            }
            sum.wrong += memcmp(a.head, head[cpu], 32) != 0;
            from[cpu] = a.next;
        }
        sum.wrong += bytes != 0;
    }
    return sum;
}

static void test_own_refusal(void)
{
    struct xen_flask_op op = { .cmd = FLASK_SID_TO_CONTEXT, .interface_version = XEN_FLASK_INTERFACE_VERSION };
    struct sum sum = collect();
    static char context[64];
    uint64_t before = time_now_ns();
    const struct bulkhead_audit_record *r = &sum.last;

    tap_ok(sum.records > 0 && sum.wrong == 0, "%lu records since the start, in order and chained", sum.records);
    tap_is(be_refused(), -XEN_EACCES, "a refusal");
    sum = collect();
    tap_ok(sum.refused == 1 && sum.records == 1 && sum.wrong == 0, "is one record");
    tap_ok(r->version == BULKHEAD_AUDIT_VERSION && r->allowed == 0 && r->permissive == 0 && r->pad == 0,
           "of a call that did not go on");
    tap_ok(is_text(r->class_name, sizeof(r->class_name), "flask_op") &&
           is_text(r->permission_names, sizeof(r->permission_names), "setenforce"), "with class and permission");
    tap_is(r->have, BULKHEAD_AUDIT_HAVE_domid | BULKHEAD_AUDIT_HAVE_op, "and the details that there are");
    tap_ok(r->domid == 0 && r->target == 0 && r->port == 0 && r->gref == 0 && r->irq == 0 && r->device == 0 &&
           r->frame == 0 && r->range_first == 0 && r->range_last == 0 && r->count == 0 && r->boolean[0] == 0,
           "and nothing else");
    tap_ok(r->time_ns + NS_PER_S > before && r->time_ns < time_now_ns() + NS_PER_S, "at its time");
    op.u.sid_context.sid = r->ssid;
    op.u.sid_context.size = sizeof(context);
    set_xen_guest_handle(op.u.sid_context.context, context);
    tap_is(hc_xsm_op(&op), 0, "its source has a context");
    tap_ok(strcmp(context, "system_u:system_r:dom0_t") == 0, "which is ours: %s", context);
}

static volatile unsigned int go;

static void flood(void *arg)
{
    (void)arg;
    while (!go) {
        cpu_relax();
    }
    for (unsigned int i = 0; i < FLOOD; i++) {
        (void)be_refused();
    }
}

/* As many as the limit lets through, and the rest counted: not one is missing, whichever vCPU it came from. */
static void test_flood(void)
{
    uint64_t refused = 0, lost = 0, wrong = 0;
    uint64_t end;

    tap_is(smp_start(1, flood, NULL), 0, "another vCPU");
    go = 1;
    flood(NULL);
    smp_wait(1);
    end = time_now_ns() + 4 * NS_PER_S;
    while (refused + lost < 2 * FLOOD && time_now_ns() < end) {
        struct sum sum = collect();

        refused += sum.refused;
        lost += sum.lost;
        wrong += sum.wrong;
    }
    tap_is((long)(refused + lost), 2 * FLOOD, "of %u refusals every one is a record (%lu) or counted (%lu)",
           2 * FLOOD, refused, lost);
    tap_ok(lost > 0 && refused >= 200, "the limit was at work");
    tap_is((long)wrong, 0, "in order and chained");
}

static void test_arguments(void)
{
    struct bulkhead_audit_read a = { .size = sizeof(record[0]) }, good = a;
    long rc;

    good.buffer = (uint64_t)(uintptr_t)record;
    tap_is(NOT_REFUSED(-XEN_EFAULT, audit_read(bad)) + NOT_REFUSED(-XEN_EFAULT, audit_seal(bad)), 0,
           "bad pointers to the argument");
    tap_is(NOT_REFUSED(-XEN_EFAULT, (a.buffer = (uint64_t)(uintptr_t)bad, audit_read(&a))), 0, "and to the buffer");
    a = good;
    a.pad = 1;
    tap_is(audit_read(&a), -XEN_EINVAL, "pad");
    a = good;
    a.size = 255;
    tap_is(audit_read(&a), -XEN_EINVAL, "half a record");
    a.size = 64 * 1024 + 256;
    tap_is(audit_read(&a), -XEN_EINVAL, "more than 64 KiB");
    a.size = ~255u;
    tap_is(audit_read(&a), -XEN_EINVAL, "4 GiB");
    for (uint32_t cpu = CPUS; cpu != 0; cpu = cpu == CPUS ? 0x80000000u : cpu == 0x80000000u ? ~0u : 0) {
        a = good;
        a.cpu = cpu;
        rc = audit_read(&a);
        tap_ok(rc == -XEN_ENOENT && a.cpu_count == CPUS, "no CPU %u, there are %u", cpu, a.cpu_count);
    }
    a = good;
    a.from = ~0ul;
    tap_ok(audit_read(&a) == 0 && a.next < ~0ul && a.lost == 0, "nothing from 2^64-1 on");
    memset(record, 0x77, sizeof(record));
    a = good;
    tap_ok(audit_read(&a) == sizeof(record[0]) && a.next == a.first + 1, "one record");
    tap_ok(((uint8_t *)&record[1])[0] == 0x77, "and not a byte more");
}

static bool log_ends_with_seal_of(const uint8_t digest[32])
{
    static const char hex[] = "0123456789abcdef", name[] = "audit-seal sha256=";
    static uint8_t log[8192];
    struct bulkhead_log_read a = { .buffer = (uint64_t)(uintptr_t)log, .size = sizeof(log) };
    char text[sizeof(name) + 64] = "audit-seal sha256=";
    long n = hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_log_read, (unsigned long)&a, 0, 0, 0);

    for (unsigned int i = 0; i < 32; i++) {
        text[sizeof(name) - 1 + 2 * i] = hex[digest[i] >> 4];
        text[sizeof(name) + 2 * i] = hex[digest[i] & 15];
    }
    for (long i = 0; i + (long)sizeof(text) < n; i++) {
        if (memcmp(log + i, text, sizeof(text) - 1) == 0) {
            return true;
        }
    }
    return false;
}

static void test_seal(void)
{
    static struct bulkhead_audit_head heads[CPUS];
    struct bulkhead_audit_seal a = { .buffer = (uint64_t)(uintptr_t)heads, .size = sizeof(heads) - 1 }, good;
    struct bulkhead_audit_read r = { .cpu = 0 };
    uint8_t digest[32];

    tap_ok(audit_seal(&a) == -XEN_EINVAL && a.cpu_count == CPUS, "too little room for the heads");
    a.size = sizeof(heads);
    a.pad = 1;
    tap_is(audit_seal(&a), -XEN_EINVAL, "pad");
    a.pad = 0;
    good = a;
    tap_is(NOT_REFUSED(-XEN_EFAULT, (a.buffer = (uint64_t)(uintptr_t)bad, audit_seal(&a))), 0, "bad pointers to them");
    a = good;
    tap_is(audit_seal(&a), 0, "sealed");
    sha256(heads, sizeof(heads), digest);
    tap_ok(memcmp(digest, a.digest, 32) == 0 && a.records == heads[0].next + heads[1].next, "the heads that it told");
    for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
        r = (struct bulkhead_audit_read){ .cpu = cpu, .from = heads[cpu].next };
        tap_ok(audit_read(&r) == 0 && r.next == heads[cpu].next && memcmp(r.head, heads[cpu].head, 32) == 0,
               "those of the records of CPU %u", cpu);
    }
    tap_ok(log_ends_with_seal_of(digest), "and it is in the measurement log");
    tap_is(audit_seal(&a), -XEN_EAGAIN, "not again at once");
}

void stub_main(void)
{
    tap_plan(0);
    test_own_refusal();
    test_arguments();
    test_flood();
    test_seal();
    tap_done();
}
