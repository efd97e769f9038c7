/* SPDX-License-Identifier: Apache-2.0 */
/* After all symbols are known: every reference from one table into another is within it. */
#include <flask/policydb.h>

#include <flask/mls.h>

static int set_within(struct cursor *c, const struct ebitmap *e, uint32_t prim, const char *expected)
{
    return ebitmap_limit(e) <= prim ? 0 : cursor_fail(c, 0, expected);
}

static int check_types(struct policydb *p, struct cursor *c)
{
    uint32_t i, up, steps;

    for (i = 1; i <= p->type_tab.prim; i++) {
        for (up = p->types[i].bounds, steps = 0; up != 0; up = p->types[up].bounds) {
            if (up > p->type_tab.prim || p->types[up].attribute) {
                return cursor_fail(c, 0, "types bounded by types");
            }
            if (++steps > POLICY_BOUNDS_MAX) {
                return cursor_fail(c, 0, "chains of type bounds at most 4 long, without loops");
            }
        }
    }
    return set_within(c, &p->permissive, p->type_tab.prim + 1, "permissive types that exist");
}

static int check_roles(struct policydb *p, struct cursor *c)
{
    uint32_t i;
    int rc = 0;

    for (i = 1; rc == 0 && i <= p->role_tab.prim; i++) {
        rc = set_within(c, &p->roles[i].dominates, p->role_tab.prim, "roles that exist");
        if (rc == 0) {
            rc = set_within(c, &p->roles[i].types, p->type_tab.prim, "roles with types that exist");
        }
    }
    return rc;
}

/*
 * checkpolicy counts an alias of a category as one more value, which then has no name; so only what
 * levels hold must have one. A context's categories are among those of its levels.
 */
static int check_level(struct policydb *p, struct cursor *c, const struct policy_level *l)
{
    uint32_t bit;
    int rc = set_within(c, &l->cats, p->cat_tab.prim, "levels of categories that exist");

    for (bit = ebitmap_next(&l->cats, 0); rc == 0 && bit < EBITMAP_BITS_MAX;
         bit = ebitmap_next(&l->cats, bit + 1)) {
        if (p->cats[bit + 1] == NULL) {
            rc = cursor_fail(c, 0, "levels of categories that have a name");
        }
    }
    return rc;
}

static int check_users(struct policydb *p, struct cursor *c)
{
    uint32_t i, l;
    int rc = 0;

    for (i = 1; rc == 0 && i <= p->user_tab.prim; i++) {
        const struct policy_user *u = &p->users[i];

        if (u->name == NULL) {
            continue;
        }
        rc = set_within(c, &u->roles, p->role_tab.prim, "users with roles that exist");
        for (l = 0; rc == 0 && p->mls && l < 2; l++) {
            if (u->range.level[l].sens == 0 || u->range.level[l].sens > p->sens_tab.prim) {
                rc = cursor_fail(c, 0, "users with sensitivities that exist");
            } else {
                rc = set_within(c, &u->range.level[l].cats, p->cat_tab.prim,
                                "users with categories that exist");
            }
        }
    }
    for (i = 1; rc == 0 && i <= p->sens_tab.prim; i++) {
        rc = check_level(p, c, &p->levels[i]);
    }
    return rc;
}

static int check_constraints(struct policydb *p, struct cursor *c, const struct constraint *k,
                             uint32_t count)
{
    uint32_t i, j, what, prim;
    int rc = 0;

    for (i = 0; i < count; i++) {
        for (j = 0; rc == 0 && j < k[i].count; j++) {
            const struct constraint_expr *e = &k[i].expr[j];

            if (e->kind != CEXPR_NAMES) {
                continue;
            }
            what = e->attr & (CEXPR_USER | CEXPR_ROLE | CEXPR_TYPE);
            prim = what == CEXPR_USER ? p->user_tab.prim :
                   what == CEXPR_ROLE ? p->role_tab.prim : p->type_tab.prim;
            rc = set_within(c, &e->names, prim, "constraints on names that exist");
        }
    }
    return rc;
}

int policydb_check_symbols(struct policydb *p, struct cursor *c)
{
    uint32_t i;
    int rc;

    c->section = "symbols";
    rc = check_types(p, c);
    if (rc == 0) {
        rc = check_roles(p, c);
    }
    if (rc == 0) {
        rc = check_users(p, c);
    }
    for (i = 1; rc == 0 && i <= p->class_tab.prim; i++) {
        const struct policy_class *k = &p->classes[i];

        rc = check_constraints(p, c, k->constraint, k->constraint_count);
        if (rc == 0) {
            rc = check_constraints(p, c, k->validatetrans, k->validatetrans_count);
        }
    }
    return rc;
}
