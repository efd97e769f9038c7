/* SPDX-License-Identifier: Apache-2.0 */
#include "located.h"

#include <stdlib.h>
#include <string.h>

static int type_of(const struct model *p, const char *name)
{
    int type = model_type_named(p, name);

    return type >= 0 ? type : model_attribute_named(p, name);
}

static void number(struct located *l, const struct model *p)
{
    l->at = bh_alloc((l->rules.count + 1) * sizeof(*l->at));
    for (size_t i = 0; i < l->rules.count; i++) {
        const struct rule *r = &l->rules.list[i];
        struct located_rule *at = &l->at[i];

        at->source = type_of(p, r->source);
        at->target = strcmp(r->target, "self") == 0 ? LOCATED_SELF : type_of(p, r->target);
        at->tclass = model_class_named(p, r->tclass);
        for (size_t k = 0; k < r->perm_count && at->tclass >= 0; k++) {
            int bit = model_perm_named(p, at->tclass, r->perms[k]);

            at->perms |= bit >= 0 ? 1u << bit : 0;
        }
    }
}

bool located_find(struct located *l, const struct source *s, const struct model *p, const struct question *q, size_t count, struct messages *m)
{
    *l = (struct located){ 0 };
    if (!rules_find(s, NULL, q, count, &l->rules, m)) {
        return false;
    }
    number(l, p);
    return true;
}

bool located_read(struct located *l, const struct source *s, const struct model *p, struct messages *m)
{
    *l = (struct located){ 0 };
    if (!rules_all(s, NULL, p->classes, p->class_count, &l->rules, m)) {
        return false;
    }
    number(l, p);
    return true;
}

void located_free(struct located *l)
{
    rules_free(&l->rules);
    free(l->at);
    *l = (struct located){ 0 };
}

bool located_is_about(const struct located *l, const struct model *p, size_t i, int source, int target, int tclass)
{
    const struct located_rule *at = &l->at[i];

    return at->tclass == tclass && at->source >= 0 && at->target != LOCATED_NONE && model_type_in(p, source, at->source) &&
           (at->target == LOCATED_SELF ? source == target : model_type_in(p, target, at->target));
}

/* Was the same rule found by a question before? */
static bool is_repeated(const struct located *l, size_t i)
{
    const struct rule *r = &l->rules.list[i];
    bool same = false;

    for (size_t k = 0; k < i && !same; k++) {
        const struct rule *other = &l->rules.list[k];

        same = other->place_count == r->place_count && other->question != r->question && strcmp(other->text, r->text) == 0;
        for (size_t n = 0; same && n < r->place_count; n++) {
            same = other->places[n].line == r->places[n].line && strcmp(other->places[n].file, r->places[n].file) == 0;
        }
    }
    return same;
}

char *located_origins(const struct located *l, const struct model *p, int source, int target, int tclass, uint32_t perms)
{
    struct buf text = { 0 };

    for (size_t i = 0; l != NULL && i < l->rules.count; i++) {
        if ((l->at[i].perms & perms) != 0 && located_is_about(l, p, i, source, target, tclass) && !is_repeated(l, i)) {
            char *origin = rule_origin(&l->rules.list[i]);

            buf_printf(&text, "%s%s", text.len > 0 ? "; " : "", origin);
            free(origin);
        }
    }
    return text.data != NULL ? text.data : bh_strdup("");
}
