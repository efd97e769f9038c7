/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "labels.h"

/* -- facts ---------------------------------------------------------------------------------------------------- */

struct fact {
    const char *kind;
    char *object, *value;
};

struct facts {
    const struct model *p;
    struct fact *list;
    size_t count, room;
};

static void put(struct facts *f, const char *kind, char *object, char *value)
{
    if (f->count == f->room) {
        f->room = f->room == 0 ? 1024 : 2 * f->room;
        f->list = bh_grow(f->list, f->room, sizeof(*f->list));
    }
    f->list[f->count++] = (struct fact){ kind, object, value };
}

static void put_transition(struct facts *f, unsigned int s, unsigned int t, uint32_t tclass, uint32_t result)
{
    const struct model *p = f->p;

    if (!p->is_attribute[s] && !p->is_attribute[t]) {
        put(f, "transition", bh_printf("%s %s %s", p->types[s], p->types[t], p->classes[tclass - 1]),
            bh_strdup(p->types[result - 1]));
    }
}

static int put_rule(avtab_key_t *key, avtab_datum_t *datum, void *arg)
{
    struct facts *f = arg;
    ebitmap_node_t *sn, *tn;
    unsigned int s, t;

    if (key->specified & AVTAB_TRANSITION) {
        ebitmap_for_each_positive_bit(&f->p->db->attr_type_map[key->source_type - 1], sn, s) {
            ebitmap_for_each_positive_bit(&f->p->db->attr_type_map[key->target_type - 1], tn, t) {
                put_transition(f, s, t, key->target_class, datum->data);
            }
        }
    }
    return 0;
}

static void collect(struct facts *f, const struct model *p)
{
    policydb_t *db = &p->policy->p;
    struct labels labels;

    *f = (struct facts){ .p = p };
    for (size_t i = 0; i < p->type_count; i++) {
        if (!p->is_attribute[i]) {
            put(f, "type", bh_strdup(p->types[i]), bh_strdup(""));
        }
        if (ebitmap_get_bit(&db->permissive_map, (unsigned int)i + 1)) {
            put(f, "permissive", bh_strdup(p->types[i]), bh_strdup(""));
        }
    }
    for (size_t c = 0; c < p->class_count; c++) {
        put(f, "class", bh_strdup(p->classes[c]), bh_strdup(""));
        for (unsigned int bit = 0; bit < 32; bit++) {
            const char *perm = model_perms(p, (int)c) >> bit & 1 ? model_perm_name(p, (int)c, bit) : NULL;

            if (perm != NULL) {
                put(f, "permission", bh_printf("%s %s", p->classes[c], perm), bh_strdup(""));
            }
        }
    }
    for (uint32_t i = 0; i < db->p_bools.nprim; i++) {
        put(f, "boolean", bh_strdup(db->p_bool_val_to_name[i]), bh_strdup(db->bool_val_to_struct[i]->state ? "true" : "false"));
    }
    put(f, "unknown", bh_strdup("classes"), bh_strdup(db->handle_unknown == SEPOL_ALLOW_UNKNOWN ? "allow" :
                                                      db->handle_unknown == SEPOL_REJECT_UNKNOWN ? "reject" : "deny"));
    avtab_map(&db->te_avtab, put_rule, f);
    labels_collect(&labels, p);
    for (size_t i = 0; i < labels.count; i++) {
        put(f, labels.list[i].kind, bh_strdup(labels.list[i].object), bh_strdup(labels.list[i].context));
    }
    labels_free(&labels);
}

static int by_object(const void *a, const void *b)
{
    const struct fact *x = a, *y = b;
    int n = strcmp(x->kind, y->kind);

    n = n != 0 ? n : strcmp(x->object, y->object);
    return n != 0 ? n : strcmp(x->value, y->value);
}

static void facts_free(struct facts *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->list[i].object);
        free(f->list[i].value);
    }
    free(f->list);
}

static void put_change(struct comparison *c, const struct fact *was, const struct fact *is)
{
    const struct fact *any = was != NULL ? was : is;

    c->facts = bh_grow(c->facts, c->fact_count + 1, sizeof(*c->facts));
    c->facts[c->fact_count++] = (struct fact_change){ any->kind, bh_strdup(any->object), was != NULL ? bh_strdup(was->value) : NULL,
                                                      is != NULL ? bh_strdup(is->value) : NULL };
}

static void compare_facts(struct comparison *c, const struct model *was, const struct model *is)
{
    struct facts x, y;
    size_t i = 0, k = 0;

    collect(&x, was);
    collect(&y, is);
    qsort(x.list, x.count, sizeof(*x.list), by_object);
    qsort(y.list, y.count, sizeof(*y.list), by_object);
    while (i < x.count || k < y.count) {
        int n = i == x.count ? 1 : k == y.count ? -1 : strcmp(x.list[i].kind, y.list[k].kind);

        n = n != 0 ? n : strcmp(x.list[i].object, y.list[k].object);
        if (n != 0 || strcmp(x.list[i].value, y.list[k].value) != 0) {
            put_change(c, n <= 0 ? &x.list[i] : NULL, n >= 0 ? &y.list[k] : NULL);
        }
        i += n <= 0;
        k += n >= 0;
    }
    facts_free(&x);
    facts_free(&y);
}

/* -- rights ----------------------------------------------------------------------------------------------------- */

static const struct model *ordered; /* qsort() has no argument of the caller's */

static int by_names(const void *a, const void *b)
{
    const struct grant *x = *(const struct grant *const *)a, *y = *(const struct grant *const *)b;
    int n = x->source == y->source ? 0 : strcmp(ordered->types[x->source], ordered->types[y->source]);

    n = n != 0 || x->target == y->target ? n : strcmp(ordered->types[x->target], ordered->types[y->target]);
    return n != 0 || x->tclass == y->tclass ? n : strcmp(ordered->classes[x->tclass], ordered->classes[y->tclass]);
}

static const struct grant **sorted(const struct model *p)
{
    const struct grant **list = bh_alloc((p->grant_count + 1) * sizeof(*list));

    for (size_t i = 0; i < p->grant_count; i++) {
        list[i] = &p->grants[i];
    }
    ordered = p;
    qsort(list, p->grant_count, sizeof(*list), by_names);
    return list;
}

/* Permissions of a class of one policy, as those of the same names in the other's. */
static uint32_t translate(const struct model *from, int tclass, uint32_t perms, const struct model *to, int to_class)
{
    uint32_t out = 0;

    for (unsigned int bit = 0; bit < 32 && to_class >= 0; bit++) {
        int other = perms >> bit & 1 ? model_perm_named(to, to_class, model_perm_name(from, tclass, bit)) : -1;

        out |= other >= 0 ? 1u << other : 0;
    }
    return out;
}

/* As one policy has it, in the numbers of the other. */
static struct grant seen(const struct model *from, const struct grant *g, const struct model *to, int to_class)
{
    struct grant out = { 0 };

    if (g != NULL) {
        out.allowed = translate(from, g->tclass, g->allowed, to, to_class);
        out.denied = translate(from, g->tclass, g->denied, to, to_class);
        out.conditional = translate(from, g->tclass, g->conditional, to, to_class);
    }
    return out;
}

/* `old` or `new` may be missing, not both. */
static void compare_right(struct comparison *c, const struct model *was, const struct grant *old, const struct model *is,
                          const struct grant *new)
{
    const struct model *p = old != NULL ? was : is;
    const struct grant *any = old != NULL ? old : new;

    if (any == NULL) {
        return;
    }
    struct right_change r = { .source = p->types[any->source], .target = p->types[any->target], .tclass = p->classes[any->tclass],
                              .was = old, .is = new };

    if (new != NULL) {
        struct grant before = seen(was, old, is, new->tclass);

        r.gained = new->allowed & ~before.allowed;
        r.may_gain = new->conditional & ~new->allowed & ~before.allowed & ~before.conditional;
        r.freed = r.gained & before.denied;
    }
    if (old != NULL) {
        struct grant after = seen(is, new, was, old->tclass);

        r.lost = old->allowed & ~after.allowed;
        r.may_lose = old->conditional & ~old->allowed & ~after.allowed & ~after.conditional;
        r.constrained = r.lost & after.denied;
    }
    if ((r.gained | r.lost | r.may_gain | r.may_lose) != 0) {
        c->rights = bh_grow(c->rights, c->right_count + 1, sizeof(*c->rights));
        c->rights[c->right_count++] = r;
    }
}

static int same_place(const struct model *was, const struct grant *old, const struct model *is, const struct grant *new)
{
    int n = strcmp(was->types[old->source], is->types[new->source]);

    n = n != 0 ? n : strcmp(was->types[old->target], is->types[new->target]);
    return n != 0 ? n : strcmp(was->classes[old->tclass], is->classes[new->tclass]);
}

static void compare_rights(struct comparison *c, const struct model *was, const struct model *is)
{
    const struct grant **x = sorted(was), **y = sorted(is);
    size_t i = 0, k = 0;

    while (i < was->grant_count || k < is->grant_count) {
        int n = i == was->grant_count ? 1 : k == is->grant_count ? -1 : same_place(was, x[i], is, y[k]);

        compare_right(c, was, n <= 0 ? x[i] : NULL, is, n >= 0 ? y[k] : NULL);
        i += n <= 0;
        k += n >= 0;
    }
    free(x);
    free(y);
}

void compare(struct comparison *c, const struct model *was, const struct model *is)
{
    *c = (struct comparison){ 0 };
    compare_facts(c, was, is);
    compare_rights(c, was, is);
}

void comparison_free(struct comparison *c)
{
    for (size_t i = 0; i < c->fact_count; i++) {
        free(c->facts[i].object);
        free(c->facts[i].was);
        free(c->facts[i].is);
    }
    free(c->facts);
    free(c->rights);
    *c = (struct comparison){ 0 };
}
