/* SPDX-License-Identifier: Apache-2.0 */
/* A valid launch manifest in memory, made with libfdt, for tests to bend. */
#ifndef TEST_TREE_H
#define TEST_TREE_H

#include <stddef.h>
#include <stdint.h>

#define TREE_MODULES 5 /* manifest, policy, kernel, two ramdisks */

struct tree {
    uint8_t work[65536];  /* being edited */
    uint8_t bytes[65536]; /* packed, after tree_finish() */
};

/**
 * Two domains: 1 "store" (xenstore function, start-order 5, modules 2 and 3), 18 "guest" (all optional
 * properties, start-order 2, modules 2 and 4).
 */
void tree_init(struct tree *t);
/** Set cells of a property of the node at path; count 0: empty property. */
void tree_cells(struct tree *t, const char *path, const char *name, unsigned count, ...);
void tree_string(struct tree *t, const char *path, const char *name, const char *value);
void tree_bytes(struct tree *t, const char *path, const char *name, const void *value, size_t size);
void tree_remove(struct tree *t, const char *path, const char *name);
void tree_add_node(struct tree *t, const char *parent, const char *name);
/** A complete domain with kernel module 2; unit is the node's name. */
void tree_add_domain(struct tree *t, const char *unit, unsigned domid, const char *name,
                     unsigned ramdisk);
void tree_remove_node(struct tree *t, const char *path);
/** Pack; size of the image in t->bytes. */
size_t tree_finish(struct tree *t);

#define TREE_HV "/chosen/hypervisor"
#define TREE_CONFIG TREE_HV "/config"
#define TREE_STORE TREE_HV "/domain@1"
#define TREE_GUEST TREE_HV "/domain@12"

#endif
