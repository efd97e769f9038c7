/* SPDX-License-Identifier: Apache-2.0 */
/* BULKHEAD_policy_change: its row stands with bulkhead_op's, what it does with xsm_op. */
#ifndef HYPERCALLS_POLICY_CHANGE_H
#define HYPERCALLS_POLICY_CHANGE_H

#include <xen/hypercall_row.h>

call_decode_fn policy_change_decode;
call_act_fn policy_change_act;

#endif
