/* SPDX-License-Identifier: Apache-2.0 */
/* BULKHEAD_audit_read and BULKHEAD_audit_seal: their rows stand with bulkhead_op's. */
#ifndef HYPERCALLS_AUDIT_OP_H
#define HYPERCALLS_AUDIT_OP_H

#include <xen/hypercall_row.h>

call_decode_fn audit_read_decode, audit_seal_decode;
call_act_fn audit_read_act, audit_seal_act;

#endif
