/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cpio archive of what a ramdisk holds. Entries are sorted by path before they are written, so
 * that neither the order of a recipe nor that of a folder on disk shows in the result. All belong
 * to root, all have one time.
 */
#ifndef BH_BUILD_CPIO_H
#define BH_BUILD_CPIO_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "buf.h"
#include "diag.h"

struct cpio_item {
    char *path;      /* absolute */
    mode_t mode;     /* with the file type */
    struct buf data;
    char *target;    /* of a link */
    dev_t device;    /* of a node */
};

struct cpio {
    struct cpio_item *items;
    size_t count;
};

/** The item of this path, or NULL. */
struct cpio_item *cpio_find(const struct cpio *cpio, const char *path);

/** Add an item. @return it, valid until the next one is added */
struct cpio_item *cpio_add(struct cpio *cpio, const char *path, mode_t mode);

/**
 * Add folders that hold something but are not there, sort, and write.
 *
 * @param name  whose archive it is, for messages
 * @param time  of every entry
 * @param out   the archive, appended, uncompressed
 */
bool cpio_write(struct cpio *cpio, const char *name, time_t time, struct buf *out,
                struct diag *diag);

void cpio_free(struct cpio *cpio);

#endif
