/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/policydb.h>

int policydb_read_users(struct policydb *p, struct cursor *c)
{
    uint32_t i, prim, count, v[3];
    struct policy_user *u;
    int rc;

    c->section = "users";
    rc = policydb_read_counts(c, &prim, &count, 61);
    if (rc == 0) {
        rc = symtab_create(&p->user_tab, &p->arena, count);
    }
    if (rc == 0) {
        p->user_tab.prim = prim;
        rc = cursor_alloc(c, (size_t)prim + 1, sizeof(*u), &p->users);
    }
    for (i = 0; rc == 0 && i < count; i++) {
        rc = cursor_u32s(c, v, 3);
        if (rc == 0 && (v[1] == 0 || v[1] > prim || p->users[v[1]].name != NULL)) {
            return cursor_fail(c, 8, "a value for the user, not used before");
        }
        if (rc != 0) {
            return rc;
        }
        u = &p->users[v[1]];
        u->bounds = v[2];
        rc = cursor_name(c, v[0], &u->name);
        if (rc == 0) {
            rc = policydb_add_name(p, c, &p->user_tab, u->name, v[1]);
        }
        if (rc == 0) {
            rc = ebitmap_load(c, &u->roles);
        }
        if (rc == 0) {
            rc = policydb_read_range(p, c, &u->range);
        }
        if (rc == 0) {
            rc = policydb_read_level(p, c, &u->level);
        }
    }
    return rc;
}
