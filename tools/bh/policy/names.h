/* SPDX-License-Identifier: Apache-2.0 */
/* Names that a policy declares, and where: for pointing at a word that is none of them, and at what it could be. */
#ifndef BH_POLICY_NAMES_H
#define BH_POLICY_NAMES_H

#include "cil_tree.h"
#include "source.h"

struct name {
    const char *kind;          /* type, typeattribute, class, permission, macro, role, user, sid, boolean... */
    const char *word;          /* borrowed from the source's trees, like the rest */
    const struct source_file *file;
    const struct cil_node *node; /* the declaration */
};

struct names {
    struct name *list;         /* in the order of the text */
    size_t count;
};

void names_collect(struct names *n, const struct source *s);
void names_list_free(struct names *n);

/** A declaration; `kind` NULL: any. Of a name such as netdd.t that of t in block netdd, or in one that it inherits. NULL if there is none. */
const struct name *names_find(const struct names *n, const char *kind, const char *word);

/** The declared word nearest to one that is not, among some kinds (NULL-terminated; NULL: all); NULL: none is near. */
const char *names_nearest(const struct names *n, const char *const *kinds, const char *word);

#endif
