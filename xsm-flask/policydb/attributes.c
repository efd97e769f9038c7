/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes of each type, and which types and attributes any rule of a class names at all. A
 * decision looks up the product of the two sets only.
 */
#include <flask/policydb.h>

static int read_set(struct policydb *p, struct cursor *c, uint32_t type)
{
    struct policy_type *t = &p->types[type];
    struct ebitmap set;
    uint32_t bit, n = 0;
    bool self;
    int rc = ebitmap_load(c, &set);

    if (rc != 0) {
        return rc;
    }
    if (ebitmap_limit(&set) > p->type_tab.prim) {
        return cursor_fail(c, 0, "attributes that exist");
    }
    self = ebitmap_test(&set, type - 1);
    rc = cursor_alloc(c, ebitmap_weight(&set) + 1, sizeof(*t->set), &t->set);
    if (rc != 0) {
        return rc;
    }
    /* Each type stands for itself, listed or not. */
    for (bit = ebitmap_next(&set, 0); bit < EBITMAP_BITS_MAX; bit = ebitmap_next(&set, bit + 1)) {
        if (!self && bit > type - 1) {
            t->set[n++] = (uint16_t)type;
            self = true;
        }
        t->set[n++] = (uint16_t)(bit + 1);
    }
    if (!self) {
        t->set[n++] = (uint16_t)type;
    }
    t->set_count = n;
    return 0;
}

static int index_rules(struct policydb *p, struct cursor *c)
{
    const struct avtab_node *n;
    uint32_t i;
    int rc;

    p->type_words = p->type_tab.prim / 64 + 1;
    rc = cursor_alloc(c, (size_t)p->class_tab.prim * p->type_words, 8, &p->source_named);
    if (rc == 0) {
        rc = cursor_alloc(c, (size_t)p->class_tab.prim * p->type_words, 8, &p->target_named);
    }
    for (i = 0; rc == 0 && i <= p->avtab.mask; i++) {
        for (n = p->avtab.bucket[i]; n != NULL; n = n->next) {
            uint32_t source = n->key & 0xffff, target = n->key >> 16 & 0xffff;
            size_t row = (size_t)((n->key >> 32 & 0xffff) - 1) * p->type_words;

            if (n->key >> 48 == 0) {
                p->source_named[row + source / 64] |= (uint64_t)1 << (source % 64);
                p->target_named[row + target / 64] |= (uint64_t)1 << (target % 64);
            }
        }
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
    return rc != 0 ? rc : index_rules(p, c);
}
