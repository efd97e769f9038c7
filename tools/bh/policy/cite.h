/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy's text says about itself where an answer points at it: comments, and the names that libsepol does not tell. */
#ifndef BH_POLICY_CITE_H
#define BH_POLICY_CITE_H

#include "names.h"
#include "rules.h"

/** The comment of a statement, by its place; "" if there is none. Borrowed. */
const char *cite_comment(const struct source *s, const char *file, unsigned int line);

/** Length of its first sentence, for a line. */
int cite_first_sentence(const char *text);

/** The macro that a place calls, such as "vif"; "" if it is no call. Borrowed. */
const char *cite_called(const struct source *s, const struct place *p);

/** The macro in whose text a statement stands; "" if it is in none. Borrowed. */
const char *cite_macro(const struct source *s, const char *file, unsigned int line);

/** What a permission guards, from the comment behind its line: "EVTCHNOP_send"; "" if nothing is said. Owned. */
char *cite_guards(const struct names *n, const char *tclass, const char *perm);

/** The next constraint on a permission after `after` (NULL: the first), and the file it is in; NULL: there is none. */
const struct cil_node *cite_constraint(const struct source *s, const char *tclass, const char *perm, const struct cil_node *after,
                                       const char **file);

#endif
