/* SPDX-License-Identifier: Apache-2.0 */
/* The binary policy of one host, compiled by what `bh policy` is made of: mistakes name the line of the description. */
#ifndef BH_BUILD_POLICY_IMAGE_H
#define BH_BUILD_POLICY_IMAGE_H

#include "host.h"
#include "inputs.h"

/**
 * Compile.
 *
 * @param tree    source tree, with policy/
 * @param cil     what policy_cil() made
 * @param image   gets the bytes
 * @param inputs  gets the files of policy/
 */
bool policy_image(const struct host *host, const char *tree, const struct buf *cil, struct buf *image, struct inputs *inputs,
                  struct diag *diag);

#endif
