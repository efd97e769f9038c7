/* SPDX-License-Identifier: Apache-2.0 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

static int by_use(const void *a, const void *b)
{
    const struct flow_use *x = a, *y = b;

    return x->from != y->from ? (x->from < y->from ? -1 : 1) :
           x->to != y->to ? (x->to < y->to ? -1 : 1) :
           x->source != y->source ? (x->source < y->source ? -1 : 1) :
           x->tclass != y->tclass ? (x->tclass < y->tclass ? -1 : 1) : 0;
}

static void edges(struct flow *f)
{
    struct flow_edge *e = f->edges = bh_alloc((f->use_count + 1) * sizeof(*f->edges));

    for (size_t i = 0; i < f->use_count; i++) {
        const struct flow_use *u = &f->uses[i];

        if (i == 0 || e->from != u->from || e->to != u->to) {
            e = &f->edges[f->edge_count++];
            *e = (struct flow_edge){ .from = u->from, .to = u->to, .first = i };
        }
        e->count++;
        for (unsigned int bit = 0; bit < 32; bit++) {
            e->weight = (u->perms >> bit & 1) && u->weights[bit] > e->weight ? u->weights[bit] : e->weight;
        }
    }
}

/* Which edges begin and end at each node; edges are sorted by where they begin, and so are those that end together. */
static void ends(struct flow *f)
{
    size_t *at = bh_alloc((f->node_count + 1) * sizeof(*at));

    f->out_of = bh_alloc((f->node_count + 1) * sizeof(*f->out_of));
    f->into = bh_alloc((f->node_count + 1) * sizeof(*f->into));
    f->into_edges = bh_alloc((f->edge_count + 1) * sizeof(*f->into_edges));
    for (size_t i = 0; i < f->edge_count; i++) {
        f->out_of[f->edges[i].from + 1]++;
        f->into[f->edges[i].to + 1]++;
    }
    for (size_t n = 0; n < f->node_count; n++) {
        f->out_of[n + 1] += f->out_of[n];
        f->into[n + 1] += f->into[n];
        at[n] = f->into[n];
    }
    for (size_t i = 0; i < f->edge_count; i++) {
        f->into_edges[at[f->edges[i].to]++] = i;
    }
    free(at);
}

void flow_of_uses(struct flow *f, size_t node_count, struct flow_use *uses, size_t count)
{
    *f = (struct flow){ .node_count = node_count, .uses = uses, .use_count = count };
    if (count > 0) {
        qsort(uses, count, sizeof(*uses), by_use);
    }
    edges(f);
    ends(f);
}

void flow_free(struct flow *f)
{
    free(f->uses);
    free(f->edges);
    free(f->out_of);
    free(f->into);
    free(f->into_edges);
    *f = (struct flow){ 0 };
}

uint32_t flow_perms(const struct flow_use *u, const struct flow_limits *limits)
{
    uint32_t perms = u->perms;

    for (unsigned int bit = 0; bit < 32; bit++) {
        if (u->weights[bit] < limits->weight) {
            perms &= ~(1u << bit);
        }
    }
    return perms;
}

void flow_search(const struct flow *f, int start, bool backward, const struct flow_limits *limits, struct flow_reached *out)
{
    uint16_t *queue = bh_alloc((f->node_count + 1) * sizeof(*queue));
    const size_t *index = backward ? f->into : f->out_of;
    size_t head = 0, tail = 0;

    out->steps = bh_alloc((f->node_count + 1) * sizeof(*out->steps));
    out->by = bh_alloc((f->node_count + 1) * sizeof(*out->by));
    for (size_t n = 0; n < f->node_count; n++) {
        out->steps[n] = FLOW_FAR;
    }
    out->steps[start] = 0;
    queue[tail++] = (uint16_t)start;
    while (head < tail) {
        uint16_t n = queue[head++];

        if ((limits->excluded != NULL && limits->excluded[n] && n != start) || (limits->steps > 0 && out->steps[n] == limits->steps)) {
            continue;
        }
        for (size_t i = index[n]; i < index[n + 1]; i++) {
            size_t edge = backward ? f->into_edges[i] : i;
            uint16_t next = backward ? f->edges[edge].from : f->edges[edge].to;

            if (f->edges[edge].weight >= limits->weight && out->steps[next] == FLOW_FAR) {
                out->steps[next] = out->steps[n] + 1;
                out->by[next] = edge;
                queue[tail++] = next;
            }
        }
    }
    free(queue);
}

void flow_reached_free(struct flow_reached *r)
{
    free(r->steps);
    free(r->by);
    *r = (struct flow_reached){ 0 };
}

size_t flow_path(const struct flow *f, const struct flow_reached *r, int node, size_t **path)
{
    size_t length = r->steps[node];

    *path = bh_alloc((length + 1) * sizeof(**path));
    for (size_t i = length; i-- > 0;) {
        (*path)[i] = r->by[node];
        node = f->edges[r->by[node]].from;
    }
    return length;
}

/* Ways back from a node to the start, the last `depth` edges of which stand in `path`. */
struct ways {
    const struct flow *f;
    const struct flow_reached *r;
    const struct flow_limits *limits;
    size_t length, most, count;
    size_t *path, *found;
};

static void back(struct ways *w, uint16_t node)
{
    size_t left = w->r->steps[node];

    if (left == 0) {
        if (w->count < w->most) {
            w->found = bh_grow(w->found, (w->count + 1) * w->length, sizeof(*w->found));
            memcpy(w->found + w->count * w->length, w->path, w->length * sizeof(*w->path));
        }
        w->count++;
        return;
    }
    for (size_t i = w->f->into[node]; i < w->f->into[node + 1] && w->count <= w->most; i++) {
        const struct flow_edge *e = &w->f->edges[w->f->into_edges[i]];
        bool through = w->limits->excluded == NULL || !w->limits->excluded[e->from] || left == 1;

        if (through && e->weight >= w->limits->weight && w->r->steps[e->from] == left - 1) {
            w->path[left - 1] = w->f->into_edges[i];
            back(w, e->from);
        }
    }
}

size_t flow_paths(const struct flow *f, const struct flow_reached *r, int node, const struct flow_limits *limits, size_t most, size_t **found)
{
    struct ways w = { .f = f, .r = r, .limits = limits, .length = r->steps[node], .most = most };

    w.path = bh_alloc((w.length + 1) * sizeof(*w.path));
    back(&w, (uint16_t)node);
    free(w.path);
    *found = w.found;
    return w.count;
}

const struct flow_edge *flow_edge_find(const struct flow *f, int from, int to)
{
    for (size_t i = f->out_of[from]; i < f->out_of[from + 1]; i++) {
        if (f->edges[i].to == to) {
            return &f->edges[i];
        }
    }
    return NULL;
}
