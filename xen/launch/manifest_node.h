/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one node of the manifest: its properties by a table, its values with their bounds. */
#ifndef LAUNCH_MANIFEST_NODE_H
#define LAUNCH_MANIFEST_NODE_H

#include "fdt.h"

/* The pass over the tree that all nodes share. */
struct manifest_reader {
    struct fdt_reader fdt;
    struct fdt_item item; /* the token read last */
    struct launch_error *err;
};

/** Next token; errors are prefixed with "manifest: ". @return 0; -EINVAL */
int node_next(struct manifest_reader *r) must_check;

/**
 * Which of the names is the property read last? Each may come once.
 *
 * @param names  count names, at most 32
 * @param seen   in, out: bit per name
 * @return its index; -EINVAL unknown or duplicate
 */
int node_property(struct manifest_reader *r, const char *const *names, unsigned count,
                  uint32_t *seen) must_check;

/** Are all the required ones there, at the end of the node at path? @return 0; -EINVAL */
int node_require(struct manifest_reader *r, const char *path, const char *const *names,
                 unsigned count, uint32_t required, uint32_t seen) must_check;

/* The value of the property read last. @return 0; -EINVAL, err says what was expected */
int node_u32(struct manifest_reader *r, uint32_t low, uint32_t high, uint32_t *out) must_check;
int node_u64(struct manifest_reader *r, uint64_t low, uint64_t high, uint64_t *out) must_check;
/** One printable string of up to max bytes with NUL; *out points into the image. */
int node_string(struct manifest_reader *r, size_t max, const char **out) must_check;
/** A list of exactly these strings, in any order; others are refused. */
int node_compatible(struct manifest_reader *r, const char *const *words, unsigned count,
                    uint32_t *found) must_check;
/** Refuse the value, naming what was expected. */
int node_refuse(struct manifest_reader *r, const char *expected) must_check;
/** Refuse the child node just begun. */
int node_refuse_child(struct manifest_reader *r) must_check;

#endif
