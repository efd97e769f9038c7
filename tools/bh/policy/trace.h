/* SPDX-License-Identifier: Apache-2.0 */
/* A policy that has everything written down that it allows, for recording what a host decides. */
#ifndef BH_POLICY_TRACE_H
#define BH_POLICY_TRACE_H

#include <stdbool.h>

#include <sepol/policydb.h>

/** Add an auditallow rule for every allow rule, those that hang on booleans too. @return false: out of memory */
bool trace_add(sepol_policydb_t *policy);

#endif
