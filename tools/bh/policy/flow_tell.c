/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_tell.h"

#include <stdlib.h>
#include <string.h>

static bool asked_before(const struct flow_rules *r, size_t count, const struct flow_use *u)
{
    for (size_t i = 0; i < count; i++) {
        if (r->asked[i]->source == u->source && r->asked[i]->target == u->target && r->asked[i]->tclass == u->tclass) {
            return true;
        }
    }
    return false;
}

bool flow_rules_find(struct flow_teller *t, const size_t *edges, size_t count, struct messages *m)
{
    struct question *questions = NULL;
    size_t asked = 0;
    bool ok;

    t->rules = (struct flow_rules){ 0 };
    if (t->source->binary) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        const struct flow_edge *e = &t->flow->edges[edges[i]];

        for (size_t k = e->first; k < e->first + e->count; k++) {
            const struct flow_use *u = &t->flow->uses[k];

            if (flow_perms(u, t->limits) == 0 || asked_before(&t->rules, asked, u)) {
                continue;
            }
            questions = bh_grow(questions, asked + 1, sizeof(*questions));
            t->rules.asked = bh_grow(t->rules.asked, asked + 1, sizeof(*t->rules.asked));
            questions[asked] = (struct question){ t->model->types[u->source], t->model->types[u->target], t->model->classes[u->tclass],
                                                  NULL };
            t->rules.asked[asked++] = u;
        }
    }
    ok = rules_find(t->source, NULL, questions, asked, &t->rules.found, m);
    free(questions);
    if (!ok) {
        flow_rules_free(&t->rules);
    }
    return ok;
}

void flow_rules_free(struct flow_rules *r)
{
    rules_free(&r->found);
    free(r->asked);
    *r = (struct flow_rules){ 0 };
}

/* Is that rule behind the use? It answers its question, and gives one of its permissions. */
static bool behind(const struct flow_teller *t, const struct rule *r, const struct flow_use *u)
{
    const struct flow_use *q = t->rules.asked[r->question];
    uint32_t perms = flow_perms(u, t->limits);

    if (q->source != u->source || q->target != u->target || q->tclass != u->tclass) {
        return false;
    }
    for (size_t i = 0; i < r->perm_count; i++) {
        int bit = model_perm_named(t->model, u->tclass, r->perms[i]);

        if (strcmp(r->perms[i], "all") == 0 || (bit >= 0 && (perms >> bit & 1))) {
            return true;
        }
    }
    return false;
}

static unsigned int use_weight(const struct flow_use *u, uint32_t perms)
{
    unsigned int weight = 0;

    for (unsigned int bit = 0; bit < 32; bit++) {
        weight = (perms >> bit & 1) && u->weights[bit] > weight ? u->weights[bit] : weight;
    }
    return weight;
}

char *flow_edge_words(const struct flow_teller *t, const struct flow_edge *e)
{
    struct buf text = { 0 };

    for (size_t k = e->first; k < e->first + e->count; k++) {
        const struct flow_use *u = &t->flow->uses[k];
        uint32_t perms = flow_perms(u, t->limits);
        char *names = model_perm_names(t->model, u->tclass, perms);

        if (perms != 0) {
            buf_printf(&text, "%s%s { %s }", text.len > 0 ? ", " : "", t->model->classes[u->tclass], names);
        }
        free(names);
    }
    return text.data != NULL ? text.data : bh_strdup("");
}

unsigned int flow_weakest(const struct flow *f, const size_t *edges, size_t count)
{
    unsigned int weight = PERMISSION_MAP_WEIGHT_MAX;

    for (size_t i = 0; i < count; i++) {
        weight = f->edges[edges[i]].weight < weight ? f->edges[edges[i]].weight : weight;
    }
    return weight;
}

static void use_text(const struct flow_teller *t, const struct flow_use *u, const char *indent, FILE *out)
{
    uint32_t perms = flow_perms(u, t->limits);
    char *names = model_perm_names(t->model, u->tclass, perms);

    if (perms != 0) {
        fprintf(out, "%s    %s may %s { %s } to %s, weight %u\n", indent, t->model->types[u->source], t->model->classes[u->tclass], names,
                t->model->types[u->target], use_weight(u, perms));
        for (size_t i = 0; i < t->rules.found.count; i++) {
            const struct rule *r = &t->rules.found.list[i];

            if (behind(t, r, u)) {
                char *origin = rule_origin(r);

                fprintf(out, "%s      at %s\n", indent, origin);
                free(origin);
            }
        }
    }
    free(names);
}

void flow_path_text(const struct flow_teller *t, const size_t *edges, size_t count, const char *indent, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct flow_edge *e = &t->flow->edges[edges[i]];

        fprintf(out, "%s  %s -> %s\n", indent, t->model->types[e->from], t->model->types[e->to]);
        for (size_t k = e->first; k < e->first + e->count; k++) {
            use_text(t, &t->flow->uses[k], indent, out);
        }
    }
}

static void put(json_object *o, const char *key, const char *value)
{
    json_object_object_add(o, key, json_object_new_string(value));
}

static json_object *use_json(const struct flow_teller *t, const struct flow_use *u)
{
    json_object *o = json_object_new_object(), *perms = json_object_new_array(), *rules = json_object_new_array();
    uint32_t bits = flow_perms(u, t->limits);

    put(o, "source", t->model->types[u->source]);
    put(o, "target", t->model->types[u->target]);
    put(o, "class", t->model->classes[u->tclass]);
    for (unsigned int bit = 0; bit < 32; bit++) {
        if (bits >> bit & 1) {
            json_object_array_add(perms, json_object_new_string(model_perm_name(t->model, u->tclass, bit)));
        }
    }
    json_object_object_add(o, "permissions", perms);
    json_object_object_add(o, "weight", json_object_new_int64(use_weight(u, bits)));
    for (size_t i = 0; i < t->rules.found.count; i++) {
        const struct rule *r = &t->rules.found.list[i];

        if (behind(t, r, u)) {
            json_object *one = json_object_new_object();
            char *origin = rule_origin(r);

            put(one, "rule", r->text);
            put(one, "origin", origin);
            json_object_array_add(rules, one);
            free(origin);
        }
    }
    json_object_object_add(o, "rules", rules);
    return o;
}

json_object *flow_path_json(const struct flow_teller *t, const size_t *edges, size_t count)
{
    json_object *steps = json_object_new_array();

    for (size_t i = 0; i < count; i++) {
        const struct flow_edge *e = &t->flow->edges[edges[i]];
        json_object *step = json_object_new_object(), *by = json_object_new_array();

        put(step, "from", t->model->types[e->from]);
        put(step, "to", t->model->types[e->to]);
        json_object_object_add(step, "weight", json_object_new_int64(e->weight));
        for (size_t k = e->first; k < e->first + e->count; k++) {
            if (flow_perms(&t->flow->uses[k], t->limits) != 0) {
                json_object_array_add(by, use_json(t, &t->flow->uses[k]));
            }
        }
        json_object_object_add(step, "by", by);
        json_object_array_add(steps, step);
    }
    return steps;
}
