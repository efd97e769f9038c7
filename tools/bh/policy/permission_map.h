/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which way information goes when a permission is used: policy/permission_map, in the format of SETools.
 *
 *   COUNT                     of classes
 *   class NAME COUNT          of permissions
 *   PERMISSION WAY WEIGHT     r: target to source, w: source to target, b: both, n: neither, u: nobody has thought about it
 *
 * Weights are 1 to 10: how much can go that way. Lines that begin with # are comments. A policy that grants a permission of
 * which the map says nothing, or `u`, gets no answer about its flow.
 */
#ifndef BH_POLICY_PERMISSION_MAP_H
#define BH_POLICY_PERMISSION_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "message.h"
#include "verb.h"

#define PERMISSION_MAP_WEIGHT_MAX 10

struct mapped {
    char *perm;
    char way;              /* r, w, b, n, u */
    unsigned int weight;
};

struct mapped_class {
    char *name;
    struct mapped *perms;
    size_t perm_count;
};

struct permission_map {
    char *name;            /* of its file */
    struct mapped_class *classes;
    size_t class_count;
};

/** @param name  for messages @return false: reported, and nothing is held */
bool permission_map_read(struct permission_map *map, const char *name, const char *text, size_t len, struct messages *m);

/** The map of a verb: `file`, what --map names; NULL: the source tree's. */
bool permission_map_load(struct permission_map *map, const struct verb_options *o, const char *file, struct messages *m);

/** NULL: the map has no such permission. */
const struct mapped *permission_map_find(const struct permission_map *map, const char *tclass, const char *perm);

void permission_map_free(struct permission_map *map);

#endif
