/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of one host: the kinds and rules of policy/, and a generated file with one type pair
 * and one kind per domain, one macro call per connection. They are compiled together (policy_image.h),
 * so that the neverallow rules of policy/assertions.cil judge the result.
 */
#ifndef BH_BUILD_POLICY_H
#define BH_BUILD_POLICY_H

#include "buf.h"
#include "host.h"

/** Security context of a domain; owned. Its XenStore subtree has the same. */
char *policy_label(const struct host_domain *d);

/**
 * What only the policy knows to be wrong with a description: names it uses itself, back ends of a
 * kind that does not serve.
 */
bool policy_check(const struct host *host, const char *tree, struct diag *diag);

/** Files of policy/ that every host has, in the order of compilation, before the kinds; NULL at the end. */
extern const char *const policy_common[];

/** A CIL file of the host's own, where it is; owned. */
char *policy_own_file(const struct host *host, size_t i);

/** Kinds there are in policy/kinds. @return how many; *kinds owned (names_free) */
size_t policy_kinds(const char *tree, char ***kinds);

/** Are they in one network of one backend, so that what one sends may come to the other? */
bool policy_meet(const struct host_domain *a, const struct host_domain *b);

/** The generated file. */
void policy_cil(const struct host *host, struct buf *out);

#endif
