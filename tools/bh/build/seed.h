/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The XenStore seed: every node that a toolstack would have written for each domain, so that a
 * static host needs none. docs/formats.md, "XenStore seed"; names and meaning from Xen's
 * xenstore-paths document and public/io/{blkif,netif,xs_wire}.h.
 */
#ifndef BH_BUILD_SEED_H
#define BH_BUILD_SEED_H

#include "image.h"

/**
 * Write the seed of a host whose labels are known.
 *
 * @param store_label  security context of a domain's subtree; called once per domain, the result
 *                     is owned by the caller of the callback
 */
void seed_write(const struct image *image, char *(*store_label)(const struct host_domain *d),
                struct buf *out);

#endif
