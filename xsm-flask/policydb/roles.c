/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/policydb.h>

int policydb_read_roles(struct policydb *p, struct cursor *c)
{
    uint32_t i, prim, count, v[3];
    struct policy_role *r;
    int rc;

    c->section = "roles";
    rc = policydb_read_counts(c, &prim, &count, 37);
    if (rc == 0) {
        rc = symtab_create(&p->role_tab, &p->arena, count);
    }
    if (rc == 0) {
        p->role_tab.prim = prim;
        rc = cursor_alloc(c, (size_t)prim + 1, sizeof(*r), &p->roles);
    }
    for (i = 0; rc == 0 && i < count; i++) {
        rc = cursor_u32s(c, v, 3);
        if (rc == 0 && (v[1] == 0 || v[1] > prim || p->roles[v[1]].name != NULL)) {
            return cursor_fail(c, 8, "a value for the role, not used before");
        }
        if (rc != 0) {
            return rc;
        }
        r = &p->roles[v[1]];
        r->bounds = v[2];
        rc = cursor_name(c, v[0], &r->name);
        if (rc == 0) {
            rc = policydb_add_name(p, c, &p->role_tab, r->name, v[1]);
        }
        if (rc == 0) {
            rc = ebitmap_load(c, &r->dominates);
        }
        if (rc == 0) {
            rc = ebitmap_load(c, &r->types);
        }
    }
    return rc;
}
