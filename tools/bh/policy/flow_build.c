/* SPDX-License-Identifier: Apache-2.0 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

/* The map by numbers: for each class and bit. NULL: the map says nothing of it. */
static const struct mapped **numbered(const struct model *p, const struct permission_map *map)
{
    const struct mapped **ways = bh_alloc((p->class_count * 32 + 1) * sizeof(*ways));

    for (size_t c = 0; c < p->class_count; c++) {
        for (unsigned int bit = 0; bit < 32; bit++) {
            const char *perm = model_perms(p, (int)c) >> bit & 1 ? model_perm_name(p, (int)c, bit) : NULL;

            ways[c * 32 + bit] = perm != NULL ? permission_map_find(map, p->classes[c], perm) : NULL;
        }
    }
    return ways;
}

/* What of a grant goes one way. */
static bool use(const struct grant *g, const struct mapped **ways, bool to_source, struct flow_use *u)
{
    *u = (struct flow_use){ .from = to_source ? g->target : g->source, .to = to_source ? g->source : g->target,
                            .source = g->source, .target = g->target, .tclass = g->tclass };
    for (unsigned int bit = 0; bit < 32; bit++) {
        const struct mapped *w = g->allowed >> bit & 1 ? ways[g->tclass * 32 + bit] : NULL;

        if (w != NULL && (w->way == 'b' || w->way == (to_source ? 'r' : 'w'))) {
            u->perms |= 1u << bit;
            u->weights[bit] = (uint8_t)w->weight;
        }
    }
    return u->perms != 0;
}

static bool complete(const struct model *p, const struct permission_map *map, const struct mapped **ways, struct messages *m)
{
    uint32_t *told = bh_alloc((p->class_count + 1) * sizeof(*told));
    bool ok = true;

    for (size_t i = 0; i < p->grant_count; i++) {
        const struct grant *g = &p->grants[i];

        for (unsigned int bit = 0; bit < 32; bit++) {
            const struct mapped *w = ways[g->tclass * 32 + bit];

            if ((g->allowed & ~told[g->tclass]) >> bit & 1 && (w == NULL || w->way == 'u')) {
                message_add(m, map->name, 0, 0, "does not say which way %s { %s } goes, which %s grants", p->classes[g->tclass],
                            model_perm_name(p, g->tclass, bit), p->name);
                message_hint(m, "give it a line: PERMISSION r|w|b|n WEIGHT; or name another map with --map");
                told[g->tclass] |= 1u << bit;
                ok = false;
            }
        }
    }
    free(told);
    return ok;
}

bool flow_build(struct flow *f, const struct model *p, const struct permission_map *map, struct messages *m)
{
    const struct mapped **ways = numbered(p, map);
    struct flow_use *uses;
    size_t count = 0;
    bool ok = complete(p, map, ways, m);

    *f = (struct flow){ 0 };
    if (ok) {
        uses = bh_alloc((2 * p->grant_count + 1) * sizeof(*uses));
        for (size_t i = 0; i < p->grant_count; i++) {
            const struct grant *g = &p->grants[i];

            if (g->source != g->target) {
                count += use(g, ways, true, &uses[count]);
                count += use(g, ways, false, &uses[count]);
            }
        }
        flow_of_uses(f, p->type_count, uses, count);
    }
    free(ways);
    return ok;
}
