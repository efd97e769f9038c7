/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "../build/suggest.h"

static const char *const declaring[] = { "type", "typeattribute", "typealias", "class", "common", "classmap", "classpermission", "macro",
                                         "role", "roleattribute", "user", "userattribute", "sid", "boolean", "tunable", "block", "sensitivity",
                                         "category", "level", "levelrange", "context", "policycap", "optional", "permissionx" };

static void put(struct names *n, const char *kind, const struct source_file *file, const struct cil_node *node, const char *word)
{
    if ((n->count & (n->count - 1)) == 0) {
        n->list = bh_grow(n->list, n->count == 0 ? 64 : 2 * n->count, sizeof(*n->list));
    }
    n->list[n->count++] = (struct name){ .kind = kind, .word = word, .file = file, .node = node };
}

static void collect_list(struct names *n, const struct source_file *file, const struct cil_node *list)
{
    const char *keyword = cil_node_text(list, 0);
    const struct cil_node *perms;

    for (size_t i = 0; i < sizeof(declaring) / sizeof(declaring[0]); i++) {
        if (strcmp(keyword, declaring[i]) == 0 && *cil_node_text(list, 1) != '\0') {
            put(n, declaring[i], file, list, cil_node_text(list, 1));
        }
    }
    if (strcmp(keyword, "class") == 0 || strcmp(keyword, "common") == 0 || strcmp(keyword, "classmap") == 0) {
        perms = cil_node_nth(list, 2);
        for (const struct cil_node *p = perms != NULL ? perms->first : NULL; p != NULL; p = p->next) {
            if (p->word != NULL) {
                put(n, "permission", file, list, p->word);
            }
        }
    }
    for (const struct cil_node *c = list->first; c != NULL; c = c->next) {
        if (c->word == NULL) {
            collect_list(n, file, c);
        }
    }
}

void names_collect(struct names *n, const struct source *s)
{
    *n = (struct names){ 0 };
    for (size_t i = 0; i < s->file_count; i++) {
        const struct cil_tree *t = source_tree(&s->files[i]);

        for (const struct cil_node *l = t != NULL ? cil_tree_first(t) : NULL; l != NULL; l = l->next) {
            if (l->word == NULL) {
                collect_list(n, &s->files[i], l);
            }
        }
    }
}

void names_list_free(struct names *n)
{
    free(n->list);
    *n = (struct names){ 0 };
}

const struct name *names_find(const struct names *n, const char *kind, const char *word)
{
    for (size_t i = 0; i < n->count; i++) {
        if ((kind == NULL || strcmp(n->list[i].kind, kind) == 0) && strcmp(n->list[i].word, word) == 0) {
            return &n->list[i];
        }
    }
    return NULL;
}

const char *names_nearest(const struct names *n, const char *const *kinds, const char *word)
{
    const char **known = bh_alloc((n->count + 1) * sizeof(*known));
    const char *near;
    size_t count = 0;

    for (size_t i = 0; i < n->count; i++) {
        bool fits = kinds == NULL;

        for (size_t k = 0; kinds != NULL && kinds[k] != NULL; k++) {
            fits = fits || strcmp(n->list[i].kind, kinds[k]) == 0;
        }
        if (fits) {
            known[count++] = n->list[i].word;
        }
    }
    near = suggest_nearest(word, known, count);
    free(known);
    return near;
}
