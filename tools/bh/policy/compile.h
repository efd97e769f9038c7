/* SPDX-License-Identifier: Apache-2.0 */
/* CIL to a binary policy, by libsepol: the same compiler and options as the build's. */
#ifndef BH_POLICY_COMPILE_H
#define BH_POLICY_COMPILE_H

#include <stdbool.h>

#include <sepol/policydb.h>

#include "source.h"

#define POLICY_VERSION_XEN 30U /* the newest that is written for Xen */

/**
 * Compile all files of a source.
 *
 * @param extra  CIL after them, as file "(query)"; NULL: none
 * @param log    gets libsepol's words, as far as there are any: see said.h; NULL: they become messages
 * @param m      gets mistakes, with places and hints; untouched when `log` is given
 * @return the policy, the caller's (sepol_policydb_free()); NULL: refused
 */
sepol_policydb_t *compile_source(const struct source *s, const char *extra, struct buf *log, struct messages *m);

/** Bytes of a policy; false: out of memory, or it cannot be written for Xen. */
bool compile_image(sepol_policydb_t *db, struct buf *image, struct messages *m);

#endif
