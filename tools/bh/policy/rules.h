/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules with the places they come from. libsepol tells them itself: of every allow rule that a neverallow rule forbids it prints the file
 * and line, and the calls of macros that led there. So questions are neverallow rules, compiled together with the policy.
 */
#ifndef BH_POLICY_RULES_H
#define BH_POLICY_RULES_H

#include "source.h"

#define RULES_QUERY "(query)" /* the file of what a question adds */

struct place {
    char *keyword;         /* call, allow, optional, block, booleanif, true, false... */
    char *file;
    unsigned int line;
};

struct rule {
    char *text;            /* (allow SOURCE TARGET (CLASS (PERMISSIONS))) as expanded */
    char *source, *target; /* types or attributes; target may be "self" */
    char *tclass;
    char **perms;
    size_t perm_count;
    struct place *places;  /* outermost first; the last is the rule itself */
    size_t place_count;
    size_t question;       /* which neverallow of the query forbids it, from 0 in the order of rules_find()'s `questions` */
};

/* What an assertion of the policy itself, a neverallow rule, forbids of it. */
struct violation {
    char *file;
    unsigned int line;
    char *text;            /* the assertion, expanded */
    struct rule *rules;    /* that break it */
    size_t rule_count;
};

struct rules {
    struct rule *list;
    size_t count;
    struct violation *violations;
    size_t violation_count;
};

/** Ask for: (neverallow SOURCE TARGET (CLASS (PERMS))). One line each, "" or NULL: none. */
struct question {
    const char *source, *target; /* types, attributes; NULL: any type */
    const char *tclass;
    const char *perm;            /* NULL: all of them */
};

/**
 * Find rules. A binary policy has none with places; of .te, see te.h.
 *
 * @param extra  CIL added to the policy first (declarations, calls to be tried); NULL: none. Its lines are in file "(query)", from 1
 * @return false: the policy does not compile for another reason than assertions; `m` says why
 */
bool rules_find(const struct source *s, const char *extra, const struct question *questions, size_t count, struct rules *out,
                struct messages *m);

/** All allow rules, one question for each class of `classes`. */
bool rules_all(const struct source *s, const char *extra, const char *const *classes, size_t class_count, struct rules *out,
               struct messages *m);

/** Rules in what libsepol said of a compilation without questions: assertions that are broken. */
void rules_read(const char *log, struct rules *out);

/** "macros.cil:24, from disk at host.conf:12": a line for people; owned. */
char *rule_origin(const struct rule *r);

void rules_free(struct rules *r);

#endif
