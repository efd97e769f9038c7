/* SPDX-License-Identifier: Apache-2.0 */
/* The files that domains are built from, kernels and ramdisks, each once, as modules. */
#ifndef BH_BUILD_MODULES_H
#define BH_BUILD_MODULES_H

#include <time.h>

#include "debian.h"
#include "image.h"
#include "inputs.h"

struct modules_context {
    struct image *image;
    const char *folder;  /* of the description: file: and recipe: are relative to it */
    const char *build;   /* build folder */
    struct debian *debian;
    struct inputs *inputs;
    time_t time;         /* of files in ramdisks */
    struct diag *diag;
};

/** Add every domain's kernel to the image. */
bool modules_kernels(const struct modules_context *mc);

/** Add every domain's ramdisk, but that of the xenstore domain, which is derived. */
bool modules_ramdisks(const struct modules_context *mc);

#endif
