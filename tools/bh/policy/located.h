/* SPDX-License-Identifier: Apache-2.0 */
/* Allow rules of a policy with their places, and by number, so that what comes out of a policy can be traced to its lines. */
#ifndef BH_POLICY_LOCATED_H
#define BH_POLICY_LOCATED_H

#include "model.h"
#include "rules.h"

#define LOCATED_SELF (-2)  /* target: each type itself */
#define LOCATED_NONE (-1)  /* an attribute without types, which the compiled policy does not have: the rule allows nothing */

struct located_rule {
    int source, target;    /* types or attributes of the model */
    int tclass;
    uint32_t perms;
};

struct located {
    struct rules rules;
    struct located_rule *at; /* one for each of them */
};

/** @param s  CIL @return false: reported */
bool located_read(struct located *l, const struct source *s, const struct model *p, struct messages *m);
/** Only those that answer one of the questions: quicker as long as these are few. */
bool located_find(struct located *l, const struct source *s, const struct model *p, const struct question *q, size_t count, struct messages *m);
void located_free(struct located *l);

/** Does rule `i` speak of these? */
bool located_is_about(const struct located *l, const struct model *p, size_t i, int source, int target, int tclass);

/** Origins of the rules that give any of `perms`, "; " between them; owned, "" without any. `l` NULL: "". */
char *located_origins(const struct located *l, const struct model *p, int source, int target, int tclass, uint32_t perms);

#endif
