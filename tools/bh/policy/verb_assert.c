/* SPDX-License-Identifier: Apache-2.0 */
/* bh policy assert: files of what a policy is to allow and to deny, each line tried like a test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../build/file.h"
#include "assertions.h"
#include "flow_tell.h"
#include "parties.h"
#include "table.h"
#include "type_set.h"
#include "verb.h"

#define SHOWN_MAX 3 /* what breaks a line, at most */

extern const struct policy_verb policy_assert_verb;

struct trial {
    const struct verb_options *o;
    const char *file;
    const struct source *source;
    const struct model *model;
    const struct flow *flow;
    const struct assertion *one;
    struct types_named first, second;
    bool self;
    uint32_t *perms;           /* by class: which are asked about */
    size_t broken;             /* pairs that do not hold */
    struct buf text;           /* what breaks it, for people */
    json_object *json;
};

/* -- whom a line is about ---------------------------------------------------------------------------- */

/* Is that pair asked about? A second that names many stands for the others. */
static bool about(const struct trial *t, size_t s, size_t target)
{
    return t->first.in[s] && (t->self ? s == target : t->second.in[target] && (s != target || (!t->second.many && !t->first.many)));
}

/* Of messages since `before`: which line they are about. */
static void place(const struct trial *t, struct messages *m, size_t before)
{
    for (size_t i = before; i < m->count; i++) {
        if (m->list[i].file == NULL) {
            m->list[i].file = bh_strdup(t->file);
            m->list[i].line = t->one->line;
        }
    }
}

typedef bool each_fn(struct trial *t, const char *word, bool in, struct messages *m);

/* Words with commas, `*` for all and `!` before what is not meant; `each` looks one up and sets or clears it. */
static bool read_list(struct trial *t, const char *words, each_fn *each, struct messages *m)
{
    char *copy = bh_strdup(words), *rest = copy, *word;
    bool ok = true;

    while (ok && (word = strsep(&rest, ",")) != NULL) {
        ok = each(t, word + (*word == '!'), *word != '!', m);
    }
    free(copy);
    return ok;
}

static bool each_class(struct trial *t, const char *word, bool in, struct messages *m)
{
    int only = strcmp(word, "*") == 0 ? -1 : model_class(t->model, word, m);

    if (only < 0 && *word != '*') {
        return false;
    }
    for (int c = 0; c < (int)t->model->class_count; c++) {
        if (only < 0 || only == c) {
            t->perms[c] = in ? model_perms(t->model, c) : 0;
        }
    }
    return true;
}

static bool each_perm(struct trial *t, const char *word, bool in, struct messages *m)
{
    int c = model_class_named(t->model, t->one->tclass);
    int bit = strcmp(word, "*") == 0 ? -1 : model_perm(t->model, c, word, m);
    uint32_t perms = bit >= 0 ? 1u << bit : model_perms(t->model, c);

    if (bit < 0 && *word != '*') {
        return false;
    }
    t->perms[c] = in ? t->perms[c] | perms : t->perms[c] & ~perms;
    return true;
}

static bool read_perms(struct trial *t, struct messages *m)
{
    t->perms = bh_alloc((t->model->class_count + 1) * sizeof(*t->perms));
    if (!read_list(t, t->one->tclass, each_class, m)) {
        return false;
    }
    if (model_class_named(t->model, t->one->tclass) >= 0) {
        t->perms[model_class_named(t->model, t->one->tclass)] = 0;
        return read_list(t, t->one->perms, each_perm, m);
    }
    if (strcmp(t->one->perms, "*") != 0 || t->one->kind == ASSERT_ALLOW) {
        message_add(m, NULL, 0, 0, "several classes go with permission *, and with deny");
        message_hint(m, "deny SRC TGT *,!CLASS *");
        return false;
    }
    return true;
}

/* -- what breaks a line --------------------------------------------------------------------------------- */

static json_object *break_json(const struct trial *t, size_t s, size_t target)
{
    json_object *o = json_object_new_object();

    json_object_object_add(o, "source", json_object_new_string(t->model->types[s]));
    json_object_object_add(o, "target", json_object_new_string(t->model->types[target]));
    return o;
}

static bool gives(const struct rule *r, const struct trial *t, int tclass, uint32_t perms)
{
    for (size_t i = 0; i < r->perm_count; i++) {
        int bit = model_perm_named(t->model, tclass, r->perms[i]);

        if (strcmp(r->perms[i], "all") == 0 || (bit >= 0 && (perms >> bit & 1))) {
            return true;
        }
    }
    return false;
}

/* Allowed, and it should not be; or not, and it should: with the rules that give it. */
static bool tell_perms(struct trial *t, size_t s, size_t target, int tclass, uint32_t perms, struct messages *m)
{
    char *names = model_perm_names(t->model, tclass, perms);
    const bool deny = t->one->kind == ASSERT_DENY;
    struct question q = { t->model->types[s], t->model->types[target], t->model->classes[tclass], NULL };
    struct rules found = { 0 };
    json_object *o = break_json(t, s, target), *list = json_object_new_array();
    bool ok = !deny || t->source->binary || rules_find(t->source, NULL, &q, 1, &found, m);

    buf_printf(&t->text, "#   %s: %s -> %s  %s { %s }\n", deny ? "allowed" : "denied", t->model->types[s], t->model->types[target],
               t->model->classes[tclass], names);
    json_object_object_add(o, "class", json_object_new_string(t->model->classes[tclass]));
    json_object_object_add(o, "permissions", json_object_new_string(names));
    for (size_t i = 0; i < found.count; i++) {
        if (gives(&found.list[i], t, tclass, perms)) {
            char *origin = rule_origin(&found.list[i]);

            buf_printf(&t->text, "#     at %s\n", origin);
            json_object_array_add(list, json_object_new_string(origin));
            free(origin);
        }
    }
    json_object_object_add(o, "rules", list);
    json_object_array_add(t->json, o);
    rules_free(&found);
    free(names);
    return ok;
}

/* -- allow and deny ------------------------------------------------------------------------------------------ */

static bool try_deny(struct trial *t, struct messages *m)
{
    bool ok = true;

    for (size_t i = 0; ok && i < t->model->grant_count; i++) {
        const struct grant *g = &t->model->grants[i];
        uint32_t perms = g->allowed & t->perms[g->tclass];

        if (perms != 0 && about(t, g->source, g->target) && t->broken++ < SHOWN_MAX) {
            ok = tell_perms(t, g->source, g->target, g->tclass, perms, m);
        }
    }
    return ok;
}

static bool try_allow(struct trial *t, struct messages *m)
{
    int tclass = model_class_named(t->model, t->one->tclass);
    bool ok = true;

    for (size_t s = 0; s < t->model->type_count; s++) {
        for (size_t target = 0; ok && t->first.in[s] && target < t->model->type_count; target++) {
            const struct grant *g = about(t, s, target) ? model_grant(t->model, (int)s, (int)target, tclass) : NULL;
            uint32_t missing = about(t, s, target) ? t->perms[tclass] & ~(g != NULL ? g->allowed : 0) : 0;

            if (missing != 0 && t->broken++ < SHOWN_MAX) {
                ok = tell_perms(t, s, target, tclass, missing, m);
            }
        }
    }
    return ok;
}

/* -- flows ------------------------------------------------------------------------------------------------------ */

static bool tell_flow(struct trial *t, const struct flow_limits *limits, const struct flow_reached *r, size_t s, size_t target,
                      struct messages *m)
{
    struct flow_teller teller = { .source = t->source, .model = t->model, .flow = t->flow, .limits = limits };
    json_object *o = break_json(t, s, target);
    size_t *edges = NULL, count = 0, size = 0;
    char *text = NULL;
    FILE *out;
    bool ok = true;

    if (t->one->kind == ASSERT_NO_FLOW) {
        count = flow_path(t->flow, r, (int)target, &edges);
        ok = flow_rules_find(&teller, edges, count, m);
        out = open_memstream(&text, &size);
        flow_path_text(&teller, edges, count, "#   ", out);
        fclose(out);
        buf_printf(&t->text, "#   information flows: %s -> %s\n%s", t->model->types[s], t->model->types[target], text);
        json_object_object_add(o, "path", flow_path_json(&teller, edges, count));
        flow_rules_free(&teller.rules);
    } else {
        buf_printf(&t->text, "#   no information flows: %s -> %s\n", t->model->types[s], t->model->types[target]);
    }
    json_object_array_add(t->json, o);
    free(edges);
    free(text);
    return ok;
}

static bool try_flow(struct trial *t, struct messages *m)
{
    struct types_named except = { 0 };
    bool ok = t->one->except == NULL || type_set_read(&except, t->model, t->one->except, m);
    bool *excluded = bh_alloc(t->model->type_count + 1);
    struct flow_limits limits = { .excluded = excluded, .weight = t->one->weight };

    for (size_t i = 0; ok && i < t->model->type_count; i++) {
        excluded[i] = (except.in != NULL && except.in[i]) || (int)i == party_boot(t->model);
    }
    for (size_t s = 0; ok && s < t->model->type_count; s++) {
        struct flow_reached r;

        if (!t->first.in[s]) {
            continue;
        }
        flow_search(t->flow, (int)s, false, &limits, &r);
        for (size_t target = 0; ok && target < t->model->type_count; target++) {
            bool flows = r.steps[target] != FLOW_FAR;

            if (s != target && about(t, s, target) && flows == (t->one->kind == ASSERT_NO_FLOW) && t->broken++ < SHOWN_MAX) {
                ok = tell_flow(t, &limits, &r, s, target, m);
            }
        }
        flow_reached_free(&r);
    }
    type_set_free(&except);
    free(excluded);
    return ok;
}

/* -- a line, a file ------------------------------------------------------------------------------------------------ */

static void tell(struct trial *t, json_object *results)
{
    const struct assertion *one = t->one;
    json_object *o;

    if (!t->o->json) {
        printf("%s %s:%u: %s\n", t->broken == 0 ? "ok" : "not ok", t->file, one->line, one->text);
        if (t->broken > 0) {
            printf("%s%s%s%s", one->why != NULL ? "#   " : "", one->why != NULL ? one->why : "", one->why != NULL ? "\n" : "", t->text.data);
        }
        if (t->broken > SHOWN_MAX) {
            printf("#   and %zu more\n", t->broken - SHOWN_MAX);
        }
        return;
    }
    o = json_object_new_object();
    json_object_object_add(o, "file", json_object_new_string(t->file));
    json_object_object_add(o, "line", json_object_new_int64(one->line));
    json_object_object_add(o, "assertion", json_object_new_string(one->text));
    json_object_object_add(o, "holds", json_object_new_boolean(t->broken == 0));
    if (one->why != NULL) {
        json_object_object_add(o, "why", json_object_new_string(one->why));
    }
    json_object_object_add(o, "broken_by", json_object_get(t->json));
    json_object_array_add(results, o);
}

/* @return false: reported */
static bool try_one(struct trial *t, bool say, json_object *results, struct messages *m)
{
    const struct assertion *one = t->one;
    size_t before = m->count;
    bool flows = one->kind == ASSERT_FLOW || one->kind == ASSERT_NO_FLOW, ok;

    t->self = strcmp(one->second, "self") == 0;
    ok = type_set_read(&t->first, t->model, one->first, m) && (t->self || type_set_read(&t->second, t->model, one->second, m));
    ok = ok && (flows || read_perms(t, m));
    if (ok && say) {
        t->json = json_object_new_array();
        ok = flows ? try_flow(t, m) : one->kind == ASSERT_DENY ? try_deny(t, m) : try_allow(t, m);
        if (ok) {
            tell(t, results);
        }
        json_object_put(t->json);
    }
    place(t, m, before);
    type_set_free(&t->first);
    type_set_free(&t->second);
    free(t->perms);
    buf_free(&t->text);
    return ok;
}

struct total {
    size_t held, broken;
};

/* First all lines are read against the policy, so that nothing is answered if one of them is wrong. */
static bool try_lines(const struct verb_options *o, const struct assertions *a, const struct source *s, const struct model *p,
                      const struct flow *f, json_object *results, struct total *total, struct messages *m)
{
    bool ok = true;

    for (int say = 0; ok && say < 2; say++) {
        for (size_t i = 0; i < a->count; i++) {
            struct trial t = { .o = o, .file = a->name, .source = s, .model = p, .flow = f, .one = &a->list[i] };

            ok = try_one(&t, say == 1, results, m) && ok;
            total->held += say == 1 && t.broken == 0;
            total->broken += say == 1 && t.broken > 0;
        }
    }
    return ok;
}

static bool try_file(const struct verb_options *o, const char *name, const struct permission_map *map, json_object *results,
                     struct total *total, struct messages *m)
{
    struct assertions a;
    struct source source;
    struct model model;
    struct flow flow;
    struct buf text = { 0 };
    struct diag diag = { 0 };
    bool ok = file_load(name, &text, &diag), own;

    messages_of_diag(m, &diag);
    ok = ok && assertions_read(&a, name, text.data != NULL ? text.data : "", text.len, m);
    buf_free(&text);
    if (!ok) {
        return false;
    }
    own = a.policy_count > 0 && !o->policy_given;

    const char *const *words = o->policy;
    const char **joined = bh_alloc((a.policy_count + 1) * sizeof(*joined));

    for (size_t i = 0; own && i < a.policy_count; i++) {
        joined[i] = a.policy[i];
        words = joined;
    }
    ok = model_read(&model, &source, o->tree, words, own ? a.policy_count : o->policy_count, m);
    free(joined);
    if (ok) {
        ok = flow_build(&flow, &model, map, m);
        if (ok) {
            ok = try_lines(o, &a, &source, &model, &flow, results, total, m);
            flow_free(&flow);
        }
        model_free(&model);
        source_free(&source);
    }
    assertions_free(&a);
    return ok;
}

static const struct verb_option options[] = {
    { "--map", "FILE", "permission map in SETools' format; default: TREE/policy/permission_map" },
};

static int assert_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    struct permission_map map;
    json_object *results, *all;
    struct total total = { 0 };
    bool ok = true;

    if (!permission_map_load(&map, o, verb_value(&policy_assert_verb, w, "--map"), m)) {
        return POLICY_WRONG;
    }
    results = json_object_new_array();
    for (size_t i = 0; i < w->word_count; i++) {
        ok = try_file(o, w->words[i], &map, results, &total, m) && ok;
    }
    permission_map_free(&map);
    if (ok && o->json) {
        all = json_object_new_object();
        json_object_object_add(all, "held", json_object_new_int64((int64_t)total.held));
        json_object_object_add(all, "broken", json_object_new_int64((int64_t)total.broken));
        json_object_object_add(all, "assertions", json_object_get(results));
        json_write(all, stdout);
    } else if (ok) {
        printf("%zu of %zu assertions hold\n", total.held, total.held + total.broken);
    }
    json_object_put(results);
    return !ok ? POLICY_WRONG : total.broken > 0 ? POLICY_NO : POLICY_YES;
}

const struct policy_verb policy_assert_verb = {
    .name = "assert",
    .words = "FILE...",
    .word_min = 1,
    .word_max = POLICY_WORDS_MAX,
    .summary = "try a policy on files of what it is to allow and to deny",
    .help = "Each line of FILE is tried like a test. A line that does not hold is shown with the comment above it and with the rules, or the\n"
            "path, that break it. Lines are:\n\n"
            "  allow SRC TGT CLASS PERM[,PERM]        every SRC may do all of it to every TGT\n"
            "  deny SRC TGT CLASS PERM[,PERM]         no SRC may do any of it to any TGT; * for every permission\n"
            "  flow A B [except TYPES] [weight N]     information gets from every A to every B\n"
            "  no-flow A B [except TYPES] [weight N]  it gets from no A to any B, but through TYPES, or by what weighs less than N\n"
            "  policy POLICY...                       which policy, relative to FILE's folder; -p goes before it\n\n"
            "SRC, TGT, A and B are types or attributes, several with commas, !TYPE for what is not meant; an attribute as the second stands\n"
            "for all others, and `self` for oneself. CLASS and PERM take * and ! too: deny a b *,!event * says nothing of class event.\n"
            "# begins a comment. Exit status 0 if all hold, 1 if not.\n\n"
            "    bh policy assert -p host.conf policy/assertions/reference.assert",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = assert_run,
};
