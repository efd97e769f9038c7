/* SPDX-License-Identifier: Apache-2.0 */
#include "cil_tree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../build/buf.h"

#define DEPTH_MAX 256

struct cil_tree {
    struct cil_node *first;
    struct cil_node **nodes;   /* all, in the order of the text; owned */
    size_t count;
    char **comments;           /* owned */
    size_t comment_count;
};

struct reader {
    const char *p, *end;
    unsigned int line, column;
    struct buf comment;        /* the block being read or just read */
    unsigned int comment_line; /* of its last line; 0: none */
    const char *group;         /* comment of the group of lists that we are in */
    unsigned int group_line;   /* where the last of them ended */
};

static void step(struct reader *r)
{
    if (*r->p++ == '\n') {
        r->line++;
        r->column = 1;
    } else {
        r->column++;
    }
}

/* A line that begins with ";" is a block's; one behind a rule is not. */
static void comment_read(struct reader *r, bool own_line)
{
    const char *from;

    while (r->p < r->end && (*r->p == ';' || *r->p == ' ')) {
        step(r);
    }
    from = r->p;
    while (r->p < r->end && *r->p != '\n') {
        step(r);
    }
    if (!own_line || from == r->p || *from == '*' || strncmp(from, "---", 3) == 0 || strncmp(from, "SPDX-", 5) == 0) {
        if (own_line) {
            r->comment.len = 0;
            r->comment_line = 0;
        }
        return;
    }
    if (r->comment_line + 1 != r->line) {
        r->comment.len = 0;
    }
    if (r->comment.len != 0) {
        buf_puts(&r->comment, " ");
    }
    for (const char *p = from; p < r->p; p++) { /* a table in a comment becomes words */
        if (*p != ' ' || p[-1] != ' ') {
            buf_put(&r->comment, p, 1);
        }
    }
    r->comment_line = r->line;
}

static struct cil_node *node_new(struct cil_tree *t, const struct reader *r, const struct cil_node *parent)
{
    struct cil_node *n = bh_alloc(sizeof(*n));

    n->line = r->line;
    n->column = r->column;
    n->parent = parent;
    if ((t->count & (t->count - 1)) == 0) {
        t->nodes = bh_grow(t->nodes, t->count == 0 ? 1 : 2 * t->count, sizeof(*t->nodes));
    }
    t->nodes[t->count++] = n;
    return n;
}

static struct cil_node *word_read(struct cil_tree *t, struct reader *r, const struct cil_node *parent)
{
    struct cil_node *n = node_new(t, r, parent);
    const char *from = r->p;

    if (*r->p == '"') {
        step(r);
        while (r->p < r->end && *r->p != '"') {
            step(r);
        }
        if (r->p < r->end) {
            step(r);
        }
    } else {
        while (r->p < r->end && !isspace((unsigned char)*r->p) && memchr("();\"", *r->p, 4) == NULL) {
            step(r);
        }
    }
    n->word = bh_strndup(from, (size_t)(r->p - from));
    return n;
}

/* A list at the outside gets the comment that ends in the line above it, and so do those that follow without an empty line. */
static void comment_give(struct cil_tree *t, struct reader *r, struct cil_node *list)
{
    if (r->comment_line != 0 && r->comment_line + 1 == list->line) {
        t->comments = bh_grow(t->comments, t->comment_count + 1, sizeof(*t->comments));
        t->comments[t->comment_count] = bh_strdup(r->comment.data);
        r->group = t->comments[t->comment_count++];
    } else if (r->group_line + 1 < list->line) {
        r->group = NULL;
    }
    list->comment = r->group;
}

struct cil_tree *cil_tree_read(const char *text, size_t len, unsigned int *line, unsigned int *column)
{
    struct cil_tree *t = bh_alloc(sizeof(*t));
    struct reader r = { .p = text, .end = text + len, .line = 1, .column = 1 };
    struct cil_node *open[DEPTH_MAX];
    struct cil_node **tail[DEPTH_MAX + 1];
    unsigned int depth = 0, word_line = 0;
    bool bad = false;

    tail[0] = &t->first;
    while (r.p < r.end && !bad) {
        struct cil_node *n = NULL;
        const struct cil_node *parent = depth > 0 ? open[depth - 1] : NULL;

        if (isspace((unsigned char)*r.p)) {
            step(&r);
        } else if (*r.p == ';') {
            comment_read(&r, depth == 0 && word_line != r.line);
        } else if (*r.p == ')') {
            bad = depth == 0;
            if (bad) {
                node_new(t, &r, NULL);
            } else {
                step(&r);
                depth--;
                r.group_line = depth == 0 ? r.line : r.group_line;
                word_line = r.line;
            }
        } else if (*r.p == '(') {
            n = node_new(t, &r, parent);
            *tail[depth] = n;
            tail[depth] = &n->next;
            if (depth == 0) {
                comment_give(t, &r, n);
            }
            bad = depth == DEPTH_MAX;
            if (!bad) {
                open[depth++] = n;
                tail[depth] = &n->first;
                step(&r);
            }
            word_line = r.line;
        } else {
            n = word_read(t, &r, parent);
            *tail[depth] = n;
            tail[depth] = &n->next;
            word_line = r.line;
        }
    }
    buf_free(&r.comment);
    if (bad || depth > 0) {
        const struct cil_node *at = bad ? t->nodes[t->count - 1] : open[depth - 1];

        if (line != NULL) {
            *line = at->line;
        }
        if (column != NULL) {
            *column = at->column;
        }
        cil_tree_free(t);
        return NULL;
    }
    return t;
}

void cil_tree_free(struct cil_tree *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < t->count; i++) {
        free(t->nodes[i]->word);
        free(t->nodes[i]);
    }
    for (size_t i = 0; i < t->comment_count; i++) {
        free(t->comments[i]);
    }
    free(t->nodes);
    free(t->comments);
    free(t);
}

const struct cil_node *cil_tree_first(const struct cil_tree *t)
{
    return t->first;
}

const struct cil_node *cil_tree_find(const struct cil_tree *t, const struct cil_node *after, const char *keyword)
{
    bool found = after == NULL;

    for (size_t i = 0; i < t->count; i++) {
        const struct cil_node *n = t->nodes[i];

        if (found && n->first != NULL && n->first->word != NULL && strcmp(n->first->word, keyword) == 0) {
            return n;
        }
        found = found || n == after;
    }
    return NULL;
}

const struct cil_node *cil_tree_at(const struct cil_tree *t, unsigned int line)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->nodes[i]->word == NULL && t->nodes[i]->line == line) {
            return t->nodes[i];
        }
    }
    return NULL;
}

const struct cil_node *cil_node_word(const struct cil_node *list, const char *word)
{
    for (const struct cil_node *n = list->first; n != NULL; n = n->next) {
        const struct cil_node *in = n->word == NULL ? cil_node_word(n, word) : strcmp(n->word, word) == 0 ? n : NULL;

        if (in != NULL) {
            return in;
        }
    }
    return NULL;
}

const struct cil_node *cil_node_nth(const struct cil_node *list, size_t n)
{
    const struct cil_node *at = list->first;

    while (at != NULL && n-- > 0) {
        at = at->next;
    }
    return at;
}

const char *cil_node_text(const struct cil_node *list, size_t n)
{
    const struct cil_node *at = cil_node_nth(list, n);

    return at != NULL && at->word != NULL ? at->word : "";
}
