/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "parties.h"

int flow_pair_order(const struct flow_pair *a, const struct flow_pair *b)
{
    int from = strcmp(a->from, b->from);

    return from != 0 ? from : strcmp(a->to, b->to);
}

static int order(const void *a, const void *b)
{
    return flow_pair_order(a, b);
}

static void pairs_from(struct flow_pairs *out, const struct model *p, const struct flow *f, const enum party *party, size_t from,
                       const struct flow_limits *limits)
{
    struct flow_reached r;

    flow_search(f, (int)from, false, limits, &r);
    for (size_t to = 0; to < p->type_count; to++) {
        size_t *edges;

        if (to == from || party[to] != PARTY_DOMAIN || r.steps[to] == FLOW_FAR) {
            continue;
        }
        (void)flow_path(f, &r, (int)to, &edges);
        out->list = bh_grow(out->list, out->count + 1, sizeof(*out->list));
        out->list[out->count++] = (struct flow_pair){ p->types[from], p->types[to], f->edges[edges[0]].weight };
        free(edges);
    }
    flow_reached_free(&r);
}

bool flow_pairs_find(struct flow_pairs *out, const struct model *p, const struct permission_map *map, struct messages *m)
{
    struct flow_limits limits = { 0 };
    enum party *party;
    struct flow f;
    bool *no_third;

    *out = (struct flow_pairs){ 0 };
    if (!flow_build(&f, p, map, m)) {
        return false;
    }
    party = parties_of(p);
    no_third = bh_alloc(p->type_count + 1);
    for (size_t i = 0; i < p->type_count; i++) {
        no_third[i] = party[i] == PARTY_DOMAIN || (int)i == party_boot(p);
    }
    limits.excluded = no_third;
    for (size_t from = 0; from < p->type_count; from++) {
        if (party[from] == PARTY_DOMAIN) {
            pairs_from(out, p, &f, party, from, &limits);
        }
    }
    if (out->count > 0) {
        qsort(out->list, out->count, sizeof(*out->list), order);
    }
    free(no_third);
    free(party);
    flow_free(&f);
    return true;
}

void flow_pairs_free(struct flow_pairs *f)
{
    free(f->list);
    *f = (struct flow_pairs){ 0 };
}
