/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes of each type; after them the policy is complete, and its rules are indexed. */
#include <flask/policydb.h>

#include <xen/lib.h>

static int read_set(struct policydb *p, struct cursor *c, uint32_t type)
{
    struct ebitmap read, *set = &p->types[type].set;
    int rc = ebitmap_load(c, &read);

    if (rc != 0) {
        return rc;
    }
    if (ebitmap_limit(&read) > p->type_tab.prim) {
        return cursor_fail(c, 0, "attributes that exist");
    }
    if (ebitmap_test(&read, type - 1)) {
        *set = read;
        return 0;
    }
    /* Each type stands for itself, listed or not. */
    rc = cursor_alloc(c, (size_t)read.count + 1, sizeof(*set->node), &set->node);
    if (rc == 0) {
        if (read.count != 0) {
            memcpy(set->node, read.node, read.count * sizeof(*read.node));
        }
        set->count = read.count;
        rc = ebitmap_set(set, read.count + 1, type - 1);
    }
    return rc;
}

int policydb_read_attributes(struct policydb *p, struct cursor *c)
{
    uint32_t i;
    int rc = 0;

    c->section = "type attributes";
    for (i = 1; rc == 0 && i <= p->type_tab.prim; i++) {
        rc = read_set(p, c, i);
    }
    return rc != 0 ? rc : rule_index_build(&p->rules, &p->avtab, &p->arena, p->class_tab.prim,
                                           p->type_tab.prim);
}
