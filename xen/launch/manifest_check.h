/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold between the nodes of a manifest, once all are read. */
#ifndef LAUNCH_MANIFEST_CHECK_H
#define LAUNCH_MANIFEST_CHECK_H

#include "manifest.h"

/**
 * Unique numbers, names and functions, one owner of the TPM, every module there and named.
 * @return 0; -EINVAL, err names the nodes
 */
int manifest_check(const struct manifest *m, unsigned module_count,
                   struct launch_error *err) must_check;

/** Bring the domains into start order: lower start-order first, ties by domid. */
void manifest_sort(struct manifest *m);

#endif
