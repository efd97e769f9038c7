/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit records for a domain that the policy lets read them, and what seals them: the heads of all CPUs' hash
 * chains as one measured event. The measurement log is finite, so seals are few and leave room; see measure_audit_seal().
 *
 * Whether there is a CPU of that number is looked at in act: who may not read must not learn it from the error.
 */
#include "audit_op.h"

#include <xen/guest_access.h>
#include <xen/measure.h>
#include <xen/sha256.h>
#include <xen/time.h>
#include <xen/vcpu_timers.h>

#include <public/bulkhead.h>

#define READ_MAX (64u * 1024u)
#define CHUNK 2u             /* records on the stack */
#define SEAL_PERIOD_NS (10 * NS_PER_S)

int audit_read_decode(struct call *c)
{
    const struct bulkhead_audit_read *a = c->arg;

    return a->pad != 0 || a->size > READ_MAX || a->size % sizeof(struct bulkhead_audit_record) != 0 ?
           -EINVAL : 0;
}

static void tell_position(struct bulkhead_audit_read *a, const struct xsm_audit_position *pos)
{
    a->next = pos->next;
    a->limited = pos->limited;
    memcpy(a->head, pos->head, sizeof(a->head));
}

long audit_read_act(struct call *c)
{
    struct bulkhead_audit_read *a = c->arg;
    struct bulkhead_audit_record rec[CHUNK];
    struct xsm_audit_position pos;
    size_t want = a->size / sizeof(rec[0]), done = 0, n;
    int rc;

    a->cpu_count = xsm_audit_cpu_count();
    rc = xsm_audit_read(a->cpu, a->from, rec, min(want, (size_t)CHUNK), &n, &pos);
    if (rc != 0) {
        return rc;
    }
    a->first = pos.first;
    a->lost = pos.lost;
    do {
        if (n != 0 && copy_to_guest(a->buffer + done * sizeof(rec[0]), rec, n * sizeof(rec[0])) != 0) {
            return -EFAULT;
        }
        done += n;
        tell_position(a, &pos);
        if (n == 0 || done == want) {
            break;
        }
        rc = xsm_audit_read(a->cpu, a->next, rec, min(want - done, (size_t)CHUNK), &n, &pos);
        /* What the writer has overtaken meanwhile is for the next call to report. */
    } while (rc == 0 && pos.lost == 0);
    return (long)(done * sizeof(rec[0]));
}

int audit_seal_decode(struct call *c)
{
    const struct bulkhead_audit_seal *a = c->arg;

    return a->pad != 0 ? -EINVAL : 0;
}

/* Heads of all CPUs, to the guest and into the digest: nothing is measured that the caller could not learn. */
static int collect_heads(struct bulkhead_audit_seal *a)
{
    struct xsm_audit_position pos;
    struct sha256 hash;
    size_t n;
    int rc;

    a->records = 0;
    sha256_init(&hash);
    for (unsigned cpu = 0; cpu < a->cpu_count; cpu++) {
        struct bulkhead_audit_head head;

        rc = xsm_audit_read(cpu, UINT64_MAX, NULL, 0, &n, &pos);
        if (rc != 0) {
            return rc;
        }
        head.next = pos.next;
        memcpy(head.head, pos.head, sizeof(head.head));
        if (copy_to_guest(a->buffer + cpu * sizeof(head), &head, sizeof(head)) != 0) {
            return -EFAULT;
        }
        a->records += pos.next;
        sha256_update(&hash, &head, sizeof(head));
    }
    sha256_final(&hash, a->digest);
    return 0;
}

long audit_seal_act(struct call *c)
{
    static bool sealing;         /* atomic: one at a time */
    static uint64_t not_before;  /* who seals */
    struct bulkhead_audit_seal *a = c->arg;
    int rc;

    a->cpu_count = xsm_audit_cpu_count();
    a->pad2 = 0;
    if (a->size / sizeof(struct bulkhead_audit_head) < a->cpu_count) {
        return -EINVAL;
    }
    if (__atomic_exchange_n(&sealing, true, __ATOMIC_ACQUIRE)) {
        return -EAGAIN;
    }
    rc = time_now_ns() < not_before ? -EAGAIN : collect_heads(a);
    if (rc == 0) {
        rc = vcpu_measure_turn(c->vcpu);
    }
    if (rc == 0) {
        rc = measure_audit_seal(a->digest, a->cpu_count, a->records);
        measure_turn_end();
        /* Also when the log has no room: a turn is somebody else's loss. */
        not_before = time_now_ns() + SEAL_PERIOD_NS;
    }
    __atomic_store_n(&sealing, false, __ATOMIC_RELEASE);
    return rc;
}
