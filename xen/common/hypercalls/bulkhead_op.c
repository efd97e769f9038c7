/* SPDX-License-Identifier: Apache-2.0 */
/* bulkhead_op: the few interfaces of our own. */
#include "families.h"

#include <xen/guest_access.h>
#include <xen/measure.h>

#include <public/bulkhead.h>

#include "audit_op.h"
#include "control_op.h"
#include "policy_change.h"

#define READ_MAX (64u * 1024u)
#define CHUNK 512u

static int log_read_decode(struct call *c)
{
    const struct bulkhead_log_read *a = c->arg;

    return a->pad != 0 || a->size > READ_MAX ? -EINVAL : 0;
}

static long log_read_act(struct call *c)
{
    struct bulkhead_log_read *a = c->arg;
    size_t done = 0, total = 0, n;
    uint8_t chunk[CHUNK];

    do {
        n = measure_log_read(a->offset + done, chunk, min((size_t)(a->size - done), sizeof(chunk)),
                             &total);
        if (n != 0 && copy_to_guest(a->buffer + done, chunk, n) != 0) {
            return -EFAULT;
        }
        done += n;
    } while (n != 0 && done < a->size);
    a->total = total;
    return (long)done;
}

static const struct hypercall_row rows[] = {
    [BULKHEAD_log_read] =
        ROW(BULKHEAD_log_read, sizeof(struct bulkhead_log_read), sizeof(struct bulkhead_log_read),
            log_read_decode, ASK(Q(CALLER, XEN, BULKHEAD, LOG_READ)),
            log_read_act),
    [BULKHEAD_audit_read] =
        ROW_FLAGS(BULKHEAD_audit_read, sizeof(struct bulkhead_audit_read),
                  sizeof(struct bulkhead_audit_read), ROW_OUT_ALWAYS, audit_read_decode,
                  ASK(Q(CALLER, XEN, BULKHEAD, AUDIT_READ)), audit_read_act),
    [BULKHEAD_audit_seal] =
        ROW_FLAGS(BULKHEAD_audit_seal, sizeof(struct bulkhead_audit_seal),
                  sizeof(struct bulkhead_audit_seal), ROW_OUT_ALWAYS, audit_seal_decode,
                  ASK(Q(CALLER, XEN, BULKHEAD, AUDIT_SEAL)), audit_seal_act),
    [BULKHEAD_policy_change] =
        ROW_FLAGS(BULKHEAD_policy_change, sizeof(struct bulkhead_policy_change),
                  sizeof(struct bulkhead_policy_change), ROW_OUT_ALWAYS, policy_change_decode,
                  ASK_AND("a relabelling asks as FLASK_RELABEL_DOMAIN does",
                          Q_OPTIONAL_CHOSEN(CALLER, SECURITY, FLASK_OP,
                                            FLASK_OP__LOAD | FLASK_OP__COMMITBOOLS | FLASK_OP__RELABEL_DOMAIN)),
                  policy_change_act),
    [BULKHEAD_domain_info] =
        ROW(BULKHEAD_domain_info, sizeof(struct bulkhead_domain_info), sizeof(struct bulkhead_domain_info),
            domain_info_decode, ASK(Q(CALLER, TARGET, BULKHEAD, DOMAIN_INFO)), domain_info_act),
    [BULKHEAD_domain_restart] =
        ROW(BULKHEAD_domain_restart, sizeof(struct bulkhead_domain_restart), 0, domain_restart_decode,
            ASK(Q(CALLER, TARGET, BULKHEAD, DOMAIN_RESTART)), domain_restart_act),
};

const struct hypercall_family bulkhead_op_family = {
    .name = "bulkhead_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 1,
};
