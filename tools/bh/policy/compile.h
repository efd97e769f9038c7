/* SPDX-License-Identifier: Apache-2.0 */
/* CIL to a binary policy, by libsepol: the bytes that secilc writes with the options of policy/files.mk. */
#ifndef BH_POLICY_COMPILE_H
#define BH_POLICY_COMPILE_H

#include <stdbool.h>

#include <sepol/policydb.h>

#include "source.h"

#define POLICY_VERSION_XEN 30U /* the newest that is written for Xen; it has labels for whole devices of a device tree */
#define POLICY_VERSION_XEN_OLD 24U

/**
 * Compile all files of a source.
 *
 * @param extra  CIL after them, as file "(query)"; NULL: none
 * @param log    gets libsepol's words, as far as there are any: see said.h; NULL: they become messages
 * @param m      gets mistakes, with places and hints; untouched when `log` is given
 * @return the policy, the caller's (sepol_policydb_free()); NULL: refused
 */
sepol_policydb_t *compile_source(const struct source *s, const char *extra, struct buf *log, struct messages *m);

/** The same of CIL without looking at assertions (neverallow) and bounds. */
sepol_policydb_t *compile_unchecked(const struct source *s, const char *extra, struct messages *m);

/**
 * Compile CIL, or read what is binary already.
 *
 * @return the policy, the caller's; NULL: reported
 */
sepol_policydb_t *compile_policy(const struct source *s, struct messages *m);

/** Is it a version that Xen's format has? 24 and 30 are what compilers write. */
bool compile_version(unsigned int version);

/** Bytes of a policy; false: it cannot be written for Xen, and `m` says why. */
bool compile_image(sepol_policydb_t *db, struct buf *image, struct messages *m);
/** The same in a version of the format. */
bool compile_image_version(sepol_policydb_t *db, unsigned int version, struct buf *image, struct messages *m);

#endif
