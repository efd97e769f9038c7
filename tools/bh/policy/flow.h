/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where information goes: a graph whose nodes are the types of a policy, and whose edges are what permissions move, after a permission
 * map. `A may read B's memory` is an edge from B to A. A path is what can be passed on by those in between, if they all want to.
 */
#ifndef BH_POLICY_FLOW_H
#define BH_POLICY_FLOW_H

#include "model.h"
#include "permission_map.h"

/* Permissions of one class that move something along an edge: source and target as in a rule. */
struct flow_use {
    uint16_t from, to;         /* nodes */
    uint16_t source, target, tclass;
    uint32_t perms;
    uint8_t weights[32];       /* of each permission */
};

struct flow_edge {
    uint16_t from, to;
    size_t first, count;       /* its uses, in flow.uses */
    unsigned int weight;       /* of its heaviest permission */
};

struct flow {
    size_t node_count;         /* as the model's types */
    struct flow_use *uses;     /* sorted by from, to, source, class */
    size_t use_count;
    struct flow_edge *edges;   /* sorted by from, to */
    size_t edge_count;
    size_t *out_of;            /* node_count + 1 indices into edges */
    size_t *into_edges;        /* edges sorted by to, from */
    size_t *into;              /* node_count + 1 indices into into_edges */
};

/* What is to be left out of account. */
struct flow_limits {
    const bool *excluded;      /* by node: nothing passes through; as beginning and end they count. NULL: none */
    unsigned int weight;       /* permissions with less count as nothing */
    unsigned int steps;        /* longest path; 0: any */
};

#define FLOW_FAR 0xffffffffu

/* Who can be reached, and over which edge the nearest way comes. */
struct flow_reached {
    unsigned int *steps;       /* by node; FLOW_FAR: not at all */
    size_t *by;                /* by node: its last edge */
};

/** The graph of a policy. @return false: a permission that somebody has is not in the map, which is reported; nothing is held */
bool flow_build(struct flow *f, const struct model *p, const struct permission_map *map, struct messages *m);

/** The same from uses (count of them, owned by `f` from then on), in any order. */
void flow_of_uses(struct flow *f, size_t node_count, struct flow_use *uses, size_t count);
void flow_free(struct flow *f);

/** Permissions of a use that count under limits. */
uint32_t flow_perms(const struct flow_use *u, const struct flow_limits *limits);

/** From one node, forward; or, backward, what reaches it. */
void flow_search(const struct flow *f, int start, bool backward, const struct flow_limits *limits, struct flow_reached *out);
void flow_reached_free(struct flow_reached *r);

/** One shortest path, as edges; owned. @return its length; `node` must have been reached forward */
size_t flow_path(const struct flow *f, const struct flow_reached *r, int node, size_t **edges);

/** All shortest paths, `most` at most, one after another in *edges, owned; each has r->steps[node] edges. @return how many; `most` + 1: more */
size_t flow_paths(const struct flow *f, const struct flow_reached *r, int node, const struct flow_limits *limits, size_t most, size_t **edges);

/** The edge between two nodes; NULL: none. */
const struct flow_edge *flow_edge_find(const struct flow *f, int from, int to);

#endif
