/* SPDX-License-Identifier: Apache-2.0 */
/* A hand-written reader: one token ahead, one line lost after a mistake. */
#include "conf.h"

#include <stdlib.h>
#include <string.h>

enum token_kind {
    TOKEN_END,
    TOKEN_NEWLINE,
    TOKEN_WORD,
    TOKEN_STRING,
    TOKEN_EQUALS,
    TOKEN_COMMA,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_BAD, /* already reported */
};

struct reader {
    const char *file;
    const uint8_t *text;
    size_t len;
    size_t at;
    unsigned int line; /* of the next byte */
    struct diag *diag;

    enum token_kind kind; /* the token ahead */
    char *word;           /* owned; of TOKEN_WORD and TOKEN_STRING */
    unsigned int token_line;
};

static int is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || (c != '\0' && strchr("_-./:+@", c) != NULL);
}

static enum token_kind read_string(struct reader *r)
{
    struct buf value = { 0 };

    buf_put(&value, "", 0);
    r->at++;
    while (r->at < r->len && r->text[r->at] != '"') {
        uint8_t c = r->text[r->at];

        if (c == '\n' || c == '\0') {
            break;
        }
        if (c == '\\') {
            if (r->at + 1 >= r->len || strchr("\"\\", r->text[r->at + 1]) == NULL
                || r->text[r->at + 1] == '\0') {
                diag_error(r->diag, r->file, r->line, NULL,
                           "a \\ in a string stands before \" or \\ only; write \\\\ for one \\");
                buf_free(&value);
                return TOKEN_BAD;
            }
            c = r->text[++r->at];
        }
        buf_put(&value, &c, 1);
        r->at++;
    }
    if (r->at >= r->len || r->text[r->at] != '"') {
        diag_error(r->diag, r->file, r->line, NULL,
                   "the string does not end on its line; add the closing \"");
        buf_free(&value);
        return TOKEN_BAD;
    }
    r->at++;
    r->word = value.data;
    return TOKEN_STRING;
}

static enum token_kind read_token(struct reader *r)
{
    while (r->at < r->len) {
        uint8_t c = r->text[r->at];

        if (c == '#') {
            while (r->at < r->len && r->text[r->at] != '\n') {
                r->at++;
            }
        } else if (c == ' ' || c == '\t' || c == '\r') {
            r->at++;
        } else {
            break;
        }
    }
    r->token_line = r->line;
    if (r->at >= r->len) {
        return TOKEN_END;
    }
    uint8_t c = r->text[r->at];
    size_t start = r->at;

    switch (c) {
    case '\n':
        r->at++;
        r->line++;
        return TOKEN_NEWLINE;
    case '=':
        r->at++;
        return TOKEN_EQUALS;
    case ',':
        r->at++;
        return TOKEN_COMMA;
    case '{':
        r->at++;
        return TOKEN_OPEN;
    case '}':
        r->at++;
        return TOKEN_CLOSE;
    case '"':
        return read_string(r);
    default:
        break;
    }
    while (r->at < r->len && is_word(r->text[r->at])) {
        r->at++;
    }
    if (r->at == start) {
        r->at++;
        if (c > ' ' && c < 0x7f) {
            diag_error(r->diag, r->file, r->line, NULL, "'%c' has no meaning here; put the value "
                       "in quotes if it belongs to it", c);
        } else {
            diag_error(r->diag, r->file, r->line, NULL,
                       "a byte 0x%02x has no meaning here; put the value in quotes", c);
        }
        return TOKEN_BAD;
    }
    r->word = bh_strndup((const char *)r->text + start, r->at - start);
    return TOKEN_WORD;
}

static void advance(struct reader *r)
{
    free(r->word);
    r->word = NULL;
    r->kind = read_token(r);
}

static char *take_word(struct reader *r)
{
    char *word = r->word;

    r->word = NULL;
    advance(r);
    return word;
}

static void skip_line(struct reader *r)
{
    while (r->kind != TOKEN_NEWLINE && r->kind != TOKEN_END) {
        advance(r);
    }
}

static void skip_newlines(struct reader *r)
{
    while (r->kind == TOKEN_NEWLINE) {
        advance(r);
    }
}

static void entry_add_value(struct conf_entry *entry, char *value)
{
    entry->values = bh_grow(entry->values, entry->value_count + 1, sizeof(*entry->values));
    entry->values[entry->value_count++] = value;
}

static void entry_free(struct conf_entry *entry)
{
    for (size_t i = 0; i < entry->value_count; i++) {
        free(entry->values[i]);
    }
    free(entry->values);
    free(entry->key);
    free(entry);
}

/* The value or values after `key =`; the key is consumed already and owned by the entry. */
static struct conf_entry *read_entry(struct reader *r, char *key, unsigned int line)
{
    struct conf_entry *entry = bh_alloc(sizeof(*entry));

    entry->key = key;
    entry->line = line;
    advance(r); /* = */
    for (;;) {
        if (r->kind != TOKEN_WORD && r->kind != TOKEN_STRING) {
            if (r->kind != TOKEN_BAD) {
                diag_error(r->diag, r->file, line, key, "a value is missing; write %s = VALUE",
                           key);
            }
            skip_line(r);
            entry_free(entry);
            return NULL;
        }
        entry_add_value(entry, take_word(r));
        if (r->kind != TOKEN_COMMA) {
            break;
        }
        advance(r);
        skip_newlines(r);
    }
    if (r->kind == TOKEN_WORD || r->kind == TOKEN_STRING) {
        diag_error(r->diag, r->file, line, key,
                   "one value expected, '%s' follows it; put values with spaces in quotes, and a "
                   "comma between the values of a list", r->word);
        skip_line(r);
    } else if (r->kind == TOKEN_EQUALS || r->kind == TOKEN_OPEN) {
        diag_error(r->diag, r->file, line, key,
                   "'%s' after the value; one statement goes on one line",
                   r->kind == TOKEN_OPEN ? "{" : "=");
        skip_line(r);
    } else if (r->kind == TOKEN_BAD) {
        skip_line(r);
    }
    return entry;
}

static void read_body(struct reader *r, struct conf_section *section, unsigned int depth)
{
    struct conf_entry **entry_end = &section->entries;
    struct conf_section **section_end = &section->sections;

    /* The body of the file is read on after a stray }, so there may be something already. */
    while (*entry_end != NULL) {
        entry_end = &(*entry_end)->next;
    }
    while (*section_end != NULL) {
        section_end = &(*section_end)->next;
    }
    for (;;) {
        skip_newlines(r);
        if (r->kind == TOKEN_END || r->kind == TOKEN_CLOSE) {
            return;
        }
        if (r->kind != TOKEN_WORD) {
            if (r->kind != TOKEN_BAD) {
                diag_error(r->diag, r->file, r->token_line, NULL,
                           "a key or a section expected; write KEY = VALUE or KIND NAME {");
            }
            skip_line(r);
            continue;
        }
        unsigned int line = r->token_line;
        char *word = take_word(r);

        if (r->kind == TOKEN_EQUALS) {
            struct conf_entry *entry = read_entry(r, word, line);

            if (entry != NULL) {
                *entry_end = entry;
                entry_end = &entry->next;
            }
            continue;
        }
        char *name = NULL;

        if (r->kind == TOKEN_WORD || r->kind == TOKEN_STRING) {
            name = take_word(r);
        }
        if (r->kind != TOKEN_OPEN) {
            if (r->kind != TOKEN_BAD) {
                diag_error(r->diag, r->file, line, word, name != NULL
                           ? "neither a section nor a value; write KEY = VALUE or KIND NAME {"
                           : "'=' expected after the key; write KEY = VALUE");
            }
            free(word);
            free(name);
            skip_line(r);
            continue;
        }
        struct conf_section *inner = bh_alloc(sizeof(*inner));

        inner->kind = word;
        inner->name = name;
        inner->line = line;
        *section_end = inner;
        section_end = &inner->next;
        if (depth + 1 >= CONF_DEPTH_MAX) {
            diag_error(r->diag, r->file, line, word, "sections are nested more than %d deep",
                       CONF_DEPTH_MAX - 1);
            r->at = r->len; /* nothing after this can be read right */
            advance(r);
            return;
        }
        advance(r);
        read_body(r, inner, depth + 1);
        if (r->kind != TOKEN_CLOSE) {
            diag_error(r->diag, r->file, line, word,
                       "the section is not closed; add a } for the { of this line");
            return;
        }
        advance(r);
    }
}

struct conf_section *conf_parse(const char *file, const uint8_t *text, size_t len,
                                struct diag *diag)
{
    struct conf_section *root = bh_alloc(sizeof(*root));
    struct reader r = { .file = file, .text = text, .len = len, .line = 1, .diag = diag };

    root->line = 1;
    advance(&r);
    read_body(&r, root, 0);
    while (r.kind == TOKEN_CLOSE) {
        diag_error(diag, file, r.token_line, NULL, "this } closes nothing; remove it");
        advance(&r);
        read_body(&r, root, 0);
    }
    free(r.word);
    return root;
}

const struct conf_entry *conf_find(const struct conf_section *section, const char *key)
{
    for (const struct conf_entry *entry = section->entries; entry != NULL; entry = entry->next) {
        if (strcmp(entry->key, key) == 0) {
            return entry;
        }
    }
    return NULL;
}

void conf_free(struct conf_section *section)
{
    while (section != NULL) {
        struct conf_section *next = section->next;

        while (section->entries != NULL) {
            struct conf_entry *entry = section->entries;

            section->entries = entry->next;
            entry_free(entry);
        }
        conf_free(section->sections);
        free(section->kind);
        free(section->name);
        free(section);
        section = next;
    }
}
