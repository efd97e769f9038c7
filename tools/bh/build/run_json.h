/* SPDX-License-Identifier: Apache-2.0 */
/* run.json: what `bh run` needs of an image. Its reader, tools/bh/run/config.h, has the format. */
#ifndef BH_BUILD_RUN_JSON_H
#define BH_BUILD_RUN_JSON_H

#include "image.h"

void run_json(const struct image *image, struct buf *out);

#endif
