/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes and tables of nodes by path. The store's contents are one such table, a transaction's
 * private changes another; both hold the same structure.
 *
 * A node owns its value, its permission list and the names of its children, which lie one after
 * the other, each with its NUL, as XS_DIRECTORY returns them.
 */
#ifndef XENSTORE_NODE_H
#define XENSTORE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a permission entry allows; the owner has all three. */
#define ACCESS_READ 1u
#define ACCESS_WRITE 2u
#define ACCESS_OWNER 4u

struct perm {
    uint16_t domid;
    uint16_t access;                 /* ACCESS_READ | ACCESS_WRITE */
};

/* Flags of a node in a transaction's table; in the store's table only NODE_DATA and NODE_SEEDED. */
#define NODE_DATA 1u                 /* value, perms and children are filled in */
#define NODE_DELETED 2u
#define NODE_EVENT 4u                /* to be reported to watches when committed */
#define NODE_EXACT 8u                /* ... only to watches on exactly this node */
#define NODE_SEEDED 16u              /* named by a line of the seed */

struct node {
    struct node *chain;              /* next in its hash bucket */
    struct node *order;              /* next to be reported, in order of first change */
    struct node *todo;               /* work list of a deletion */
    uint64_t generation;             /* store: of the last change; transaction: of the store's node
                                        when first looked at, 0 for none */
    uint32_t hash;
    uint32_t flags;
    uint32_t path_len;
    uint32_t value_len;
    uint32_t children_len;
    uint32_t perm_count;
    struct perm *perms;              /* first one: owner, and access of all others */
    uint8_t *value;
    char *children;
    char path[];                     /* absolute, NUL at path_len */
};

struct node_map {
    struct node **buckets;
    uint32_t bucket_count;           /* power of two, 0 before the first insertion */
    uint32_t count;
};

uint32_t node_hash(const char *path, size_t length);

/** A node without data, not in any table; NULL when memory is out. */
struct node *node_new(const char *path, size_t length);
void node_free(struct node *node);

/** Bytes that the node takes, for accounting. */
size_t node_cost(const struct node *node);

/* The following return 0 or -XEN_ENOMEM, and leave the node as it was on failure. */
int node_set_value(struct node *node, const uint8_t *value, size_t length);
int node_set_perms(struct node *node, const struct perm *perms, uint32_t count);
int node_copy_data(struct node *node, const struct node *from);
int node_add_child(struct node *node, const char *name, size_t length);

/** Exchange the data of two nodes; cannot fail. */
void node_swap_data(struct node *a, struct node *b);
void node_drop_data(struct node *node);
void node_remove_child(struct node *node, const char *name, size_t length);

struct node *map_find(const struct node_map *map, const char *path, size_t length);

/** Make the table's first buckets, so that insertions cannot fail later: 0 or -XEN_ENOMEM. */
int map_prepare(struct node_map *map);

/** Put a node into a prepared table; cannot fail (a table that cannot grow only gets slower). */
void map_insert(struct node_map *map, struct node *node);
void map_remove(struct node_map *map, struct node *node);

/** Free all nodes and the table. */
void map_destroy(struct node_map *map);

/** Length of the path of the parent of a node below the root ("/a" -> 1, "/a/b" -> 2). */
size_t path_parent_len(const char *path, size_t length);

#endif
