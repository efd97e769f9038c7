/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "facts.h"

/* -- facts ---------------------------------------------------------------------------------------------------- */

static void put_change(struct comparison *c, const struct fact *of, const char *was, const char *is)
{
    c->facts = bh_grow(c->facts, c->fact_count + 1, sizeof(*c->facts));
    c->facts[c->fact_count++] = (struct fact_change){ of->kind, bh_strdup(of->object), was != NULL ? bh_strdup(was) : NULL,
                                                      is != NULL ? bh_strdup(is) : NULL };
}

static void compare_facts(struct comparison *c, const struct model *was, const struct model *is)
{
    struct facts x, y;
    size_t i = 0, k = 0;

    facts_collect(&x, was);
    facts_collect(&y, is);
    while (i < x.count || k < y.count) {
        int n = i == x.count ? 1 : k == y.count ? -1 : strcmp(x.list[i].kind, y.list[k].kind);

        n = n != 0 ? n : strcmp(x.list[i].object, y.list[k].object);
        if (n != 0 || strcmp(x.list[i].value, y.list[k].value) != 0) {
            put_change(c, n <= 0 ? &x.list[i] : &y.list[k], n <= 0 ? x.list[i].value : NULL, n >= 0 ? y.list[k].value : NULL);
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
