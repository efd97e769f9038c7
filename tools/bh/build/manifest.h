/* SPDX-License-Identifier: Apache-2.0 */
/* The launch manifest: what the hypervisor builds at start. docs/formats.md, "Launch manifest". */
#ifndef BH_BUILD_MANIFEST_H
#define BH_BUILD_MANIFEST_H

#include "image.h"

/**
 * Write the manifest of a host.
 *
 * @param image  modules and labels of all domains are known
 * @param out    the flattened device tree, appended
 */
bool manifest_write(const struct image *image, struct buf *out, struct diag *diag);

#endif
