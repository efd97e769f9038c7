/* SPDX-License-Identifier: Apache-2.0 */
/* Words of .te text, before or after m4, with their places. */
#ifndef BH_POLICY_TE_SCAN_H
#define BH_POLICY_TE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct te_word {
    const char *at;        /* in the text: a name, a number, a string or one other character */
    size_t len;
    size_t file;           /* index into `files` */
    unsigned int line;     /* of that file, by the marks */
    unsigned int own_line; /* of the text itself */
};

struct te_words {
    struct te_word *list;
    size_t count;
    char **files;          /* that marks name; files[0] is the text itself; owned */
    size_t file_count;
};

/** @param text  borrowed as long as the words are used */
void te_scan(struct te_words *w, const char *text);
void te_words_free(struct te_words *w);

/** Is it that word? false behind the end, too. */
bool te_word_is(const struct te_words *w, size_t i, const char *word);
bool te_word_is_name(const struct te_words *w, size_t i);

/** The word that a compiler means by a line of the text: `token` there, else the first in or behind the line. */
size_t te_word_at(const struct te_words *w, unsigned int own_line, const char *token);

/** Where a macro's body is in a file before m4. */
struct te_macro {
    const char *name, *body; /* in the text */
    size_t name_len, body_len;
    unsigned int line, body_line;
};

/** The next macro that a text defines, from *at on, which moves behind its name; false: there is none. */
bool te_macro_next(const char *text, const char **at, struct te_macro *out);

#endif
