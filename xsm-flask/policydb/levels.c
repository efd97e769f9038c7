/* SPDX-License-Identifier: Apache-2.0 */
/* Sensitivities, categories, and levels and ranges wherever they occur. */
#include <flask/policydb.h>

static int read_cats(struct policydb *p, struct cursor *c, struct ebitmap *out)
{
    struct ebitmap cats;
    int rc = ebitmap_load(c, &cats);

    if (rc == 0 && p->mls) {
        *out = cats;
    }
    return rc;
}

int policydb_read_level(struct policydb *p, struct cursor *c, struct mls_level *out)
{
    uint32_t sens;
    int rc = cursor_u32(c, &sens);

    *out = (struct mls_level){ 0 };
    if (rc == 0) {
        rc = read_cats(p, c, &out->cats);
    }
    if (p->mls) {
        out->sens = sens;
    }
    return rc;
}

int policydb_read_range(struct policydb *p, struct cursor *c, struct mls_range *out)
{
    uint32_t items, sens[2];
    int rc = cursor_u32(c, &items);

    *out = (struct mls_range){ 0 };
    if (rc == 0 && (items < 1 || items > 2)) {
        return cursor_fail(c, 4, "a range of one or two levels");
    }
    if (rc == 0) {
        rc = cursor_u32s(c, sens, items);
    }
    if (rc == 0) {
        rc = read_cats(p, c, &out->level[0].cats);
    }
    if (rc == 0 && items == 2) {
        rc = read_cats(p, c, &out->level[1].cats);
    }
    if (rc != 0 || !p->mls) {
        return rc;
    }
    out->level[0].sens = sens[0];
    if (items == 2) {
        out->level[1].sens = sens[1];
    } else {
        out->level[1] = out->level[0];
    }
    return 0;
}

int policydb_read_sensitivities(struct policydb *p, struct cursor *c)
{
    uint32_t i, prim, count, v[2];
    struct mls_level level;
    const char *name;
    bool mls = p->mls;
    int rc;

    c->section = "sensitivities";
    rc = policydb_read_counts(c, &prim, &count, 25);
    if (rc == 0) {
        rc = symtab_create(&p->sens_tab, &p->arena, count);
    }
    if (rc == 0) {
        p->sens_tab.prim = prim;
        rc = cursor_alloc(c, (size_t)prim + 1, sizeof(*p->levels), &p->levels);
    }
    for (i = 0; rc == 0 && i < count; i++) {
        rc = cursor_u32s(c, v, 2);
        if (rc == 0 && v[1] > 1) {
            return cursor_fail(c, 4, "0 for a sensitivity, 1 for an alias");
        }
        if (rc == 0) {
            rc = cursor_name(c, v[0], &name);
        }
        if (rc == 0) {
            p->mls = true;       /* the names are of use even where ranges are not */
            rc = policydb_read_level(p, c, &level);
            p->mls = mls;
        }
        if (rc != 0) {
            return rc;
        }
        if (level.sens == 0 || level.sens > prim) {
            return cursor_fail(c, 0, "a sensitivity within the table");
        }
        rc = policydb_add_name(p, c, &p->sens_tab, name, level.sens);
        if (rc != 0 || v[1] == 1) {
            continue;
        }
        if (p->levels[level.sens].name != NULL) {
            return cursor_fail(c, 0, "a sensitivity value not used before");
        }
        p->levels[level.sens].name = name;
        p->levels[level.sens].cats = level.cats;
    }
    return rc;
}

int policydb_read_categories(struct policydb *p, struct cursor *c)
{
    uint32_t i, prim, count, v[3];
    const char *name;
    int rc;

    c->section = "categories";
    rc = policydb_read_counts(c, &prim, &count, 13);
    if (rc == 0) {
        rc = symtab_create(&p->cat_tab, &p->arena, count);
    }
    if (rc == 0) {
        p->cat_tab.prim = prim;
        rc = cursor_alloc(c, (size_t)prim + 1, sizeof(*p->cats), &p->cats);
    }
    for (i = 0; rc == 0 && i < count; i++) {
        rc = cursor_u32s(c, v, 3);
        if (rc == 0 && (v[1] == 0 || v[1] > prim)) {
            return cursor_fail(c, 8, "a category within the table");
        }
        if (rc == 0 && v[2] > 1) {
            return cursor_fail(c, 4, "0 for a category, 1 for an alias");
        }
        if (rc == 0) {
            rc = cursor_name(c, v[0], &name);
        }
        if (rc == 0) {
            rc = policydb_add_name(p, c, &p->cat_tab, name, v[1]);
        }
        if (rc != 0 || v[2] == 1) {
            continue;
        }
        if (p->cats[v[1]] != NULL) {
            return cursor_fail(c, v[0] + 8, "a category value not used before");
        }
        p->cats[v[1]] = name;
    }
    return rc;
}
