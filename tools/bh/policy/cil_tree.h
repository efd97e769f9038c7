/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CIL text as it is written: words and parentheses with their places. It decides nothing (libsepol compiles); it is for pointing: at the
 * word in a line that libsepol complains of, at a declaration, at the comment above an assertion, at a macro's parameters.
 */
#ifndef BH_POLICY_CIL_TREE_H
#define BH_POLICY_CIL_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct cil_node {
    char *word;            /* NULL: a list */
    unsigned int line, column;  /* 1-based; of a list: its parenthesis */
    struct cil_node *first, *next;
    const struct cil_node *parent;
    const char *comment;   /* of a list in no other: the comment above it or its group, without ";"; NULL */
};

struct cil_tree;

/** @return NULL, and the place of the parenthesis at fault in *line and *column (may be NULL), if they do not match */
struct cil_tree *cil_tree_read(const char *text, size_t len, unsigned int *line, unsigned int *column);
void cil_tree_free(struct cil_tree *t);

/** First list of the file; the others follow by `next`. */
const struct cil_node *cil_tree_first(const struct cil_tree *t);

/** The next list, however deep, whose first word is `keyword`, after `after` in the order of the text (NULL: from the start). */
const struct cil_node *cil_tree_find(const struct cil_tree *t, const struct cil_node *after, const char *keyword);

/** The innermost or first list that begins in a line; NULL. */
const struct cil_node *cil_tree_at(const struct cil_tree *t, unsigned int line);

/** A word below a list, at any depth; NULL. */
const struct cil_node *cil_node_word(const struct cil_node *list, const char *word);

/** The n-th element of a list, from 0; NULL. Its word, or "" for a list or nothing. */
const struct cil_node *cil_node_nth(const struct cil_node *list, size_t n);
const char *cil_node_text(const struct cil_node *list, size_t n);

#endif
