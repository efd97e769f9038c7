/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The access vector table: rules by (source, target, class). One node holds all three vectors of a
 * triple, unconditional and in force, so that a decision needs one look-up per pair of attributes;
 * type rules (transition, member, change) have nodes of their own.
 */
#ifndef FLASK_AVTAB_H
#define FLASK_AVTAB_H

#include <flask/cursor.h>
#include <xen/types.h>

/* Kinds of rule as the image numbers them. */
#define AVTAB_ALLOWED     0x0001U
#define AVTAB_AUDITALLOW  0x0002U
#define AVTAB_AUDITDENY   0x0004U
#define AVTAB_TRANSITION  0x0010U
#define AVTAB_MEMBER      0x0020U
#define AVTAB_CHANGE      0x0040U
#define AVTAB_AV   (AVTAB_ALLOWED | AVTAB_AUDITALLOW | AVTAB_AUDITDENY)
#define AVTAB_TYPE (AVTAB_TRANSITION | AVTAB_MEMBER | AVTAB_CHANGE)
#define AVTAB_ENABLED     0x8000U    /* in conditional rules, meaningless in the image */

struct av_vector {
    uint32_t allowed, audit_allow, audit_deny;
};

struct avtab_node {
    struct avtab_node *next;
    uint64_t key;
    union {
        struct av_vector force;  /* what counts now */
        uint32_t type_force;     /* type rules: the type now, 0 none */
    };
    union {
        struct av_vector base;   /* unconditional part */
        uint32_t type_base;
    };
    uint32_t seen;               /* kinds of unconditional rule seen, to find duplicates */
};

struct avtab {
    struct avtab_node **bucket;  /* mask + 1 of them, in the arena */
    uint32_t mask;
    uint32_t count;              /* nodes */
};

/* One rule as the image states it. */
struct avtab_rule {
    uint16_t source, target, tclass;   /* 1.. */
    uint32_t kind;                     /* one of AVTAB_* */
    uint32_t data;                     /* vector or type */
};

/** Key of a node: kind is 0 for vectors, the kind of rule for type rules. */
static inline uint64_t avtab_key(uint32_t source, uint32_t target, uint32_t tclass, uint32_t kind)
{
    return (uint64_t)source | (uint64_t)target << 16 | (uint64_t)tclass << 32 |
           (uint64_t)kind << 48;
}

static inline uint32_t avtab_slot(const struct avtab *t, uint64_t key)
{
    return (uint32_t)((key * 0x9e3779b97f4a7c15ULL) >> 40) & t->mask;
}

static inline const struct avtab_node *avtab_find(const struct avtab *t, uint64_t key)
{
    const struct avtab_node *n;

    for (n = t->bucket[avtab_slot(t, key)]; n != NULL; n = n->next) {
        if (n->key == key) {
            return n;
        }
    }
    return NULL;
}

/** @return 0; -ENOMEM; -E2BIG */
int avtab_create(struct avtab *t, struct arena *a, uint32_t expected);

/** Read one rule. @return 0; -EINVAL */
int avtab_read_rule(struct cursor *c, struct avtab_rule *rule);

/** Find the node of a rule or make an empty one. NULL: the arena has no more. */
struct avtab_node *avtab_node_get(struct avtab *t, struct arena *a, const struct avtab_rule *rule);

/** Add an unconditional rule. @return 0; -EEXIST the same kind is already there; -ENOMEM; -E2BIG */
int avtab_add(struct avtab *t, struct arena *a, const struct avtab_rule *rule);

/** Add what a conditional rule says to what is in force. */
void avtab_node_force(struct avtab_node *n, uint32_t kind, uint32_t data);
/** Put the unconditional part alone into force. */
void avtab_node_reset(struct avtab_node *n);

#endif
