/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bh policy coverage: permissions that a policy gives and that no decision in a log used. A rule is counted once for each call that makes one
 * of it; a line of the text is unused if none of its rules was used, on any of the hosts that have it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../build/buf.h"
#include "cite.h"
#include "located.h"
#include "table.h"
#include "verb.h"
#include "verdict_show.h"

/* A permission of a line: of all rules that the line makes, on all hosts. */
struct use {
    char *name;                /* owned */
    bool used;
};

struct line {
    char *file;                /* owned, and so are the names */
    unsigned int number;
    char *macro;               /* that it stands in; "": in none */
    char *tclass;
    struct use perms[32];      /* as the class orders them */
    size_t perm_count;
    size_t rules, rules_used;
};

struct coverage {
    struct line *lines;        /* by place, once they are gathered */
    size_t line_count;
    struct table rules;        /* each with what it has unused */
    size_t unrecorded;         /* rules of classes about which nobody tells what he grants */
    struct avc_log *logs;      /* of each host: what they lack is told at the end */
    size_t log_count;
};

/* One host: what it may, and what it was granted. Held while it is added to the coverage. */
struct host_use {
    struct source source;
    struct model model;
    struct located located;
    const struct avc_log *log; /* borrowed of the coverage */
    struct verdicts granted;
    uint32_t *used;            /* of each rule, by the model's bits */
};

static const struct table_column rule_columns[] = { { "source", "SOURCE" }, { "target", "TARGET" }, { "class", "CLASS" }, { "from", "FROM" },
                                                    { "unused", "PERMISSIONS NEVER USED" } };

/* The xenstore domain tells what it refuses, and no more. */
static bool is_recorded(const struct rule *r)
{
    return strcmp(r->tclass, AVC_CLASS_XENSTORE) != 0;
}

static void use(struct host_use *h)
{
    h->used = bh_alloc((h->located.rules.count + 1) * sizeof(*h->used));
    for (size_t k = 0; k < h->granted.count; k++) {
        const struct verdict *v = &h->granted.list[k];

        for (size_t i = 0; v->unknown == NULL && i < h->located.rules.count; i++) {
            if (located_is_about(&h->located, &h->model, i, v->source, v->target, v->tclass)) {
                h->used[i] |= h->located.at[i].perms & (v->allowed | v->constrained | v->switched);
            }
        }
    }
}

/* -- rules become lines ------------------------------------------------------------------------------------------------ */

static int by_place(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int n = strcmp(x->macro, y->macro);

    n = n != 0 ? n : strcmp(x->file, y->file);
    return n != 0 ? n : x->number < y->number ? -1 : x->number > y->number ? 1 : strcmp(x->tclass, y->tclass);
}

static void line_free(struct line *l)
{
    for (size_t i = 0; i < l->perm_count; i++) {
        free(l->perms[i].name);
    }
    free(l->file);
    free(l->macro);
    free(l->tclass);
}

/* Another rule of the same line. Policies of several hosts may number permissions differently: names count. */
static void line_join(struct line *l, struct line *more)
{
    for (size_t k = 0; k < more->perm_count; k++) {
        size_t i = 0;

        while (i < l->perm_count && strcmp(l->perms[i].name, more->perms[k].name) != 0) {
            i++;
        }
        if (i < l->perm_count) {
            l->perms[i].used = l->perms[i].used || more->perms[k].used;
        } else if (l->perm_count < sizeof(l->perms) / sizeof(l->perms[0])) {
            l->perms[l->perm_count++] = more->perms[k];
            more->perms[k].name = NULL;
        }
    }
    l->rules += more->rules;
    l->rules_used += more->rules_used;
    line_free(more);
}

/* One for each line and class, with what all its rules have together. */
static void gather(struct coverage *c)
{
    size_t n = 0;

    qsort(c->lines, c->line_count, sizeof(*c->lines), by_place);
    for (size_t i = 0; i < c->line_count; i++) {
        if (n > 0 && by_place(&c->lines[n - 1], &c->lines[i]) == 0) {
            line_join(&c->lines[n - 1], &c->lines[i]);
        } else {
            c->lines[n++] = c->lines[i];
        }
    }
    c->line_count = n;
}

static void add_rule(struct coverage *c, const struct host_use *h, size_t i)
{
    const struct rule *r = &h->located.rules.list[i];
    const struct place *at = &r->places[r->place_count - 1];
    int tclass = h->located.at[i].tclass;
    uint32_t perms = h->located.at[i].perms, unused = perms & ~h->used[i];
    struct line *l = &c->lines[c->line_count++];

    *l = (struct line){ .file = bh_strdup(at->file), .number = at->line, .macro = bh_strdup(cite_macro(&h->source, at->file, at->line)),
                        .tclass = bh_strdup(r->tclass), .rules = 1, .rules_used = h->used[i] != 0 };
    for (unsigned int bit = 0; bit < 32; bit++) {
        if ((perms >> bit & 1) != 0) {
            l->perms[l->perm_count++] = (struct use){ bh_strdup(model_perm_name(&h->model, tclass, bit)), (h->used[i] >> bit & 1) != 0 };
        }
    }
    if (unused != 0) {
        char *from = rule_origin(r), *names = model_perm_names(&h->model, tclass, unused);

        table_row(&c->rules, (const char *const[]){ r->source, r->target, r->tclass, from, names });
        free(from);
        free(names);
    }
}

static void add_rules(struct coverage *c, const struct host_use *h)
{
    c->lines = bh_grow(c->lines, c->line_count + h->located.rules.count + 1, sizeof(*c->lines));
    for (size_t i = 0; i < h->located.rules.count; i++) {
        const struct rule *r = &h->located.rules.list[i];

        if (r->place_count > 0 && is_recorded(r) && h->located.at[i].tclass >= 0) {
            add_rule(c, h, i);
        } else {
            c->unrecorded++;
        }
    }
    gather(c);
}

/* @return false: reported */
static bool add_used(struct coverage *c, struct host_use *h, struct messages *m)
{
    if (!located_read(&h->located, &h->source, &h->model, m)) {
        return false;
    }
    verdicts_of(&h->granted, h->log, AVC_GRANTED, &h->model);
    use(h);
    add_rules(c, h);
    verdicts_free(&h->granted);
    free(h->used);
    located_free(&h->located);
    return true;
}

/**
 * Add a host, whose policy was read, with its logs.
 *
 * @param h  the policy; freed, whatever comes of it
 * @return false: reported
 */
static bool add_host(struct coverage *c, struct host_use *h, const char *const *logs, size_t count, struct messages *m)
{
    bool ok = false;
    struct avc_log *log;

    c->logs = bh_grow(c->logs, c->log_count + 1, sizeof(*c->logs));
    log = &c->logs[c->log_count];
    if (avc_log_read(log, logs, count, m)) {
        c->log_count++;
        h->log = log;
        if (!log->traced) {
            message_add(m, log->files[0], 0, 0, "is not of a host that tells what it grants: everything would look unused");
            message_hint(m, "put flask-trace on the hypervisor's command line (docs/run.md)");
        } else if (h->source.binary) {
            message_add(m, h->source.name, 0, 0, "is a binary policy, which does not tell by which rule it allows something");
            message_hint(m, "name the CIL files it was made from");
        } else if (model_load(&h->model, &h->source, m)) {
            ok = add_used(c, h, m);
            model_free(&h->model);
        }
    }
    source_free(&h->source);
    return ok;
}

/* "POLICY=LOG,LOG": POLICY may have commas, too. @return false: reported */
static bool add_named_host(struct coverage *c, const char *tree, const char *words, struct messages *m)
{
    struct host_use h = { 0 };
    char *policy = bh_strdup(words), *rest = strchr(policy, '='), *word;
    const char **logs = bh_alloc((strlen(words) + 2) * sizeof(*logs));
    size_t count = 0;
    bool ok = false;

    if (rest == NULL || rest == policy || rest[1] == '\0') {
        message_add(m, NULL, 0, 0, "--host %s: expected POLICY=LOG[,LOG...]", words);
    } else {
        *rest++ = '\0';
        while ((word = strsep(&rest, ",")) != NULL) {
            logs[count++] = word;
        }
        ok = source_read_list(&h.source, tree, policy, m) && add_host(c, &h, logs, count, m);
    }
    free(logs);
    free(policy);
    return ok;
}

/* -- the answer ----------------------------------------------------------------------------------------------------- */

static const struct table_column macro_columns[] = { { "macro", "MACRO" }, { "lines", "LINES" }, { "unused_lines", "UNUSED" },
                                                     { "permissions", "PERMISSIONS" }, { "unused_permissions", "UNUSED" } };
static const struct table_column line_columns[] = { { "macro", "MACRO" }, { "from", "LINE" }, { "class", "CLASS" }, { "rules", "RULES" },
                                                    { "unused_rules", "UNUSED" }, { "unused", "PERMISSIONS NEVER USED" } };
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

static size_t unused_of(const struct line *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->perm_count; i++) {
        n += !l->perms[i].used;
    }
    return n;
}

static void by_macro(const struct coverage *c, struct table *t, struct sum *all)
{
    struct sum one = { 0 };

    for (size_t i = 0; i < c->line_count; i++) {
        const struct line *l = &c->lines[i];

        one = (struct sum){ one.lines + 1, one.lines_unused + (l->rules_used == 0), one.perms + l->perm_count,
                            one.perms_unused + unused_of(l) };
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

        if (unused_of(l) > 0 || l->perm_count == 0) {
            char *from = bh_printf("%s:%u", l->file, l->number), *rules = bh_printf("%zu", l->rules);
            char *unused = bh_printf("%zu", l->rules - l->rules_used);
            struct buf names = { 0 };

            buf_puts(&names, "");
            for (size_t k = 0; k < l->perm_count; k++) {
                if (!l->perms[k].used) {
                    buf_printf(&names, "%s%s", names.len > 0 ? " " : "", l->perms[k].name);
                }
            }
            table_row(t, (const char *const[]){ *l->macro != '\0' ? l->macro : "(none)", from, l->tclass, rules, unused, names.data });
            free(from);
            free(rules);
            free(unused);
            buf_free(&names);
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
}

/* @param several  of hosts that were named, even if it is one: what their logs lack is a list */
static void answer_gaps(const struct coverage *c, bool several, json_object *json)
{
    json_object *list = several && json != NULL ? json_object_new_array() : NULL;
    bool misses = false;

    for (size_t i = 0; i < c->log_count; i++) {
        misses = misses || avc_log_misses(&c->logs[i]);
        if (list != NULL) {
            json_object_array_add(list, avc_gaps_json(&c->logs[i]));
        } else if (json != NULL) {
            json_object_object_add(json, "gaps", avc_gaps_json(&c->logs[i]));
        } else {
            avc_log_gaps(&c->logs[i], stdout);
        }
    }
    if (list != NULL) {
        json_object_object_add(json, "gaps", list);
    }
    if (json == NULL && misses) {
        printf("what is unused above may have been used by those that are missing\n");
    }
}

static int answer(struct coverage *c, bool as_json, bool rules, bool several)
{
    json_object *json = as_json ? json_object_new_object() : NULL;
    struct sum all = { 0 };
    struct table t;

    table_init(&t, macro_columns, sizeof(macro_columns) / sizeof(macro_columns[0]));
    by_macro(c, &t, &all);
    row(&t, "all", &all);
    finish(&t, json, "macros");
    table_free(&t);
    if (rules) {
        finish(&c->rules, json, "rules");
    } else {
        table_init(&t, line_columns, sizeof(line_columns) / sizeof(line_columns[0]));
        by_line(c, &t);
        finish(&t, json, "lines");
        table_free(&t);
    }
    if (json != NULL) {
        json_object_object_add(json, "unrecorded_rules", json_object_new_int64((int64_t)c->unrecorded));
    } else if (c->unrecorded > 0) {
        printf("rules of class " AVC_CLASS_XENSTORE ", %zu, are not counted: who decides about it tells only what it refuses\n",
               c->unrecorded);
    }
    answer_gaps(c, several, json);
    if (json != NULL) {
        json_write(json, stdout);
    }
    return all.perms_unused > 0 ? POLICY_NO : POLICY_YES;
}

static bool coverage_read(struct coverage *c, const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    struct host_use h = { 0 };

    if (verb_value(&policy_coverage_verb, w, "--host") == NULL) {
        return source_read(&h.source, o->tree, o->policy, o->policy_count, m) && add_host(c, &h, w->words, w->word_count, m);
    }
    if (w->word_count > 0) {
        message_add(m, NULL, 0, 0, "%s belongs to no host", w->words[0]);
        message_hint(m, "with --host logs stand behind its policy: --host POLICY=LOG,LOG");
        return false;
    }
    for (size_t i = 0; i < w->repeat_count; i += 2) {
        if (strcmp(w->repeats[i], "--host") == 0 && !add_named_host(c, o->tree, w->repeats[i + 1], m)) {
            return false;
        }
    }
    return true;
}

static int coverage_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    struct coverage c = { 0 };
    int rc = POLICY_WRONG;

    table_init(&c.rules, rule_columns, sizeof(rule_columns) / sizeof(rule_columns[0]));
    if (coverage_read(&c, o, w, m)) {
        rc = answer(&c, o->json, verb_value(&policy_coverage_verb, w, "--rules") != NULL,
                    verb_value(&policy_coverage_verb, w, "--host") != NULL);
    }
    for (size_t i = 0; i < c.line_count; i++) {
        line_free(&c.lines[i]);
    }
    for (size_t i = 0; i < c.log_count; i++) {
        avc_log_free(&c.logs[i]);
    }
    free(c.lines);
    free(c.logs);
    table_free(&c.rules);
    return rc;
}

static const struct verb_option options[] = {
    { "--host", "POLICY=LOG", "a host, instead of -p and LOG; POLICY and LOG may be several, with commas; may be repeated" },
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
            "there is one; take several logs together. Where the console left decisions out (`lost N messages`), it is said. With --host\n"
            "the lines that several hosts have in common, those of the reference policy, are judged once: a permission is unused when none of\n"
            "the hosts used it. Rules of class xenstore are not counted. Status 1: something is unused.\n\n"
            "    bh policy coverage -p host.conf build/host/run/console.log\n"
            "    bh policy coverage --host a.conf=a.log --host b.conf=b1.log,b2.log",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = coverage_run,
};
