/* SPDX-License-Identifier: Apache-2.0 */
#include "cite.h"

#include <string.h>

static const struct cil_node *statement(const struct source *s, const char *file, unsigned int line)
{
    struct source_file *f = source_find(s, file);
    const struct cil_tree *t = f != NULL ? source_tree(f) : NULL;

    return t != NULL ? cil_tree_at(t, line) : NULL;
}

const char *cite_comment(const struct source *s, const char *file, unsigned int line)
{
    const struct cil_node *list = statement(s, file, line);

    return list != NULL && list->comment != NULL ? list->comment : "";
}

int cite_first_sentence(const char *text)
{
    const char *end = strstr(text, ". ");

    return (int)(end != NULL ? (size_t)(end - text) + 1 : strlen(text));
}

const char *cite_called(const struct source *s, const struct place *p)
{
    const struct cil_node *list = statement(s, p->file, p->line);

    while (list != NULL && (list->line != p->line || strcmp(cil_node_text(list, 0), "call") != 0)) {
        list = list->line == p->line ? list->next : NULL;
    }
    return list != NULL ? cil_node_text(list, 1) : "";
}

const char *cite_macro(const struct source *s, const char *file, unsigned int line)
{
    const struct cil_node *n = statement(s, file, line);

    while (n != NULL && strcmp(cil_node_text(n, 0), "macro") != 0) {
        n = n->parent;
    }
    return n != NULL ? cil_node_text(n, 1) : "";
}

/* The comment behind a permission's line is in no tree; the line is looked at. */
static char *comment_behind(const struct source_file *f, unsigned int line)
{
    const char *at = f->text.data, *semicolon;

    for (unsigned int n = 1; at != NULL && n < line; n++) {
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    semicolon = at != NULL ? memchr(at, ';', strcspn(at, "\n")) : NULL;
    if (semicolon == NULL) {
        return bh_strdup("");
    }
    semicolon += strspn(semicolon, "; ");
    return bh_strndup(semicolon, strcspn(semicolon, "\n"));
}

char *cite_guards(const struct names *n, const char *tclass, const char *perm)
{
    const struct name *declared = names_find(n, "class", tclass);
    const struct cil_node *word = declared != NULL ? cil_node_word(cil_node_nth(declared->node, 2), perm) : NULL;

    return word != NULL ? comment_behind(declared->file, word->line) : bh_strdup("");
}

static bool is_on(const struct cil_node *constraint, const char *tclass, const char *perm)
{
    const struct cil_node *what = cil_node_nth(constraint, 1), *set = what != NULL ? cil_node_nth(what, 1) : NULL;

    return set != NULL && strcmp(cil_node_text(what, 0), tclass) == 0 &&
           (cil_node_word(set, perm) != NULL || cil_node_word(set, "all") != NULL);
}

const struct cil_node *cite_constraint(const struct source *s, const char *tclass, const char *perm, const struct cil_node *after,
                                       const char **file)
{
    bool passed = after == NULL;

    for (size_t i = 0; i < s->file_count; i++) {
        const struct cil_tree *t = source_tree(&s->files[i]);

        for (const struct cil_node *n = t != NULL ? cil_tree_find(t, NULL, "constrain") : NULL; n != NULL;
             n = cil_tree_find(t, n, "constrain")) {
            if (passed && is_on(n, tclass, perm)) {
                *file = s->files[i].name;
                return n;
            }
            passed = passed || n == after;
        }
    }
    return NULL;
}
