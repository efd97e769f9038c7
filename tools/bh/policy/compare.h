/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two policies, by what they mean: facts (a type exists, a port bears a label) and rights (who may do what to whom, with constraints applied
 * and booleans as they are set). Names count; the order of rules, and how they were written, do not.
 */
#ifndef BH_POLICY_COMPARE_H
#define BH_POLICY_COMPARE_H

#include "model.h"

/* A fact that is not the same in both. */
struct fact_change {
    const char *kind;      /* of facts.h, and so are the others; owned but this one */
    char *object;
    char *was, *is;        /* NULL: it does not exist there */
};

/* A pair of types and a class in which something changed. */
struct right_change {
    const char *source, *target, *tclass; /* borrowed of the models */
    const struct grant *was, *is;         /* NULL: nothing is granted there */
    uint32_t gained;                      /* permissions of the new policy */
    uint32_t lost;                        /* permissions of the old policy, and so on */
    uint32_t may_gain;                    /* of the new: not allowed, and would be if booleans were set; in the old they would not */
    uint32_t may_lose;                    /* of the old: the same the other way round */
    uint32_t freed;                       /* of `gained`: the old policy had a rule, and a constraint against it */
    uint32_t constrained;                 /* of `lost`: the new policy has a rule still, and a constraint against it */
};

struct comparison {
    struct fact_change *facts;
    size_t fact_count;
    struct right_change *rights;          /* by source, target, class */
    size_t right_count;
};

void compare(struct comparison *c, const struct model *was, const struct model *is);
void comparison_free(struct comparison *c);

#endif
