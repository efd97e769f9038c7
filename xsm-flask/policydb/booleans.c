/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/policydb.h>

int policydb_read_booleans(struct policydb *p, struct cursor *c)
{
    uint32_t i, prim, count, v[3];
    struct policy_boolean *b;
    int rc;

    c->section = "booleans";
    rc = policydb_read_counts(c, &prim, &count, 13);
    if (rc == 0) {
        rc = symtab_create(&p->bool_tab, &p->arena, count);
    }
    if (rc == 0) {
        p->bool_tab.prim = prim;
        rc = cursor_alloc(c, (size_t)prim + 1, sizeof(*b), &p->bools);
    }
    for (i = 0; rc == 0 && i < count; i++) {
        rc = cursor_u32s(c, v, 3);
        if (rc == 0 && (v[0] == 0 || v[0] > prim || p->bools[v[0]].name != NULL)) {
            return cursor_fail(c, 12, "a value for the boolean, not used before");
        }
        if (rc == 0 && v[1] > 1) {
            return cursor_fail(c, 8, "a boolean that is 0 or 1");
        }
        if (rc != 0) {
            return rc;
        }
        b = &p->bools[v[0]];
        b->current = b->pending = v[1] != 0;
        rc = cursor_name(c, v[2], &b->name);
        if (rc == 0) {
            rc = policydb_add_name(p, c, &p->bool_tab, b->name, v[0]);
        }
    }
    for (i = 1; rc == 0 && i <= prim; i++) {
        if (p->bools[i].name == NULL) {
            return cursor_fail(c, 0, "a name for every boolean");
        }
    }
    return rc;
}
