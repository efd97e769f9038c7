/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "source.h"

void message_add(struct messages *m, const char *file, unsigned int line, unsigned int column, const char *format, ...)
{
    struct message one = { .file = file != NULL ? bh_strdup(file) : NULL, .line = line, .column = column };
    va_list args;

    va_start(args, format);
    one.what = bh_vprintf(format, args);
    va_end(args);
    m->list = bh_grow(m->list, m->count + 1, sizeof(*m->list));
    m->list[m->count++] = one;
}

void message_hint(struct messages *m, const char *format, ...)
{
    va_list args;
    char *text;

    if (m->count == 0) {
        return;
    }
    va_start(args, format);
    text = bh_vprintf(format, args);
    va_end(args);
    free(m->list[m->count - 1].hint);
    m->list[m->count - 1].hint = text;
}

void messages_of_diag(struct messages *m, struct diag *d)
{
    char *line, *rest = d->text.data;

    while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
        if (*line != '\0') {
            message_add(m, NULL, 0, 0, "%s", line);
        }
    }
    diag_free(d);
}

#define SHOWN_MAX 400 /* a longer line shows nothing */

/* The line a message is about, with a caret under the column. */
static void show_line(const struct message *m, const struct source *s, FILE *out)
{
    const struct source_file *f = s != NULL && m->file != NULL ? source_find(s, m->file) : NULL;
    const char *at = f != NULL ? f->text.data : NULL;

    for (unsigned int n = 1; at != NULL && n < m->line; n++) {
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    if (at == NULL || m->line == 0 || strcspn(at, "\n") == 0 || strcspn(at, "\n") > SHOWN_MAX) {
        return;
    }
    fprintf(out, "    %.*s\n", (int)strcspn(at, "\n"), at);
    if (m->column != 0 && m->column <= strcspn(at, "\n") + 1) {
        fprintf(out, "    ");
        for (unsigned int i = 0; i + 1 < m->column; i++) {
            fputc(at[i] == '\t' ? '\t' : ' ', out);
        }
        fprintf(out, "^\n");
    }
}

static void write_text(const struct message *m, const struct source *s, FILE *out)
{
    if (m->file != NULL) {
        fprintf(out, "%s:", m->file);
        if (m->line != 0) {
            fprintf(out, "%u:", m->line);
        }
        if (m->line != 0 && m->column != 0) {
            fprintf(out, "%u:", m->column);
        }
        fputc(' ', out);
    }
    fprintf(out, "%s\n", m->what);
    show_line(m, s, out);
    if (m->hint != NULL) {
        fprintf(out, "    hint: %s\n", m->hint);
    }
}

void messages_write(const struct messages *m, const struct source *s, bool json, FILE *out)
{
    json_object *list = json ? json_object_new_array() : NULL, *top;

    for (size_t i = 0; i < m->count; i++) {
        const struct message *one = &m->list[i];

        if (!json) {
            write_text(one, s, out);
            continue;
        }
        json_object *o = json_object_new_object();

        if (one->file != NULL) {
            json_object_object_add(o, "file", json_object_new_string(one->file));
        }
        if (one->line != 0) {
            json_object_object_add(o, "line", json_object_new_int64(one->line));
        }
        if (one->column != 0) {
            json_object_object_add(o, "column", json_object_new_int64(one->column));
        }
        json_object_object_add(o, "message", json_object_new_string(one->what));
        if (one->hint != NULL) {
            json_object_object_add(o, "hint", json_object_new_string(one->hint));
        }
        json_object_array_add(list, o);
    }
    if (json) {
        top = json_object_new_object();
        json_object_object_add(top, "errors", list);
        fprintf(out, "%s\n", json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(top);
    }
}

void messages_free(struct messages *m)
{
    for (size_t i = 0; i < m->count; i++) {
        free(m->list[i].file);
        free(m->list[i].what);
        free(m->list[i].hint);
    }
    free(m->list);
    *m = (struct messages){ 0 };
}
