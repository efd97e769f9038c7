/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own policy engine, for host programs: it has the last word on constraints and bounds. One policy at a time. Classes and
 * permissions go by name, as the engine's own numbers are those of the hypervisor.
 */
#ifndef BH_POLICY_DECIDE_H
#define BH_POLICY_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Load a policy. @return NULL; else why it was refused (static text or until the next call) */
const char *decide_begin(const uint8_t *image, size_t size);
void decide_end(void);

/** Number of a context; -1: it is none. */
int64_t decide_context(const char *context);

/** The engine's number of a class, -1: the hypervisor does not know it; and the bit of its permission, 0: not known. */
int decide_class(const char *name);
uint32_t decide_perm(int tclass, const char *name);

/** Which of `perms` (the engine's bits) are allowed. */
uint32_t decide_allowed(int64_t source, int64_t target, int tclass, uint32_t perms);

#endif
