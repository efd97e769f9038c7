/* SPDX-License-Identifier: Apache-2.0 */
/* bh policy show: what a policy consists of, as tables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../build/suggest.h"
#include "cil_tree.h"
#include "cite.h"
#include "labels.h"
#include "model.h"
#include "names.h"
#include "rules.h"
#include "table.h"
#include "verb.h"

struct shown {
    const struct verb_options *o;
    struct source source;
    struct model model;
    const char *about;     /* the word after what is shown; NULL */
};

typedef bool show_fn(struct shown *s, struct table *t, struct messages *m);

static const struct table_column type_columns[] = { { "type", "TYPE" }, { "declared", "DECLARED" }, { "attributes", "ATTRIBUTES" } };

static char *declared_at(const struct names *names, const char *kind, const char *word)
{
    const struct name *n = names_find(names, kind, word);

    return n != NULL ? bh_printf("%s:%u", n->file->name, n->node->line) : bh_strdup("");
}

static bool show_types(struct shown *s, struct table *t, struct messages *m)
{
    const struct model *p = &s->model;
    struct names names;

    (void)m;
    names_collect(&names, &s->source);
    for (size_t i = 0; i < p->type_count; i++) {
        struct buf attributes = { 0 };
        char *at;

        if (p->is_attribute[i]) {
            continue;
        }
        for (size_t a = 0; a < p->type_count; a++) {
            if (p->is_attribute[a] && model_type_in(p, (int)i, (int)a)) {
                buf_printf(&attributes, "%s%s", attributes.len > 0 ? " " : "", p->types[a]);
            }
        }
        at = declared_at(&names, "type", p->types[i]);
        table_row(t, (const char *const[]){ p->types[i], at, attributes.data != NULL ? attributes.data : "" });
        free(at);
        buf_free(&attributes);
    }
    names_list_free(&names);
    return true;
}

static const struct table_column attribute_columns[] = { { "attribute", "ATTRIBUTE" }, { "declared", "DECLARED" }, { "types", "TYPES" } };

static bool show_attributes(struct shown *s, struct table *t, struct messages *m)
{
    const struct model *p = &s->model;
    struct names names;

    (void)m;
    names_collect(&names, &s->source);
    for (size_t a = 0; a < p->type_count; a++) {
        struct buf types = { 0 };
        char *at;

        if (!p->is_attribute[a]) {
            continue;
        }
        for (size_t i = 0; i < p->type_count; i++) {
            if (!p->is_attribute[i] && model_type_in(p, (int)i, (int)a)) {
                buf_printf(&types, "%s%s", types.len > 0 ? " " : "", p->types[i]);
            }
        }
        at = declared_at(&names, "typeattribute", p->types[a]);
        table_row(t, (const char *const[]){ p->types[a], at, types.data != NULL ? types.data : "" });
        free(at);
        buf_free(&types);
    }
    names_list_free(&names);
    return true;
}

static const struct table_column class_columns[] = { { "class", "CLASS" }, { "permissions", "PERMISSIONS" } };

static bool show_classes(struct shown *s, struct table *t, struct messages *m)
{
    (void)m;
    for (size_t c = 0; c < s->model.class_count; c++) {
        char *names = model_perm_names(&s->model, (int)c, model_perms(&s->model, (int)c));

        table_row(t, (const char *const[]){ s->model.classes[c], names });
        free(names);
    }
    return true;
}

static const struct table_column permission_columns[] = { { "class", "CLASS" }, { "permission", "PERMISSION" }, { "guards", "GUARDS" } };

static bool show_permissions(struct shown *s, struct table *t, struct messages *m)
{
    int only = s->about != NULL ? model_class(&s->model, s->about, m) : -1;
    struct names names;

    if (s->about != NULL && only < 0) {
        return false;
    }
    names_collect(&names, &s->source);
    for (size_t c = 0; c < s->model.class_count; c++) {
        for (unsigned int bit = 0; bit < 32 && (only < 0 || only == (int)c); bit++) {
            const char *perm = model_perms(&s->model, (int)c) >> bit & 1 ? model_perm_name(&s->model, (int)c, bit) : NULL;

            if (perm != NULL) {
                char *guards = cite_guards(&names, s->model.classes[c], perm);

                table_row(t, (const char *const[]){ s->model.classes[c], perm, guards });
                free(guards);
            }
        }
    }
    names_list_free(&names);
    return true;
}

static const struct table_column rule_columns[] = { { "source", "SOURCE" }, { "target", "TARGET" }, { "class", "CLASS" },
                                                    { "from", "FROM" }, { "permissions", "PERMISSIONS" } };

static void rule_row(struct table *t, const struct rule *r)
{
    struct buf perms = { 0 };
    char *origin = rule_origin(r);

    for (size_t i = 0; i < r->perm_count; i++) {
        buf_printf(&perms, "%s%s", i > 0 ? " " : "", r->perms[i]);
    }
    table_row(t, (const char *const[]){ r->source, r->target, r->tclass, origin, perms.data != NULL ? perms.data : "" });
    buf_free(&perms);
    free(origin);
}

/* Allow rules as written, macros expanded; of a binary policy, and of one type, as they come out. */
static bool show_rules(struct shown *s, struct table *t, struct messages *m)
{
    struct rules rules;

    if (source_has_places(&s->source) && s->about == NULL) {
        if (!rules_all(&s->source, NULL, s->model.classes, s->model.class_count, &rules, m)) {
            return false;
        }
        for (size_t i = 0; i < rules.count; i++) {
            rule_row(t, &rules.list[i]);
        }
        rules_free(&rules);
        return true;
    }
    int only = s->about != NULL ? model_type(&s->model, s->about, m) : -1;

    if (s->about != NULL && only < 0) {
        return false;
    }
    for (size_t i = 0; i < s->model.grant_count; i++) {
        const struct grant *g = &s->model.grants[i];

        if (g->allowed != 0 && (only < 0 || g->source == only || g->target == only)) {
            char *perms = model_perm_names(&s->model, g->tclass, g->allowed);

            table_row(t, (const char *const[]){ s->model.types[g->source], s->model.types[g->target], s->model.classes[g->tclass], NULL, perms });
            free(perms);
        }
    }
    return true;
}

static const struct table_column label_columns[] = { { "kind", "KIND" }, { "object", "OBJECT" }, { "context", "CONTEXT" } };

static bool show_labels(struct shown *s, struct table *t, struct messages *m)
{
    struct labels labels;

    (void)m;
    labels_collect(&labels, &s->model);
    for (size_t i = 0; i < labels.count; i++) {
        table_row(t, (const char *const[]){ labels.list[i].kind, labels.list[i].object, labels.list[i].context });
    }
    labels_free(&labels);
    return true;
}

static const struct table_column macro_columns[] = { { "macro", "MACRO" }, { "parameters", "PARAMETERS" }, { "declared", "DECLARED" },
                                                     { "about", "ABOUT" } };

static bool show_macros(struct shown *s, struct table *t, struct messages *m)
{
    struct names names;

    (void)m;
    names_collect(&names, &s->source);
    for (size_t i = 0; i < names.count; i++) {
        const struct name *n = &names.list[i];
        const struct cil_node *params = cil_node_nth(n->node, 2);
        struct buf text = { 0 };
        char *at;

        if (strcmp(n->kind, "macro") != 0) {
            continue;
        }
        for (const struct cil_node *p = params != NULL ? params->first : NULL; p != NULL; p = p->next) {
            buf_printf(&text, "%s%s", text.len > 0 ? " " : "", cil_node_text(p, 1));
        }
        at = bh_printf("%s:%u", n->file->name, n->node->line);
        table_row(t, (const char *const[]){ n->word, text.data != NULL ? text.data : "", at, n->node->comment });
        free(at);
        buf_free(&text);
    }
    names_list_free(&names);
    return true;
}

static const struct table_column boolean_columns[] = { { "boolean", "BOOLEAN" }, { "state", "STATE" } };

static bool show_booleans(struct shown *s, struct table *t, struct messages *m)
{
    const policydb_t *db = s->model.db;

    (void)m;
    for (uint32_t i = 0; i < db->p_bools.nprim; i++) {
        table_row(t, (const char *const[]){ db->p_bool_val_to_name[i], db->bool_val_to_struct[i]->state ? "true" : "false" });
    }
    return true;
}

static const struct {
    const char *name;
    const struct table_column *columns;
    size_t column_count;
    show_fn *show;
    bool about;                /* takes a second word */
} tables[] = {
#define TABLE(name, columns, show, about) { name, columns, sizeof(columns) / sizeof((columns)[0]), show, about }
    TABLE("types", type_columns, show_types, false),
    TABLE("attributes", attribute_columns, show_attributes, false),
    TABLE("classes", class_columns, show_classes, false),
    TABLE("permissions", permission_columns, show_permissions, true),
    TABLE("rules", rule_columns, show_rules, true),
    TABLE("labels", label_columns, show_labels, false),
    TABLE("macros", macro_columns, show_macros, false),
    TABLE("booleans", boolean_columns, show_booleans, false),
};

#define TABLE_COUNT (sizeof(tables) / sizeof(tables[0]))

static int which(const char *word, struct messages *m)
{
    const char *known[TABLE_COUNT], *near;

    for (size_t i = 0; i < TABLE_COUNT; i++) {
        known[i] = tables[i].name;
        if (strcmp(word, tables[i].name) == 0) {
            return (int)i;
        }
    }
    near = suggest_nearest(word, known, TABLE_COUNT);
    message_add(m, NULL, 0, 0, "there is no table '%s'", word);
    if (near != NULL) {
        message_hint(m, "did you mean '%s'?", near);
    } else {
        message_hint(m, "types, attributes, classes, permissions, rules, labels, macros or booleans");
    }
    return -1;
}

static int show_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    struct shown s = { .o = o, .about = w->word_count > 1 ? w->words[1] : NULL };
    int n = which(w->words[0], m), rc = POLICY_WRONG;
    struct table t;

    if (n < 0) {
        return rc;
    }
    if (s.about != NULL && !tables[n].about) {
        message_add(m, NULL, 0, 0, "show %s takes no second word", tables[n].name);
        message_hint(m, "show rules TYPE and show permissions CLASS do");
        return rc;
    }
    if (!model_read(&s.model, &s.source, o->tree, o->policy, o->policy_count, m)) {
        return rc;
    }
    table_init(&t, tables[n].columns, tables[n].column_count);
    if (tables[n].show(&s, &t, m)) {
        rc = POLICY_YES;
        if (o->json) {
            json_write(table_take(&t), stdout);
        } else {
            table_text(&t, stdout);
        }
    }
    table_free(&t);
    model_free(&s.model);
    source_free(&s.source);
    return rc;
}

const struct policy_verb policy_show_verb = {
    .name = "show",
    .words = "TABLE [ABOUT]",
    .word_min = 1,
    .word_max = 2,
    .summary = "types, rules, labels and the like, as a table",
    .help = "TABLE is one of:\n"
            "  types        types, where they are declared, and their attributes\n"
            "  attributes   attributes and their types\n"
            "  classes      classes and permissions\n"
            "  permissions  each permission and what it guards; of one class: show permissions grant_op\n"
            "  rules        allow rules as written, macros expanded, and where they come from; what comes out for one type,\n"
            "               constraints applied, both ways: show rules guest_t\n"
            "  labels       what bears which label: initial SIDs, ports, memory, interrupts, devices\n"
            "  macros       macros, their parameters and comments\n"
            "  booleans     booleans and how they stand\n\n"
            "    bh policy show -p host.conf rules netdd",
    .run = show_run,
};
