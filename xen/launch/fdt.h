/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of flattened device trees: one pass, token by token, every access bounded. It keeps the path
 * of the node it is in, for error messages. Nothing is allocated or changed; strings and values point
 * into the image.
 * Source: Devicetree Specification v0.4, chapter 5.
 */
#ifndef LAUNCH_FDT_H
#define LAUNCH_FDT_H

#include "error.h"

#define FDT_READER_MAGIC 0xd00dfeedu
#define FDT_READER_DEPTH 8
#define FDT_READER_PATH 128
#define FDT_READER_NAME 64 /* longest node or property name, with NUL */

struct fdt_reader {
    const uint8_t *data;
    uint32_t pos, struct_end;       /* offsets in data */
    uint32_t strings, strings_end;
    unsigned depth;                 /* nodes open */
    bool ended;                     /* the root has been closed */
    bool child_seen[FDT_READER_DEPTH + 1]; /* properties come before child nodes */
    uint16_t path_len[FDT_READER_DEPTH + 1];
    char path[FDT_READER_PATH];     /* of the innermost open node */
};

enum fdt_item_type { FDT_ITEM_NODE, FDT_ITEM_PROPERTY, FDT_ITEM_NODE_END, FDT_ITEM_DONE };

struct fdt_item {
    enum fdt_item_type type;
    const char *name;     /* node or property, NUL-terminated */
    const uint8_t *value; /* property */
    uint32_t size;        /* bytes of value */
};

/** Does the image start with the magic of a device tree? */
bool fdt_reader_recognise(const uint8_t *data, size_t size);

/**
 * Check the header. The image must have exactly the size the header states.
 * @return 0; -EINVAL, err says at which offset
 */
int fdt_reader_init(struct fdt_reader *r, const uint8_t *data, size_t size,
                    struct launch_error *err) must_check;

/**
 * Next token. After FDT_ITEM_DONE the tree is complete and nothing follows.
 * @return 0; -EINVAL malformed, err says at which offset
 */
int fdt_reader_next(struct fdt_reader *r, struct fdt_item *item,
                    struct launch_error *err) must_check;

/** Big-endian cell at value + 4 * index; the caller has checked the size. */
uint32_t fdt_reader_cell(const struct fdt_item *item, unsigned index);

#endif
