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

#define DEPTH_MAX 16 /* blocks that inherit each other are for libsepol to refuse */

static bool fits(const struct name *n, const char *kind, const char *word)
{
    return (kind == NULL || strcmp(n->kind, kind) == 0) && strcmp(n->word, word) == 0;
}

/* In that block, or in what is added to it by (in BLOCK ...). */
static bool is_in(const struct cil_node *node, const char *block)
{
    const struct cil_node *around = node->parent;

    return around != NULL && strcmp(cil_node_text(around, 1), block) == 0 &&
           (strcmp(cil_node_text(around, 0), "block") == 0 || strcmp(cil_node_text(around, 0), "in") == 0);
}

/* What a block declares, or one that it inherits. */
static const struct name *find_in_block(const struct names *n, const char *kind, const char *block, const char *word, unsigned int depth)
{
    const struct name *found = NULL;

    for (size_t i = 0; i < n->count && found == NULL; i++) {
        found = fits(&n->list[i], kind, word) && is_in(n->list[i].node, block) ? &n->list[i] : NULL;
    }
    for (size_t i = 0; i < n->count && found == NULL && depth < DEPTH_MAX; i++) {
        const struct cil_node *part = fits(&n->list[i], "block", block) ? n->list[i].node->first : NULL;

        for (; part != NULL && found == NULL; part = part->next) {
            if (part->word == NULL && strcmp(cil_node_text(part, 0), "blockinherit") == 0) {
                found = find_in_block(n, kind, cil_node_text(part, 1), word, depth + 1);
            }
        }
    }
    return found;
}

const struct name *names_find(const struct names *n, const char *kind, const char *word)
{
    const char *dot = strrchr(word, '.');
    const struct name *found = NULL;

    for (size_t i = 0; i < n->count && found == NULL; i++) {
        found = fits(&n->list[i], kind, word) ? &n->list[i] : NULL;
    }
    if (found == NULL && dot != NULL) {
        char *block = bh_strndup(word, (size_t)(dot - word));

        found = find_in_block(n, kind, block, dot + 1, 0);
        free(block);
    }
    return found;
}

const char *names_nearest(const struct names *n, const char *const *kinds, const char *word)
{
    const char **known = bh_alloc((n->count + 1) * sizeof(*known));
    const char *near;
    size_t count = 0;

    for (size_t i = 0; i < n->count; i++) {
        bool among = kinds == NULL;

        for (size_t k = 0; kinds != NULL && kinds[k] != NULL; k++) {
            among = among || strcmp(n->list[i].kind, kinds[k]) == 0;
        }
        if (among) {
            known[count++] = n->list[i].word;
        }
    }
    near = suggest_nearest(word, known, count);
    free(known);
    return near;
}
