/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why something is denied and what would allow it: the macros of the policy are tried out, each with types of its own, and those whose rules
 * fit the question are ranked by how much else they allow. What is offered has been compiled, so that what forbids it is known.
 */
#ifndef BH_POLICY_EXPLAIN_H
#define BH_POLICY_EXPLAIN_H

#include "model.h"
#include "rules.h"

struct request {
    const char *source, *target, *tclass; /* types and class of the policy */
    const char *const *perms;             /* all of which are to be allowed */
    size_t perm_count;
};

struct remedy {
    char *cil;             /* declarations and the call, or a rule; owned */
    char *macro;           /* its name; NULL: a plain rule */
    char *file;            /* of the macro; NULL */
    unsigned int line;
    char *comment;         /* what the policy says of it; NULL */
    size_t cost;           /* permissions that it gives altogether */
    bool rules_only;       /* it has allow rules and nothing else: no labels, no attributes */
    struct rules checked;  /* violations: assertions that forbid it */
};

struct remedies {
    struct remedy *list;   /* what no assertion forbids first, then by cost */
    size_t count;
};

/* Macros that were tried out once, for several requests. */
struct trials;

/** @return NULL: reported */
struct trials *trials_begin(struct source *s, const struct model *p, struct messages *m);
/** Macro calls that would allow it and give at most `cost_max` permissions, the `most` cheapest. Compiled, one after another. */
void trials_find(struct remedies *out, struct trials *t, const struct request *r, size_t most, size_t cost_max);
void trials_end(struct trials *t);

/** The rule that gives just that; owned. */
char *remedy_rule(const struct request *r);
/** Plain rules, one for each request in their order, compiled all together. @return false: reported */
bool remedies_plain(struct remedies *out, const struct source *s, const struct request *r, size_t count, struct messages *m);

/**
 * Macro calls and the plain rule for one request.
 *
 * @param source  CIL
 * @param most    how many calls to compile and offer
 * @return false: reported
 */
bool remedies_find(struct remedies *out, struct source *s, const struct model *p, const struct request *r, size_t most, struct messages *m);
void remedies_free(struct remedies *r);

#endif
