/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy says to decisions of a log, permission by permission, and what would allow those that it refuses: no more than was asked, and
 * only what no assertion and no constraint of the policy forbids.
 */
#ifndef BH_POLICY_VERDICT_H
#define BH_POLICY_VERDICT_H

#include "avc_log.h"
#include "explain.h"
#include "model.h"

/* An assertion of the policy. */
struct obstacle {
    char *file;
    unsigned int line;
    uint32_t perms;                /* that it forbids */
};

struct verdict {
    const struct avc_decision *of; /* borrowed */
    int source, target, tclass;    /* of the model; -1: it has none such */
    char *unknown;                 /* "type x_t, permission y": what the policy has not, and so refuses; NULL; owned */
    uint32_t allowed;
    uint32_t constrained;          /* a rule gives it, and a constraint takes it away */
    uint32_t switched;             /* rules give it that hang on booleans, and these are off */
    uint32_t missing;              /* no rule gives it */
    uint32_t forbidden;            /* of these: by assertions */
    uint32_t still;                /* of these: a constraint would take it away again */
    struct obstacle *obstacles;
    size_t obstacle_count;
    char *cil;                     /* gives the others, verdict_may(); NULL: there are none, or it was not looked for */
};

struct verdicts {
    struct verdict *list;
    size_t count;
};

/** @param which  decisions of this verdict alone */
void verdicts_of(struct verdicts *v, const struct avc_log *log, enum avc_kind which, const struct model *p);
void verdicts_free(struct verdicts *v);

/** Find the remedies, together. @param s  CIL @return false: reported */
bool verdicts_remedy(struct verdicts *v, struct source *s, const struct model *p, struct messages *m);

/** What is missing and may be allowed, once verdicts_remedy() has looked. */
uint32_t verdict_may(const struct verdict *v);

/** Does the policy refuse any of it? */
bool verdict_refuses(const struct verdict *v);

#endif
