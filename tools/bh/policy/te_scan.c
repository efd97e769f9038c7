/* SPDX-License-Identifier: Apache-2.0 */
#include "te_scan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../build/buf.h"

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

static size_t name_length(const char *at)
{
    size_t n = 0;

    while (in_name(at[n]) || (n > 0 && at[n] == '-' && in_name(at[n + 1]))) {
        n++;
    }
    return n;
}

static size_t file_number(struct te_words *w, const char *name, size_t len)
{
    for (size_t i = 1; i < w->file_count; i++) {
        if (strlen(w->files[i]) == len && memcmp(w->files[i], name, len) == 0) {
            return i;
        }
    }
    w->files = bh_grow(w->files, w->file_count + 1, sizeof(*w->files));
    w->files[w->file_count] = bh_strndup(name, len);
    return w->file_count++;
}

static void put(struct te_words *w, struct te_word one)
{
    if ((w->count & (w->count - 1)) == 0) {
        w->list = bh_grow(w->list, w->count == 0 ? 1 : 2 * w->count, sizeof(*w->list));
    }
    w->list[w->count++] = one;
}

/* `#line N "FILE"`: the line after it has that number. */
static bool read_mark(struct te_words *w, const char *at, struct te_word *place)
{
    char name[512] = "";
    unsigned int line;

    if (sscanf(at, "#line %u \"%511[^\"\n]\"", &line, name) < 1) {
        return false;
    }
    place->line = line - 1;
    if (name[0] != '\0') {
        place->file = file_number(w, name, strlen(name));
    }
    return true;
}

void te_scan(struct te_words *w, const char *text)
{
    struct te_word place = { .line = 1, .own_line = 1 };

    *w = (struct te_words){ .files = bh_alloc(sizeof(char *)), .file_count = 1 };
    w->files[0] = bh_strdup("");
    for (const char *p = text; *p != '\0';) {
        size_t n;

        if (*p == '\n') {
            place.line++;
            place.own_line++;
            p++;
        } else if (*p == '#') {
            (void)read_mark(w, p, &place);
            p += strcspn(p, "\n");
        } else if (isspace((unsigned char)*p)) {
            p++;
        } else {
            n = name_length(p);
            if (*p == '"') {
                n = strcspn(p + 1, "\"\n") + 1;
                n += p[n] == '"';
            }
            place.at = p;
            place.len = n > 0 ? n : 1;
            put(w, place);
            p += place.len;
        }
    }
}

void te_words_free(struct te_words *w)
{
    for (size_t i = 0; i < w->file_count; i++) {
        free(w->files[i]);
    }
    free(w->files);
    free(w->list);
    *w = (struct te_words){ 0 };
}

bool te_word_is(const struct te_words *w, size_t i, const char *word)
{
    return i < w->count && w->list[i].len == strlen(word) && memcmp(w->list[i].at, word, w->list[i].len) == 0;
}

bool te_word_is_name(const struct te_words *w, size_t i)
{
    return i < w->count && in_name(*w->list[i].at);
}

size_t te_word_at(const struct te_words *w, unsigned int own_line, const char *token)
{
    size_t i = 0, first;

    while (i < w->count && w->list[i].own_line < own_line) {
        i++;
    }
    first = i;
    while (i < w->count && w->list[i].own_line == own_line && !te_word_is(w, i, token)) {
        i++;
    }
    return i < w->count && w->list[i].own_line == own_line ? i : first;
}

static unsigned int line_of(const char *text, const char *at)
{
    unsigned int line = 1;

    for (; text < at; text++) {
        line += *text == '\n';
    }
    return line;
}

/* Up to the quote that ends what begins at `at`. */
static size_t quoted(const char *at)
{
    size_t n = 0, depth = 1;

    for (; at[n] != '\0'; n++) {
        depth += at[n] == '`';
        depth -= at[n] == '\'';
        if (depth == 0) {
            break;
        }
    }
    return n;
}

bool te_macro_next(const char *text, const char **at, struct te_macro *out)
{
    const char *found = *at;

    while ((found = strstr(found, "define(`")) != NULL) {
        const char *name = found + strlen("define(`"), *end = name + name_length(name), *body;

        found = name;
        if (*end != '\'') {
            continue;
        }
        body = end + 1;
        while (*body == ',' || isspace((unsigned char)*body)) {
            body++;
        }
        *out = (struct te_macro){ .name = name, .name_len = (size_t)(end - name), .line = line_of(text, name) };
        out->body = *body == '`' ? body + 1 : body;
        out->body_len = *body == '`' ? quoted(body + 1) : 0;
        out->body_line = line_of(text, out->body);
        *at = name;
        return true;
    }
    return false;
}
