/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy is to allow and to deny, in a file with one assertion a line:
 *
 *   policy WORDS                          what -p would name, relative to the file's folder; unless -p is given
 *   allow SRC TGT CLASS PERM[,PERM]       every SRC may do all of it to every TGT
 *   deny SRC TGT CLASS PERM[,PERM]        no SRC may do any of it to any TGT
 *   flow A B [except TYPES] [weight N]    information gets from every A to every B
 *   no-flow A B [except TYPES] [weight N] it gets from no A to any B; not counting what passes through TYPES, or weighs less than N
 *
 * SRC, TGT, A, B and TYPES are types and attributes (type_set.h). An attribute as the second stands for all others: a domain is not
 * asked about itself, unless it says `self`. CLASS and PERM may be `*`, with exceptions: domctl *,!getdomaininfo; *,!event *.
 * # begins a comment; that above a line tells what it is for.
 */
#ifndef BH_POLICY_ASSERTIONS_H
#define BH_POLICY_ASSERTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "message.h"

enum assertion_kind {
    ASSERT_ALLOW,
    ASSERT_DENY,
    ASSERT_FLOW,
    ASSERT_NO_FLOW,
};

struct assertion {
    unsigned int line;
    enum assertion_kind kind;
    char *text;            /* the line, single-spaced */
    char *why;             /* the comment above; NULL */
    char *first, *second;  /* SRC and TGT, A and B */
    char *tclass, *perms;  /* of allow and deny */
    char *except;          /* of flows, with commas; NULL */
    unsigned int weight;   /* of flows; 0: not given */
};

struct assertions {
    char *name;            /* of the file */
    char **policy;         /* words of `policy`, joined with the file's folder */
    size_t policy_count;
    struct assertion *list;
    size_t count;
};

/** @return false: reported, all mistakes at once, and nothing is held */
bool assertions_read(struct assertions *a, const char *name, const char *text, size_t len, struct messages *m);
void assertions_free(struct assertions *a);

#endif
