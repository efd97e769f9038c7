/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "../build/suggest.h"
#include "compile.h"
#include "decide.h"

/* -- expansion: each rule for each pair of types -------------------------------------------------------- */

struct expansion {
    struct model *p;
    struct grant *list;
    size_t count, room;
};

static void put(struct expansion *x, uint32_t s, uint32_t t, uint32_t tclass, uint32_t perms, bool conditional, bool enabled)
{
    struct grant *g;

    if (x->count == x->room) {
        x->room = x->room == 0 ? 4096 : 2 * x->room;
        x->list = bh_grow(x->list, x->room, sizeof(*x->list));
    }
    g = &x->list[x->count++];
    *g = (struct grant){ .source = (uint16_t)s, .target = (uint16_t)t, .tclass = (uint16_t)(tclass - 1) };
    g->allowed = enabled ? perms : 0;
    g->conditional = conditional ? perms : 0;
}

/* The types that a type or attribute stands for. */
static const ebitmap_t *members(const struct model *p, uint32_t value)
{
    return &p->db->attr_type_map[value - 1];
}

static void expand(struct expansion *x, const avtab_key_t *key, uint32_t perms, bool conditional, bool enabled)
{
    const ebitmap_t *sources = members(x->p, key->source_type), *targets = members(x->p, key->target_type);
    ebitmap_node_t *sn, *tn;
    unsigned int s, t;

    ebitmap_for_each_positive_bit(sources, sn, s) {
        ebitmap_for_each_positive_bit(targets, tn, t) {
            if (!x->p->is_attribute[s] && !x->p->is_attribute[t]) {
                put(x, s, t, key->target_class, perms, conditional, enabled);
            }
        }
    }
}

static int expand_rule(avtab_key_t *key, avtab_datum_t *datum, void *arg)
{
    if (key->specified & AVTAB_ALLOWED) {
        expand(arg, key, datum->data, false, true);
    }
    return 0;
}

static void expand_conditional(struct expansion *x, cond_av_list_t *list, bool enabled)
{
    for (; list != NULL; list = list->next) {
        if (list->node->key.specified & AVTAB_ALLOWED) {
            expand(x, &list->node->key, list->node->datum.data, true, enabled);
        }
    }
}

static int order(const void *a, const void *b)
{
    const struct grant *x = a, *y = b;

    return x->source != y->source ? (x->source < y->source ? -1 : 1) :
           x->target != y->target ? (x->target < y->target ? -1 : 1) :
           x->tclass != y->tclass ? (x->tclass < y->tclass ? -1 : 1) : 0;
}

/* Sorted, one for each pair and class. A permission that a plain rule gives hangs on no boolean. */
static void merge(struct model *p, struct expansion *x)
{
    size_t n = 0;

    if (x->count > 0) {
        qsort(x->list, x->count, sizeof(*x->list), order);
    }
    for (size_t i = 0; i < x->count;) {
        struct grant g = x->list[i];
        uint32_t plain = 0;

        for (; i < x->count && order(&g, &x->list[i]) == 0; i++) {
            g.allowed |= x->list[i].allowed;
            g.conditional |= x->list[i].conditional;
            plain |= x->list[i].conditional == 0 ? x->list[i].allowed : 0;
        }
        g.conditional &= ~plain;
        x->list[n++] = g;
    }
    p->grants = x->list;
    p->grant_count = n;
    p->of_source = bh_alloc((p->type_count + 1) * sizeof(*p->of_source));
    for (size_t s = 0, i = 0; s <= p->type_count; s++) {
        while (i < n && p->grants[i].source < s) {
            i++;
        }
        p->of_source[s] = i;
    }
}

/* -- constraints and bounds, by the engine ---------------------------------------------------------------- */

/* A context that the type can be in: the first role that may have it, the first user that may have that. NULL: none. */
static char *context_of(const struct model *p, size_t type)
{
    const policydb_t *db = p->db;

    for (uint32_t r = 0; r < db->p_roles.nprim; r++) {
        if (!ebitmap_get_bit(&db->role_val_to_struct[r]->types.types, (unsigned int)type)) {
            continue;
        }
        for (uint32_t u = 0; u < db->p_users.nprim; u++) {
            if (ebitmap_get_bit(&db->user_val_to_struct[u]->roles.roles, r)) {
                return bh_printf("%s:%s:%s%s%s", db->p_user_val_to_name[u], db->p_role_val_to_name[r], p->types[type],
                                 db->mls ? ":" : "", db->mls ? db->p_sens_val_to_name[0] : "");
            }
        }
    }
    return NULL;
}

static bool has_bounds(const policydb_t *db)
{
    for (uint32_t i = 0; i < db->p_types.nprim; i++) {
        if (db->type_val_to_struct[i] != NULL && db->type_val_to_struct[i]->bounds != 0) {
            return true;
        }
    }
    return false;
}

static void constrain_one(const struct model *p, struct grant *g, const int64_t *contexts)
{
    int tclass = decide_class(p->classes[g->tclass]);
    uint32_t gone = 0;

    if (tclass < 0) {
        return;
    }
    for (unsigned int bit = 0; bit < 32; bit++) {
        uint32_t perm = g->allowed >> bit & 1 ? decide_perm(tclass, model_perm_name(p, g->tclass, bit)) : 0;

        if (perm != 0 && (contexts[g->source] < 0 || contexts[g->target] < 0 ||
                          decide_allowed(contexts[g->source], contexts[g->target], tclass, perm) == 0)) {
            gone |= 1u << bit;
        }
    }
    g->denied = gone;
    g->allowed &= ~gone;
}

static bool constrain(struct model *p, struct messages *m)
{
    struct buf image = { 0 };
    int64_t *contexts;
    const char *why;
    bool bounds = has_bounds(p->db);

    if (!compile_image(p->policy, &image, m)) {
        buf_free(&image);
        return false;
    }
    why = decide_begin((const uint8_t *)image.data, image.len);
    buf_free(&image);
    if (why != NULL) {
        message_add(m, p->name, 0, 0, "the hypervisor would refuse this policy: %s", why);
        return false;
    }
    contexts = bh_alloc((p->type_count + 1) * sizeof(*contexts));
    for (size_t i = 0; i < p->type_count; i++) {
        char *context = p->is_attribute[i] ? NULL : context_of(p, i);

        contexts[i] = context != NULL ? decide_context(context) : -1;
        free(context);
    }
    for (size_t i = 0; i < p->grant_count; i++) {
        if (bounds || p->db->class_val_to_struct[p->grants[i].tclass]->constraints != NULL) {
            constrain_one(p, &p->grants[i], contexts);
        }
    }
    free(contexts);
    decide_end();
    return true;
}

/* -- life ----------------------------------------------------------------------------------------------------- */

bool model_of_policy(struct model *p, const char *name, sepol_policydb_t *policy, struct messages *m)
{
    struct expansion x = { .p = p };
    policydb_t *db = &policy->p;

    *p = (struct model){ .name = bh_strdup(name), .policy = policy, .db = db };
    p->type_count = db->p_types.nprim;
    p->types = db->p_type_val_to_name;
    p->is_attribute = bh_alloc(p->type_count + 1);
    for (size_t i = 0; i < p->type_count; i++) {
        const type_datum_t *t = db->type_val_to_struct[i];

        p->is_attribute[i] = t == NULL || t->flavor != TYPE_TYPE;
    }
    p->class_count = db->p_classes.nprim;
    p->classes = bh_alloc((p->class_count + 1) * sizeof(*p->classes));
    for (size_t i = 0; i < p->class_count; i++) {
        p->classes[i] = db->p_class_val_to_name[i];
    }
    avtab_map(&db->te_avtab, expand_rule, &x);
    for (cond_list_t *c = db->cond_list; c != NULL; c = c->next) {
        int state = cond_evaluate_expr(db, c->expr);

        expand_conditional(&x, c->true_list, state == 1);
        expand_conditional(&x, c->false_list, state == 0);
    }
    merge(p, &x);
    if (!constrain(p, m)) {
        model_free(p);
        return false;
    }
    return true;
}

bool model_load(struct model *out, const struct source *s, struct messages *m)
{
    sepol_policydb_t *policy = compile_policy(s, m);

    return policy != NULL && model_of_policy(out, s->name, policy, m);
}

static bool load_of(struct model *out, struct source *s, bool read, struct messages *m)
{
    *out = (struct model){ 0 };
    if (read && !model_load(out, s, m)) {
        source_free(s);
        read = false;
    }
    return read;
}

bool model_read(struct model *out, struct source *s, const char *tree, const char *const *words, size_t count, struct messages *m)
{
    return load_of(out, s, source_read(s, tree, words, count, m), m);
}

bool model_read_list(struct model *out, struct source *s, const char *tree, const char *list, struct messages *m)
{
    return load_of(out, s, source_read_list(s, tree, list, m), m);
}

void model_free(struct model *p)
{
    free(p->name);
    free(p->is_attribute);
    free(p->classes);
    free(p->grants);
    free(p->of_source);
    sepol_policydb_free(p->policy);
    *p = (struct model){ 0 };
}

/* -- names ---------------------------------------------------------------------------------------------------- */

/* What a table of libsepol's has under a name; its keys are not const, and it does not write to them. */
static const void *lookup(const symtab_t *table, const char *name)
{
    union {
        const char *in;
        hashtab_key_t out;
    } key = { .in = name };

    return hashtab_search(table->table, key.out);
}

static int type_or_attribute(const struct model *p, const char *name)
{
    const type_datum_t *t = lookup(&p->db->p_types, name);

    return t != NULL ? (int)t->s.value - 1 : -1;
}

int model_type_named(const struct model *p, const char *name)
{
    int i = type_or_attribute(p, name);

    return i >= 0 && !p->is_attribute[i] ? i : -1;
}

int model_attribute_named(const struct model *p, const char *name)
{
    int i = type_or_attribute(p, name);

    return i >= 0 && p->is_attribute[i] ? i : -1;
}

bool model_type_in(const struct model *p, int type, int attribute)
{
    return type == attribute || ebitmap_get_bit(members(p, (uint32_t)attribute + 1), (unsigned int)type);
}

int model_type(const struct model *p, const char *word, struct messages *m)
{
    const char *colon = strchr(word, ':'), *second = colon != NULL ? strchr(colon + 1, ':') : NULL;
    const char *start = second != NULL ? second + 1 : word;
    char *name = bh_strndup(start, strcspn(start, ":")), *longer = bh_printf("%s_t", name), *in_block = bh_printf("%s.t", name);
    const char **known = bh_alloc((p->type_count + 1) * sizeof(*known)), *near;
    size_t count = 0;
    int type = model_type_named(p, name);

    type = type >= 0 ? type : model_type_named(p, longer);
    type = type >= 0 ? type : model_type_named(p, in_block);
    if (type < 0) {
        for (size_t i = 0; i < p->type_count; i++) {
            if (!p->is_attribute[i]) {
                known[count++] = p->types[i];
            }
        }
        near = suggest_nearest(name, known, count);
        near = near != NULL ? near : suggest_nearest(longer, known, count);
        message_add(m, NULL, 0, 0, "%s has no type '%s'", p->name, name);
        if (near != NULL) {
            message_hint(m, "did you mean '%s'?", near);
        } else {
            message_hint(m, "`bh policy show types` lists them");
        }
    }
    free(known);
    free(name);
    free(longer);
    free(in_block);
    return type;
}

int model_class_named(const struct model *p, const char *name)
{
    const class_datum_t *c = lookup(&p->db->p_classes, name);

    return c != NULL ? (int)c->s.value - 1 : -1;
}

int model_class(const struct model *p, const char *word, struct messages *m)
{
    int c = model_class_named(p, word);

    if (c < 0) {
        const char *near = suggest_nearest(word, p->classes, p->class_count);

        message_add(m, NULL, 0, 0, "%s has no class '%s'", p->name, word);
        if (near != NULL) {
            message_hint(m, "did you mean '%s'?", near);
        } else {
            message_hint(m, "`bh policy show classes` lists them");
        }
    }
    return c;
}

struct find_perm {
    const char *name, *found;
    uint32_t value;
};

static int match_value(hashtab_key_t key, hashtab_datum_t datum, void *arg)
{
    struct find_perm *f = arg;

    if (((const perm_datum_t *)datum)->s.value == f->value) {
        f->found = key;
    }
    return 0;
}

const char *model_perm_name(const struct model *p, int tclass, unsigned int bit)
{
    const class_datum_t *c = p->db->class_val_to_struct[tclass];
    struct find_perm f = { .value = bit + 1 };

    hashtab_map(c->permissions.table, match_value, &f);
    if (f.found == NULL && c->comdatum != NULL) {
        hashtab_map(c->comdatum->permissions.table, match_value, &f);
    }
    return f.found;
}

uint32_t model_perms(const struct model *p, int tclass)
{
    uint32_t n = p->db->class_val_to_struct[tclass]->permissions.nprim;

    return n >= 32 ? UINT32_MAX : (1u << n) - 1;
}

int model_perm_named(const struct model *p, int tclass, const char *name)
{
    const class_datum_t *c = p->db->class_val_to_struct[tclass];
    const perm_datum_t *perm = lookup(&c->permissions, name);

    perm = perm == NULL && c->comdatum != NULL ? lookup(&c->comdatum->permissions, name) : perm;
    return perm != NULL ? (int)perm->s.value - 1 : -1;
}

int model_perm(const struct model *p, int tclass, const char *word, struct messages *m)
{
    int bit = model_perm_named(p, tclass, word);

    if (bit < 0) {
        const char *known[32], *near;
        size_t count = 0;

        for (unsigned int i = 0; i < 32; i++) {
            const char *n = model_perms(p, tclass) >> i & 1 ? model_perm_name(p, tclass, i) : NULL;

            if (n != NULL) {
                known[count++] = n;
            }
        }
        near = suggest_nearest(word, known, count);
        message_add(m, NULL, 0, 0, "class %s has no permission '%s'", p->classes[tclass], word);
        if (near != NULL) {
            message_hint(m, "did you mean '%s'?", near);
        } else {
            message_hint(m, "`bh policy show permissions %s` lists them", p->classes[tclass]);
        }
    }
    return bit;
}

char *model_perm_names(const struct model *p, int tclass, uint32_t perms)
{
    struct buf text = { 0 };

    for (unsigned int bit = 0; bit < 32; bit++) {
        if (perms >> bit & 1) {
            const char *n = model_perm_name(p, tclass, bit);

            buf_printf(&text, "%s%s", text.len > 0 ? " " : "", n != NULL ? n : "?");
        }
    }
    return text.data != NULL ? text.data : bh_strdup("");
}

const struct grant *model_grant(const struct model *p, int source, int target, int tclass)
{
    const struct grant key = { .source = (uint16_t)source, .target = (uint16_t)target, .tclass = (uint16_t)tclass };

    return p->grant_count == 0 ? NULL : bsearch(&key, p->grants, p->grant_count, sizeof(key), order);
}
