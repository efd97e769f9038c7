/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks about a permission: the hypervisor, by its hypercall table and beside it, or a domain that serves others. */
#ifndef BH_POLICY_ASKED_H
#define BH_POLICY_ASKED_H

#include "model.h"

/**
 * Does anybody ask a policy that has the model's classes about it?
 *
 * @param instead  out, when not: the finer class that is asked about in its place; NULL: nothing is
 */
bool asked_about(const struct model *p, const char *tclass, const char *perm, const char **instead);

#endif
