/* SPDX-License-Identifier: Apache-2.0 */
/* Types, attributes and aliases share one table of values. */
#include <flask/policydb.h>

#define PROPERTY_PRIMARY   1U
#define PROPERTY_ATTRIBUTE 2U

int policydb_read_types(struct policydb *p, struct cursor *c)
{
    uint32_t i, prim, count, v[4];
    struct policy_type *t;
    const char *name;
    int rc;

    c->section = "types";
    rc = policydb_read_counts(c, &prim, &count, 17);
    if (rc == 0) {
        rc = symtab_create(&p->type_tab, &p->arena, count);
    }
    if (rc == 0) {
        p->type_tab.prim = prim;
        rc = cursor_alloc(c, (size_t)prim + 1, sizeof(*t), &p->types);
    }
    for (i = 0; rc == 0 && i < count; i++) {
        rc = cursor_u32s(c, v, 4);
        if (rc == 0 && (v[1] == 0 || v[1] > prim)) {
            return cursor_fail(c, 12, "a value within the table of types");
        }
        if (rc == 0 && (v[2] & ~(PROPERTY_PRIMARY | PROPERTY_ATTRIBUTE)) != 0) {
            return cursor_fail(c, 8, "type properties: primary, attribute");
        }
        if (rc == 0) {
            rc = cursor_name(c, v[0], &name);
        }
        if (rc == 0) {
            rc = policydb_add_name(p, c, &p->type_tab, name, v[1]);
        }
        if (rc != 0) {
            return rc;
        }
        if ((v[2] & (PROPERTY_PRIMARY | PROPERTY_ATTRIBUTE)) == 0) {
            continue;            /* an alias: the name is all there is */
        }
        t = &p->types[v[1]];
        if (t->name != NULL) {
            return cursor_fail(c, v[0] + 12, "a type value not used before");
        }
        t->name = name;
        t->attribute = (v[2] & PROPERTY_ATTRIBUTE) != 0;
        t->bounds = v[3];
    }
    return rc;
}
