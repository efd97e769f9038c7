/* SPDX-License-Identifier: Apache-2.0 */
/* Every hypercall and sub-operation that the public headers name, and ours. */
#ifndef MEDIATION_CALLS_H
#define MEDIATION_CALLS_H

#include <public/bulkhead.h>
#include <public/domctl.h>
#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/vcpu.h>
#include <public/version.h>
#include <public/xsm/flask_op.h>

static const struct {
    unsigned int nr, op;
    const char *name;
} calls[] = {
#define OP(nr, op, name) { nr, op, name },
#include <mediation_ops.h>
#undef OP
    { __HYPERVISOR_bulkhead_op, BULKHEAD_log_read, "BULKHEAD_log_read" },
    { __HYPERVISOR_bulkhead_op, BULKHEAD_audit_read, "BULKHEAD_audit_read" },
    { __HYPERVISOR_bulkhead_op, BULKHEAD_audit_seal, "BULKHEAD_audit_seal" },
    { __HYPERVISOR_bulkhead_op, BULKHEAD_policy_change, "BULKHEAD_policy_change" },
    { __HYPERVISOR_dm_op, 0, "dm_op" },
    { 56, 0, "56" }, { 57, 0, "57" }, { 58, 0, "58" }, { 59, 0, "59" }, { 60, 0, "60" }, { 61, 0, "61" },
    { 62, 0, "62" }, { 63, 0, "63" },
};

#endif
