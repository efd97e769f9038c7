/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/avtab.h>

#include <xen/errno.h>
#include <xen/lib.h>

#define BUCKETS_MAX (1U << 18)

int avtab_create(struct avtab *t, struct arena *a, uint32_t expected)
{
    uint32_t buckets = 16;

    while (buckets < expected && buckets < BUCKETS_MAX) {
        buckets *= 2;
    }
    *t = (struct avtab){ .mask = buckets - 1 };
    t->bucket = arena_array(a, buckets, sizeof(*t->bucket));
    return t->bucket != NULL ? 0 : a->error;
}

int avtab_read_rule(struct cursor *c, struct avtab_rule *rule)
{
    uint16_t v[4];
    uint32_t i, kind;
    int rc;

    for (i = 0; i < 4; i++) {
        rc = cursor_u16(c, &v[i]);
        if (rc != 0) {
            return rc;
        }
    }
    rc = cursor_u32(c, &rule->data);
    if (rc != 0) {
        return rc;
    }
    kind = v[3] & ~AVTAB_ENABLED;
    if (kind == 0 || (kind & (kind - 1)) != 0 || (kind & (AVTAB_AV | AVTAB_TYPE)) == 0) {
        return cursor_fail(c, 6, "one kind of rule: allow, auditallow, dontaudit or a type rule");
    }
    rule->source = v[0];
    rule->target = v[1];
    rule->tclass = v[2];
    rule->kind = kind;
    return 0;
}

struct avtab_node *avtab_node_get(struct avtab *t, struct arena *a, const struct avtab_rule *rule)
{
    uint64_t key = avtab_key(rule->source, rule->target, rule->tclass, rule->kind & AVTAB_TYPE);
    struct avtab_node *n, **head = &t->bucket[avtab_slot(t, key)];

    for (n = *head; n != NULL; n = n->next) {
        if (n->key == key) {
            return n;
        }
    }
    n = arena_alloc(a, sizeof(*n));
    if (n == NULL) {
        return NULL;
    }
    n->key = key;
    if ((rule->kind & AVTAB_AV) != 0) {
        n->base.audit_deny = ~0U;
        n->force.audit_deny = ~0U;
    }
    n->next = *head;
    *head = n;
    t->count++;
    return n;
}

void avtab_node_force(struct avtab_node *n, uint32_t kind, uint32_t data)
{
    switch (kind) {
    case AVTAB_ALLOWED:
        n->force.allowed |= data;
        break;
    case AVTAB_AUDITALLOW:
        n->force.audit_allow |= data;
        break;
    case AVTAB_AUDITDENY:
        n->force.audit_deny &= data;
        break;
    default:
        /* The unconditional rule wins, then the first conditional one. */
        if (n->type_force == 0) {
            n->type_force = data;
        }
        break;
    }
}

void avtab_node_reset(struct avtab_node *n)
{
    n->force = n->base;
}

int avtab_add(struct avtab *t, struct arena *a, const struct avtab_rule *rule)
{
    struct avtab_node *n = avtab_node_get(t, a, rule);

    if (n == NULL) {
        return a->error;
    }
    if ((n->seen & rule->kind) != 0) {
        return -EEXIST;
    }
    n->seen |= rule->kind;
    avtab_node_force(n, rule->kind, rule->data);
    n->base = n->force;
    return 0;
}
