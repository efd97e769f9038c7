/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mistakes in a policy, for people: `file:line:column: what is wrong`, the line itself with a caret, and a hint. All are collected, and
 * shown at the end as text or JSON.
 */
#ifndef BH_POLICY_MESSAGE_H
#define BH_POLICY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "../build/diag.h"

struct source;

struct message {
    char *file;            /* NULL: none */
    unsigned int line;     /* 1-based, 0: the file as a whole */
    unsigned int column;   /* 1-based, 0: the line as a whole */
    char *what;
    char *hint;            /* NULL: none */
};

struct messages {
    struct message *list;
    size_t count;
};

/** Note a mistake; the texts are copied. `hint` is set by message_hint(). */
void message_add(struct messages *m, const char *file, unsigned int line, unsigned int column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/** What to do about the last one. */
void message_hint(struct messages *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Take over what functions of `bh build` reported, one message a line; empties `d`. */
void messages_of_diag(struct messages *m, struct diag *d);

/** Write them: text with the lines of `s` (may be NULL), or a JSON object {"errors": [...]}. */
void messages_write(const struct messages *m, const struct source *s, bool json, FILE *out);

void messages_free(struct messages *m);

#endif
