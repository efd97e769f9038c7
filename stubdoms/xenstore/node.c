/* SPDX-License-Identifier: Apache-2.0 */
#include "node.h"

#include <public/errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_MIN 8u

/* FNV-1a; paths are few and short, and the store's size is bounded by quotas. */
uint32_t node_hash(const char *path, size_t length)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < length; i++) {
        h = (h ^ (uint8_t)path[i]) * 16777619u;
    }
    return h;
}

struct node *node_new(const char *path, size_t length)
{
    struct node *node = malloc(sizeof(*node) + length + 1);

    if (node == NULL) {
        return NULL;
    }
    memset(node, 0, sizeof(*node));
    memcpy(node->path, path, length);
    node->path[length] = '\0';
    node->path_len = (uint32_t)length;
    node->hash = node_hash(path, length);
    return node;
}

void node_drop_data(struct node *node)
{
    free(node->perms);
    free(node->value);
    free(node->children);
    node->perms = NULL;
    node->value = NULL;
    node->children = NULL;
    node->perm_count = 0;
    node->value_len = 0;
    node->children_len = 0;
    node->flags &= ~NODE_DATA;
}

void node_free(struct node *node)
{
    node_drop_data(node);
    free(node);
}

size_t node_cost(const struct node *node)
{
    /*
     * The name's place in the parent is charged here, not to the parent: else filling a directory
     * would use up the quota of the directory's owner.
     */
    return sizeof(*node) + 2 * ((size_t)node->path_len + 1) + node->value_len +
           node->perm_count * sizeof(struct perm);
}

/* A private copy; an empty one is NULL and no failure. */
static int copy_bytes(void **out, const void *from, size_t length)
{
    *out = NULL;
    if (length == 0) {
        return 0;
    }
    *out = malloc(length);
    if (*out == NULL) {
        return -XEN_ENOMEM;
    }
    memcpy(*out, from, length);
    return 0;
}

int node_set_value(struct node *node, const uint8_t *value, size_t length)
{
    void *copy;

    if (copy_bytes(&copy, value, length) != 0) {
        return -XEN_ENOMEM;
    }
    free(node->value);
    node->value = copy;
    node->value_len = (uint32_t)length;
    return 0;
}

int node_set_perms(struct node *node, const struct perm *perms, uint32_t count)
{
    void *copy;

    if (copy_bytes(&copy, perms, count * sizeof(*perms)) != 0) {
        return -XEN_ENOMEM;
    }
    free(node->perms);
    node->perms = copy;
    node->perm_count = count;
    return 0;
}

int node_copy_data(struct node *node, const struct node *from)
{
    void *perms, *value = NULL, *children = NULL;

    if (copy_bytes(&perms, from->perms, from->perm_count * sizeof(*from->perms)) != 0 ||
        copy_bytes(&value, from->value, from->value_len) != 0 ||
        copy_bytes(&children, from->children, from->children_len) != 0) {
        free(perms);
        free(value);
        return -XEN_ENOMEM;
    }
    node_drop_data(node);
    node->perms = perms;
    node->perm_count = from->perm_count;
    node->value = value;
    node->value_len = from->value_len;
    node->children = children;
    node->children_len = from->children_len;
    node->flags |= NODE_DATA;
    return 0;
}

void node_swap_data(struct node *a, struct node *b)
{
    struct node t = *a;

    a->perms = b->perms;
    a->perm_count = b->perm_count;
    a->value = b->value;
    a->value_len = b->value_len;
    a->children = b->children;
    a->children_len = b->children_len;
    b->perms = t.perms;
    b->perm_count = t.perm_count;
    b->value = t.value;
    b->value_len = t.value_len;
    b->children = t.children;
    b->children_len = t.children_len;
}

int node_add_child(struct node *node, const char *name, size_t length)
{
    char *grown = realloc(node->children, node->children_len + length + 1);

    if (grown == NULL) {
        return -XEN_ENOMEM;
    }
    memcpy(grown + node->children_len, name, length);
    grown[node->children_len + length] = '\0';
    node->children = grown;
    node->children_len += (uint32_t)length + 1;
    return 0;
}

void node_remove_child(struct node *node, const char *name, size_t length)
{
    uint32_t at = 0;

    while (at < node->children_len) {
        size_t n = strlen(node->children + at);

        if (n == length && memcmp(node->children + at, name, n) == 0) {
            node->children_len -= (uint32_t)n + 1;
            memmove(node->children + at, node->children + at + n + 1, node->children_len - at);
            return;
        }
        at += (uint32_t)n + 1;
    }
}

struct node *map_find(const struct node_map *map, const char *path, size_t length)
{
    uint32_t hash = node_hash(path, length);

    if (map->bucket_count == 0) {
        return NULL;
    }
    for (struct node *n = map->buckets[hash & (map->bucket_count - 1)]; n != NULL; n = n->chain) {
        if (n->hash == hash && n->path_len == length && memcmp(n->path, path, length) == 0) {
            return n;
        }
    }
    return NULL;
}

static int resize(struct node_map *map, uint32_t count)
{
    struct node **fresh = calloc(count, sizeof(*fresh));

    if (fresh == NULL) {
        return -XEN_ENOMEM;
    }
    for (uint32_t i = 0; i < map->bucket_count; i++) {
        struct node *n = map->buckets[i];

        while (n != NULL) {
            struct node *next = n->chain;
            struct node **slot = &fresh[n->hash & (count - 1)];

            n->chain = *slot;
            *slot = n;
            n = next;
        }
    }
    free(map->buckets);
    map->buckets = fresh;
    map->bucket_count = count;
    return 0;
}

int map_prepare(struct node_map *map)
{
    return map->bucket_count != 0 ? 0 : resize(map, BUCKETS_MIN);
}

void map_insert(struct node_map *map, struct node *node)
{
    struct node **slot;

    if (map->count >= map->bucket_count * 2) {
        (void)resize(map, map->bucket_count * 4);
    }
    slot = &map->buckets[node->hash & (map->bucket_count - 1)];
    node->chain = *slot;
    *slot = node;
    map->count++;
}

void map_remove(struct node_map *map, struct node *node)
{
    struct node **slot = &map->buckets[node->hash & (map->bucket_count - 1)];

    while (*slot != node) {
        slot = &(*slot)->chain;
    }
    *slot = node->chain;
    node->chain = NULL;
    map->count--;
}

void map_destroy(struct node_map *map)
{
    for (uint32_t i = 0; i < map->bucket_count; i++) {
        while (map->buckets[i] != NULL) {
            struct node *n = map->buckets[i];

            map->buckets[i] = n->chain;
            node_free(n);
        }
    }
    free(map->buckets);
    memset(map, 0, sizeof(*map));
}

size_t path_parent_len(const char *path, size_t length)
{
    while (length > 1 && path[length - 1] != '/') {
        length--;
    }
    return length > 1 ? length - 1 : 1;
}
