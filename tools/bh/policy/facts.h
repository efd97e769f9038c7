/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy says beside who may do what: which types, classes, booleans, roles and users there are, which object bears which label, what
 * new objects are labelled, and what is on record (auditallow) or kept from it (dontaudit), with the booleans as they are set.
 */
#ifndef BH_POLICY_FACTS_H
#define BH_POLICY_FACTS_H

#include "model.h"

struct fact {
    const char *kind;      /* static: type, class, permission, boolean, permissive, unknown, role, user..., and the kinds of labels.h */
    char *object;          /* "guest_t", "grant_op map_read", "0x3f8-0x3ff"; owned, and so is the other */
    char *value;           /* a state, a context, "" */
};

struct facts {
    struct fact *list;     /* by kind, object, value */
    size_t count, room;
};

void facts_collect(struct facts *f, const struct model *p);
void facts_free(struct facts *f);

#endif
