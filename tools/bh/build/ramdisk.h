/* SPDX-License-Identifier: Apache-2.0 */
/* From a recipe to a ramdisk: a gzip-compressed cpio archive, same bytes for same inputs. */
#ifndef BH_BUILD_RAMDISK_H
#define BH_BUILD_RAMDISK_H

#include <stdbool.h>
#include <time.h>

#include "buf.h"
#include "debian.h"
#include "diag.h"
#include "inputs.h"
#include "origin.h"
#include "recipe.h"

/* A file that the description of the host gives, for `host` entries. */
struct ramdisk_derived {
    const char *name;
    struct buf data;
};

struct ramdisk_context {
    const char *build;       /* folder of `built` files */
    struct debian *debian;
    struct inputs *inputs;   /* gets every file that went in */
    time_t time;             /* of every file in the archive */
    struct diag *diag;
    const struct ramdisk_derived *derived;
    size_t derived_count;
};

/**
 * Collect what a recipe names and write the archive.
 *
 * @param out     the compressed archive, appended
 * @param origin  what went in, added
 */
bool ramdisk_build(const struct ramdisk_context *rc, const struct recipe *recipe, struct buf *out,
                   struct origin *origin);

#endif
