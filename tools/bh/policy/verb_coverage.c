/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bh policy coverage: permissions that a policy gives and that no decision in a log used. A rule is counted once for each call that makes one
 * of it; a line of the text is unused if none of its rules was used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cite.h"
#include "located.h"
#include "table.h"
#include "verb.h"
#include "verdict_show.h"

struct line {
    const char *file;          /* borrowed of the rules */
    unsigned int number;
    const char *macro;         /* that it stands in; "": in none */
    const char *tclass;
    uint32_t perms, used;      /* of all rules that it makes, by the model's bits */
    size_t rules, rules_used;
    int tclass_number;
};

struct coverage {
    const struct verb_options *o;
    struct source source;
    struct model model;
    struct located located;
    struct avc_log log;
    struct verdicts granted;
    uint32_t *used;            /* of each rule */
    struct line *lines;
    size_t line_count;
    size_t unrecorded;         /* rules of classes about which nobody tells what he grants */
};

/* The xenstore domain tells what it refuses, and no more. */
static bool is_recorded(const struct rule *r)
{
    return strcmp(r->tclass, AVC_CLASS_XENSTORE) != 0;
}

static void use(struct coverage *c)
{
    c->used = bh_alloc((c->located.rules.count + 1) * sizeof(*c->used));
    for (size_t k = 0; k < c->granted.count; k++) {
        const struct verdict *v = &c->granted.list[k];

        for (size_t i = 0; v->unknown == NULL && i < c->located.rules.count; i++) {
            if (located_is_about(&c->located, &c->model, i, v->source, v->target, v->tclass)) {
                c->used[i] |= c->located.at[i].perms & (v->allowed | v->constrained | v->switched);
            }
        }
    }
}

static int by_place(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int n = strcmp(x->macro, y->macro);

    n = n != 0 ? n : strcmp(x->file, y->file);
    return n != 0 ? n : x->number < y->number ? -1 : x->number > y->number ? 1 : strcmp(x->tclass, y->tclass);
}

/* One for each line and class, with what all its rules have together. */
static void gather(struct coverage *c)
{
    struct line *all = bh_alloc((c->located.rules.count + 1) * sizeof(*all));
    size_t count = 0, n = 0;

    for (size_t i = 0; i < c->located.rules.count; i++) {
        const struct rule *r = &c->located.rules.list[i];
        const struct place *at = r->place_count > 0 ? &r->places[r->place_count - 1] : NULL;

        if (at != NULL && is_recorded(r) && c->located.at[i].tclass >= 0) {
            all[count++] = (struct line){ .file = at->file, .number = at->line, .macro = cite_macro(&c->source, at->file, at->line),
                                          .tclass = r->tclass, .tclass_number = c->located.at[i].tclass, .perms = c->located.at[i].perms,
                                          .used = c->used[i], .rules = 1, .rules_used = c->used[i] != 0 };
        } else {
            c->unrecorded++;
        }
    }
    qsort(all, count, sizeof(*all), by_place);
    for (size_t i = 0; i < count; i++) {
        if (n > 0 && by_place(&all[n - 1], &all[i]) == 0) {
            all[n - 1].perms |= all[i].perms;
            all[n - 1].used |= all[i].used;
            all[n - 1].rules++;
            all[n - 1].rules_used += all[i].rules_used;
        } else {
            all[n++] = all[i];
        }
    }
    c->lines = all;
    c->line_count = n;
}

/* -- the answer ----------------------------------------------------------------------------------------------------- */

static const struct table_column macro_columns[] = { { "macro", "MACRO" }, { "lines", "LINES" }, { "unused_lines", "UNUSED" },
                                                     { "permissions", "PERMISSIONS" }, { "unused_permissions", "UNUSED" } };
static const struct table_column line_columns[] = { { "macro", "MACRO" }, { "from", "LINE" }, { "class", "CLASS" }, { "rules", "RULES" },
                                                    { "unused_rules", "UNUSED" }, { "unused", "PERMISSIONS NEVER USED" } };
static const struct table_column rule_columns[] = { { "source", "SOURCE" }, { "target", "TARGET" }, { "class", "CLASS" }, { "from", "FROM" },
                                                    { "unused", "PERMISSIONS NEVER USED" } };

struct sum {
    size_t lines, lines_unused, perms, perms_unused;
};

static void row(struct table *t, const char *name, const struct sum *s)
{
    char *cells[] = { bh_printf("%zu", s->lines), bh_printf("%zu", s->lines_unused), bh_printf("%zu", s->perms), bh_printf("%zu", s->perms_unused) };

    table_row(t, (const char *const[]){ name, cells[0], cells[1], cells[2], cells[3] });
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        free(cells[i]);
    }
}

static void by_macro(const struct coverage *c, struct table *t, struct sum *all)
{
    struct sum one = { 0 };

    for (size_t i = 0; i < c->line_count; i++) {
        const struct line *l = &c->lines[i];
        size_t perms = (size_t)__builtin_popcount(l->perms), unused = (size_t)__builtin_popcount(l->perms & ~l->used);

        one = (struct sum){ one.lines + 1, one.lines_unused + (l->used == 0), one.perms + perms, one.perms_unused + unused };
        if (i + 1 == c->line_count || strcmp(l->macro, l[1].macro) != 0) {
            row(t, *l->macro != '\0' ? l->macro : "(none)", &one);
            *all = (struct sum){ all->lines + one.lines, all->lines_unused + one.lines_unused, all->perms + one.perms,
                                 all->perms_unused + one.perms_unused };
            one = (struct sum){ 0 };
        }
    }
}

static void by_line(const struct coverage *c, struct table *t)
{
    for (size_t i = 0; i < c->line_count; i++) {
        const struct line *l = &c->lines[i];

        if ((l->perms & ~l->used) != 0 || l->perms == 0) {
            char *from = bh_printf("%s:%u", l->file, l->number), *rules = bh_printf("%zu", l->rules);
            char *unused = bh_printf("%zu", l->rules - l->rules_used);
            char *names = model_perm_names(&c->model, l->tclass_number, l->perms & ~l->used);

            table_row(t, (const char *const[]){ *l->macro != '\0' ? l->macro : "(none)", from, l->tclass, rules, unused, names });
            free(from);
            free(rules);
            free(unused);
            free(names);
        }
    }
}

static void by_rule(const struct coverage *c, struct table *t)
{
    for (size_t i = 0; i < c->located.rules.count; i++) {
        const struct rule *r = &c->located.rules.list[i];
        uint32_t unused = c->located.at[i].perms & ~c->used[i];

        if (is_recorded(r) && c->located.at[i].tclass >= 0 && unused != 0) {
            char *from = rule_origin(r), *names = model_perm_names(&c->model, c->located.at[i].tclass, unused);

            table_row(t, (const char *const[]){ r->source, r->target, r->tclass, from, names });
            free(from);
            free(names);
        }
    }
}

static void finish(struct table *t, json_object *json, const char *key)
{
    if (json != NULL) {
        json_object_object_add(json, key, table_take(t));
    } else {
        table_text(t, stdout);
        printf("\n");
    }
    table_free(t);
}

static int answer(struct coverage *c, bool rules)
{
    json_object *json = c->o->json ? json_object_new_object() : NULL;
    struct sum all = { 0 };
    struct table t;

    table_init(&t, macro_columns, sizeof(macro_columns) / sizeof(macro_columns[0]));
    by_macro(c, &t, &all);
    row(&t, "all", &all);
    finish(&t, json, "macros");
    if (rules) {
        table_init(&t, rule_columns, sizeof(rule_columns) / sizeof(rule_columns[0]));
        by_rule(c, &t);
    } else {
        table_init(&t, line_columns, sizeof(line_columns) / sizeof(line_columns[0]));
        by_line(c, &t);
    }
    finish(&t, json, rules ? "rules" : "lines");
    if (json != NULL) {
        json_object_object_add(json, "unrecorded_rules", json_object_new_int64((int64_t)c->unrecorded));
        json_object_object_add(json, "gaps", avc_gaps_json(&c->log));
        json_write(json, stdout);
    } else {
        if (c->unrecorded > 0) {
            printf("rules of class " AVC_CLASS_XENSTORE ", %zu, are not counted: who decides about it tells only what it refuses\n",
                   c->unrecorded);
        }
        avc_log_gaps(&c->log, stdout);
        if (avc_log_misses(&c->log)) {
            printf("what is unused above may have been used by those that are missing\n");
        }
    }
    return all.perms_unused > 0 ? POLICY_NO : POLICY_YES;
}

static int coverage_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    struct coverage c = { .o = o };
    int rc = POLICY_WRONG;

    if (!avc_log_read(&c.log, w->words, w->word_count, m)) {
        return rc;
    }
    if (!c.log.traced) {
        message_add(m, c.log.files[0], 0, 0, "is not of a host that tells what it grants: everything would look unused");
        message_hint(m, "put flask-trace on the hypervisor's command line (docs/run.md)");
    } else if (model_read(&c.model, &c.source, o->tree, o->policy, o->policy_count, m)) {
        if (c.source.binary) {
            message_add(m, c.source.name, 0, 0, "is a binary policy, which does not tell by which rule it allows something");
            message_hint(m, "name the CIL files it was made from");
        } else if (located_read(&c.located, &c.source, &c.model, m)) {
            verdicts_of(&c.granted, &c.log, AVC_GRANTED, &c.model);
            use(&c);
            gather(&c);
            rc = answer(&c, verb_value(&policy_coverage_verb, w, "--rules") != NULL);
            verdicts_free(&c.granted);
            free(c.used);
            free(c.lines);
            located_free(&c.located);
        }
        model_free(&c.model);
        source_free(&c.source);
    }
    avc_log_free(&c.log);
    return rc;
}

static const struct verb_option options[] = {
    { "--rules", NULL, "each rule, where macros are called, instead of each line of the text" },
};

const struct policy_verb policy_coverage_verb = {
    .name = "coverage",
    .words = "[LOG...]",
    .word_max = POLICY_WORDS_MAX,
    .summary = "permissions that no decision in a log used",
    .help = "Takes the grants out of console logs of a host with flask-trace on its command line (standard input if none is named), and lists\n"
            "what the policy gives and nobody used: for each macro how much, then the lines of the text with the permissions that none of\n"
            "their rules needed. A log shows what was done while it ran: a permission for failures, restarts or shutdown is unused until\n"
            "there is one; take several logs together. Where the console left decisions out (`lost N messages`), it is said. Rules of class\n"
            "xenstore are not counted. Status 1: something is unused.\n\n"
            "    bh policy coverage -p host.conf build/host/run/console.log",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = coverage_run,
};
