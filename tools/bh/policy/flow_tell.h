/* SPDX-License-Identifier: Apache-2.0 */
/* A path of information, for people and for programs: each step with the permissions that make it and the rules that give them. */
#ifndef BH_POLICY_FLOW_TELL_H
#define BH_POLICY_FLOW_TELL_H

#include <stdio.h>

#include <json-c/json.h>

#include "flow.h"
#include "rules.h"

/* Rules behind the steps of some paths; empty for a binary policy, whose rules have no places. */
struct flow_rules {
    struct rules found;
    const struct flow_use **asked; /* by question */
};

struct flow_teller {
    const struct source *source;
    const struct model *model;
    const struct flow *flow;
    const struct flow_limits *limits;
    struct flow_rules rules;
};

/** Look up the rules of all these edges at once. @return false: reported */
bool flow_rules_find(struct flow_teller *t, const size_t *edges, size_t count, struct messages *m);
void flow_rules_free(struct flow_rules *r);

/** Of one path, each line begun with `indent`. */
void flow_path_text(const struct flow_teller *t, const size_t *edges, size_t count, const char *indent, FILE *out);
json_object *flow_path_json(const struct flow_teller *t, const size_t *edges, size_t count);

/** "grant_op { map_read }, event { bind }": what makes an edge; owned. */
char *flow_edge_words(const struct flow_teller *t, const struct flow_edge *e);
/** The lightest of some edges. */
unsigned int flow_weakest(const struct flow *f, const size_t *edges, size_t count);

#endif
