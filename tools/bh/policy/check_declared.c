/* SPDX-License-Identifier: Apache-2.0 */
/* Types in no rule, macros that nobody calls, assertions about nobody. What the reference policy has ready for other deployments counts as
   used: only what the person named is looked at for macros and assertions. */
#include <stdlib.h>
#include <string.h>

#include "cil_tree.h"
#include "compile.h"
#include "findings.h"

/* -- types ------------------------------------------------------------------------------------------------------------------ */

struct used {
    const struct model *p;
    bool *types;
};

static int use_transition(avtab_key_t *key, avtab_datum_t *datum, void *arg)
{
    struct used *u = arg;

    if (key->specified & AVTAB_TRANSITION) {
        u->types[key->source_type - 1] = true;
        u->types[key->target_type - 1] = true;
        u->types[datum->data - 1] = true;
    }
    return 0;
}

static void unused_types(const struct checked *c)
{
    const struct model *p = c->model;
    struct used u = { .p = p, .types = bh_alloc(p->type_count + 1) };
    union {
        const avtab_t *in;
        avtab_t *out; /* avtab_map() changes nothing */
    } table = { .in = &p->db->te_avtab };

    for (size_t i = 0; i < p->grant_count; i++) {
        u.types[p->grants[i].source] = true;
        u.types[p->grants[i].target] = true;
    }
    for (int kind = 0; kind < OCON_NUM; kind++) {
        for (const ocontext_t *o = p->db->ocontexts[kind]; o != NULL; o = o->next) {
            u.types[o->context[0].type - 1] = true;
        }
    }
    avtab_map(table.out, use_transition, &u);
    for (size_t i = 0; i < p->type_count; i++) {
        struct declared_at at;

        if (u.types[i] || p->is_attribute[i]) {
            continue;
        }
        at = checked_place(c, "type", p->types[i]);
        if (finding_add(c->out, "unused-type", false, at.file, at.line, at.column, "type %s is in no rule and labels nothing", p->types[i])) {
            finding_hint(c->out, "remove it, or use it: a domain is declared by a macro of its kind, such as (call guest_kind ...)");
        }
    }
    free(u.types);
}

/* -- macros ------------------------------------------------------------------------------------------------------------------- */

/* Behind the blocks that a name may be qualified with. */
static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL ? dot + 1 : name;
}

static bool is_called(const struct checked *c, const char *macro)
{
    for (size_t i = 0; i < c->source->file_count; i++) {
        const struct cil_tree *t = source_tree(&c->source->files[i]);

        for (const struct cil_node *n = t != NULL ? cil_tree_find(t, NULL, "call") : NULL; n != NULL; n = cil_tree_find(t, n, "call")) {
            if (strcmp(last_part(cil_node_text(n, 1)), macro) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void unused_macros(const struct checked *c)
{
    for (size_t i = 0; i < c->names->count; i++) {
        const struct name *n = &c->names->list[i];

        if (strcmp(n->kind, "macro") == 0 && !n->file->reference && !is_called(c, n->word) &&
            finding_add(c->out, "unused-macro", false, n->file->name, n->node->line, n->node->column, "macro %s is called by nobody", n->word)) {
            finding_hint(c->out, "remove it, or call it: (call %s (...))", n->word);
        }
    }
}

/* -- assertions ------------------------------------------------------------------------------------------------------------------ */

#define SUBJECT "bh_subject_%zu"

/* Attributes of our own for the subjects, kept by a rule each, so that the compiled policy tells their members. */
static char *subjects(const struct cil_node *const *list, size_t count)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < count; i++) {
        buf_printf(&text, "(typeattribute " SUBJECT ") (typeattributeset " SUBJECT " (%s)) (expandtypeattribute (" SUBJECT ") false) "
                   "(allow " SUBJECT " self (%s (all)))\n", i, i, cil_node_text(list[i], 1), i, i,
                   cil_node_text(cil_node_nth(list[i], 3), 0));
    }
    return text.data != NULL ? text.data : bh_strdup("");
}

static void empty_assertions(const struct checked *c, struct messages *m)
{
    const struct cil_node **list = NULL;
    const struct source_file **files = NULL;
    size_t count = 0;
    sepol_policydb_t *policy;
    char *text;

    for (size_t i = 0; i < c->source->file_count; i++) {
        struct source_file *f = &c->source->files[i];
        const struct cil_tree *t = f->reference ? NULL : source_tree(f);

        for (const struct cil_node *n = t != NULL ? cil_tree_first(t) : NULL; n != NULL; n = n->next) {
            if (n->word == NULL && strcmp(cil_node_text(n, 0), "neverallow") == 0 && *cil_node_text(cil_node_nth(n, 3), 0) != '\0') {
                list = bh_grow(list, count + 1, sizeof(*list));
                files = bh_grow(files, count + 1, sizeof(*files));
                files[count] = f;
                list[count++] = n;
            }
        }
    }
    text = subjects(list, count);
    policy = count > 0 ? compile_unchecked(c->source, text, m) : NULL;
    for (size_t i = 0; policy != NULL && i < count; i++) {
        char name[64];
        bool any = false;

        snprintf(name, sizeof(name), SUBJECT, i);
        for (uint32_t k = 0; k < policy->p.p_types.nprim; k++) {
            if (strcmp(policy->p.p_type_val_to_name[k], name) == 0) {
                any = ebitmap_cardinality(&policy->p.attr_type_map[k]) > 0;
            }
        }
        if (!any && finding_add(c->out, "empty-assertion", false, files[i]->name, list[i]->line, list[i]->column,
                                "the assertion is about %s, which no type is in", cil_node_text(list[i], 1))) {
            finding_hint(c->out, "it forbids nothing: is a typeattributeset missing, or its expression wrong?");
        }
    }
    sepol_policydb_free(policy);
    free(text);
    free(list);
    free(files);
}

void check_declared(const struct checked *c, struct messages *m)
{
    unused_types(c);
    unused_macros(c);
    empty_assertions(c, m);
}
