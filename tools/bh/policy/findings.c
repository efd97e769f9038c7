/* SPDX-License-Identifier: Apache-2.0 */
#include "findings.h"

#include <stdlib.h>
#include <string.h>

#include "te_scan.h"

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool finding_add(struct findings *f, const char *code, bool is_error, const char *file, unsigned int line, unsigned int column,
                 const char *format, ...)
{
    struct finding one = { .code = code, .is_error = is_error, .line = line, .column = column };
    va_list args;

    va_start(args, format);
    one.what = bh_vprintf(format, args);
    va_end(args);
    for (size_t i = 0; i < f->count; i++) {
        const struct finding *o = &f->list[i];

        if (o->code == code && same(o->file, file) && o->line == line && o->column == column && same(o->what, one.what)) {
            free(one.what);
            return false;
        }
    }
    one.file = file != NULL ? bh_strdup(file) : NULL;
    f->list = bh_grow(f->list, f->count + 1, sizeof(*f->list));
    f->list[f->count++] = one;
    return true;
}

void finding_hint(struct findings *f, const char *format, ...)
{
    char *old = f->list[f->count - 1].hint;
    va_list args;

    va_start(args, format);
    f->list[f->count - 1].hint = bh_vprintf(format, args);
    va_end(args);
    free(old);
}

struct declared_at checked_place(const struct checked *c, const char *kind, const char *word)
{
    const struct name *n = names_find(c->names, kind, word);
    struct declared_at at = { 0 };
    struct te_words w;

    if (n != NULL) {
        return (struct declared_at){ n->file->name, n->node->line, n->node->column, n->file->reference };
    }
    if (c->source->conf.len == 0) {
        return at;
    }
    te_scan(&w, c->source->conf.data);
    for (size_t i = 1; i < w.count && at.file == NULL; i++) {
        if (te_word_is(&w, i, word) && te_word_is(&w, i - 1, kind)) {
            const struct source_file *f = source_find(c->source, w.files[w.list[i].file]);

            at = (struct declared_at){ .file = f != NULL ? f->name : NULL, .line = w.list[i].line };
        }
    }
    te_words_free(&w);
    return at;
}

static size_t file_number(const struct source *s, const char *file)
{
    for (size_t i = 0; file != NULL && i < s->file_count; i++) {
        if (strcmp(s->files[i].name, file) == 0) {
            return i;
        }
    }
    return s->file_count;
}

static bool before(const struct source *s, const struct finding *a, const struct finding *b)
{
    size_t x = file_number(s, a->file), y = file_number(s, b->file);

    return a->is_error != b->is_error ? a->is_error : x != y ? x < y : a->line < b->line;
}

/* Stable, by insertion. */
void findings_sort(struct findings *f, const struct source *s)
{
    for (size_t i = 1; i < f->count; i++) {
        struct finding one = f->list[i];
        size_t k = i;

        for (; k > 0 && before(s, &one, &f->list[k - 1]); k--) {
            f->list[k] = f->list[k - 1];
        }
        f->list[k] = one;
    }
}

void findings_free(struct findings *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->list[i].file);
        free(f->list[i].what);
        free(f->list[i].hint);
    }
    free(f->list);
    *f = (struct findings){ 0 };
}
