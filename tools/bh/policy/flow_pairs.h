/* SPDX-License-Identifier: Apache-2.0 */
/* Between which domains information goes without a third one: over channels, memory, nodes or things that both have to do with. */
#ifndef BH_POLICY_FLOW_PAIRS_H
#define BH_POLICY_FLOW_PAIRS_H

#include "model.h"
#include "permission_map.h"

struct flow_pair {
    const char *from, *to;  /* borrowed of the model */
    unsigned int weight;    /* of the first step's heaviest permission */
};

struct flow_pairs {
    struct flow_pair *list; /* sorted by names */
    size_t count;
};

/** @return false: as flow_build(); nothing is held */
bool flow_pairs_find(struct flow_pairs *out, const struct model *p, const struct permission_map *map, struct messages *m);
void flow_pairs_free(struct flow_pairs *f);

/** Order of two pairs, for merging lists. */
int flow_pair_order(const struct flow_pair *a, const struct flow_pair *b);

#endif
