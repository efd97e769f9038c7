/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of legacy mode: policy/legacy.cil, compiled and embedded. */
#ifndef XSM_BUILTIN_POLICY_H
#define XSM_BUILTIN_POLICY_H

#include <xen/types.h>

extern const uint8_t builtin_policy[], builtin_policy_end[];

#endif
