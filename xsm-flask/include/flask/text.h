/* SPDX-License-Identifier: Apache-2.0 */
/* Appending text to a bounded buffer; what does not fit is only counted. */
#ifndef FLASK_TEXT_H
#define FLASK_TEXT_H

#include <xen/types.h>

struct text {
    char *buf;                   /* borrowed; always NUL-terminated when size is not 0 */
    size_t size;                 /* bytes of buf */
    size_t length;               /* bytes the whole text needs, without NUL */
};

static inline void text_char(struct text *t, char c)
{
    if (t->length + 1 < t->size) {
        t->buf[t->length] = c;
        t->buf[t->length + 1] = '\0';
    }
    t->length++;
}

static inline void text_add(struct text *t, const char *s)
{
    for (; *s != '\0'; s++) {
        text_char(t, *s);
    }
}

/* Text that a guest may have chosen: only what cannot be taken for another field or line. */
static inline void text_untrusted(struct text *t, const char *s)
{
    for (; *s != '\0'; s++) {
        bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                     (*s >= '0' && *s <= '9') || *s == '_' || *s == '-' || *s == '.';

        text_char(t, plain ? *s : '?');
    }
}

static inline void text_uint(struct text *t, uint64_t value, unsigned int base)
{
    char digits[20];
    unsigned int n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (n > 0) {
        text_char(t, digits[--n]);
    }
}

#endif
