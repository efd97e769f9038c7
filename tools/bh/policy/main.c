/* SPDX-License-Identifier: Apache-2.0 */
/* `bh policy`: the table of its verbs, and the options that all have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../build/suggest.h"
#include "bh/verbs.h"
#include "verb.h"

#define DEFAULT_POLICY "policy/examples/first-light.cil"

#pragma weak policy_build_verb
#pragma weak policy_check_verb
#pragma weak policy_why_verb
#pragma weak policy_flow_verb
#pragma weak policy_assert_verb
#pragma weak policy_diff_verb
#pragma weak policy_audit_verb
#pragma weak policy_gen_verb
#pragma weak policy_sim_verb
#pragma weak policy_show_verb
#pragma weak policy_coverage_verb

static const struct policy_verb *const verbs[] = {
    &policy_build_verb, &policy_check_verb, &policy_why_verb,  &policy_flow_verb, &policy_assert_verb,   &policy_diff_verb,
    &policy_audit_verb, &policy_gen_verb,   &policy_sim_verb,  &policy_show_verb, &policy_coverage_verb,
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb_option common[] = {
    { "-p", "POLICY", "the policy asked about; may be repeated; default: $BH_POLICY, else TREE/" DEFAULT_POLICY },
    { "-S", "TREE", "source tree with policy/, for what is not whole by itself (default: .)" },
    { "--json", NULL, "the answer, or the errors, as JSON on standard output" },
};

#define COMMON_COUNT (sizeof(common) / sizeof(common[0]))

static void usage(FILE *out)
{
    fprintf(out, "usage: bh policy VERB [OPTIONS] ...\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (verbs[i] != NULL) {
            fprintf(out, "  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
        }
    }
    fprintf(out, "\nPOLICY is FILE.cil (with the reference policy, unless it has classes of its own), a FOLDER of them, a HOST.conf, a\n"
                 "host IMAGE, Xen's tools/flask/policy or FILE.te, or a binary policy. `bh policy VERB --help` explains a verb; docs/policy.md is the guide.\n"
                 "Exit status: 0 yes, 1 no, 2 the command or an input is wrong.\n");
}

static void option_help(const struct verb_option *o, FILE *out)
{
    char *left = o->value != NULL ? bh_printf("%s %s", o->name, o->value) : bh_strdup(o->name);

    fprintf(out, "  %-18s %s\n", left, o->help);
    free(left);
}

static void verb_help(const struct policy_verb *v, FILE *out)
{
    fprintf(out, "usage: bh policy %s [OPTIONS]%s%s\n\n%s\n\n", v->name, *v->words != '\0' ? " " : "", v->words, v->help);
    for (size_t i = 0; i < v->option_count; i++) {
        option_help(&v->options[i], out);
    }
    for (size_t i = v->no_policy ? 1 : 0; i < COMMON_COUNT; i++) {
        option_help(&common[i], out);
    }
}

static const struct policy_verb *verb_find(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (verbs[i] != NULL && strcmp(verbs[i]->name, name) == 0) {
            return verbs[i];
        }
    }
    return NULL;
}

static void verb_unknown(const char *name)
{
    const char *known[VERB_COUNT], *near;
    size_t count = 0;

    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (verbs[i] != NULL) {
            known[count++] = verbs[i]->name;
        }
    }
    near = suggest_nearest(name, known, count);
    fprintf(stderr, "bh policy: there is no verb '%s'", name);
    if (near != NULL) {
        fprintf(stderr, "; did you mean '%s'?", near);
    }
    fprintf(stderr, "\n\n");
    usage(stderr);
}

const char *verb_value(const struct policy_verb *v, const struct verb_words *w, const char *name)
{
    for (size_t i = 0; i < v->option_count; i++) {
        if (strcmp(v->options[i].name, name) == 0) {
            return w->values[i];
        }
    }
    return NULL;
}

static const struct verb_option *option_find(const struct verb_option *list, size_t count, const char *name, size_t *index)
{
    for (*index = 0; *index < count; (*index)++) {
        if (strcmp(list[*index].name, name) == 0) {
            return &list[*index];
        }
    }
    return NULL;
}

static void option_unknown(const struct policy_verb *v, const char *name, struct messages *m)
{
    const char *known[64], *near;
    size_t count = 0;

    for (size_t i = v->no_policy ? 1 : 0; i < COMMON_COUNT; i++) {
        known[count++] = common[i].name;
    }
    for (size_t i = 0; i < v->option_count && count < 64; i++) {
        known[count++] = v->options[i].name;
    }
    near = suggest_nearest(name, known, count);
    message_add(m, NULL, 0, 0, "bh policy %s has no option %s", v->name, name);
    if (near != NULL) {
        message_hint(m, "did you mean %s?", near);
    } else {
        message_hint(m, "`bh policy %s --help` lists them", v->name);
    }
}

/* One of the options that all verbs have. */
static bool common_option(struct verb_options *o, size_t which, const char *value, struct messages *m)
{
    if (which == 0) {
        if (o->policy_count == POLICY_WORDS_MAX) {
            message_add(m, NULL, 0, 0, "more than %d policies", POLICY_WORDS_MAX);
            return false;
        }
        o->policy[o->policy_count++] = value;
        o->policy_given = true;
    } else if (which == 1) {
        o->tree = value;
    } else {
        o->json = true;
    }
    return true;
}

/* @return false: reported */
static bool parse(const struct policy_verb *v, int argc, char **argv, struct verb_options *o, struct verb_words *w, struct messages *m)
{
    bool ends = false;

    for (int i = 1; i < argc; i++) {
        const struct verb_option *mine, *shared;
        size_t at, shared_at;

        if (ends || argv[i][0] != '-' || argv[i][1] == '\0') {
            w->words[w->word_count++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            ends = true;
            continue;
        }
        mine = option_find(v->options, v->option_count, argv[i], &at);
        shared = mine == NULL ? option_find(common, COMMON_COUNT, argv[i], &shared_at) : NULL;
        if (mine == NULL && (shared == NULL || (v->no_policy && shared_at == 0))) {
            option_unknown(v, argv[i], m);
            return false;
        }
        const struct verb_option *option = mine != NULL ? mine : shared;
        const char *value = "", *name = argv[i];

        if (option->value != NULL) {
            if (i + 1 == argc) {
                message_add(m, NULL, 0, 0, "%s wants a value", name);
                message_hint(m, "%s %s: %s", name, option->value, option->help);
                return false;
            }
            value = argv[++i];
        }
        if (mine != NULL) {
            w->values[at] = value;
            w->repeats[w->repeat_count++] = name;
            w->repeats[w->repeat_count++] = value;
        } else if (!common_option(o, shared_at, value, m)) {
            return false;
        }
    }
    if (w->word_count < v->word_min || w->word_count > v->word_max) {
        message_add(m, NULL, 0, 0, "%s", w->word_count < v->word_min ? "something is missing" : "more words than it takes");
        message_hint(m, "bh policy %s [OPTIONS] %s", v->name, v->words);
        return false;
    }
    return true;
}

static int verb_run(const struct policy_verb *v, int argc, char **argv)
{
    struct verb_options o = { .tree = "." };
    struct messages m = { 0 };
    struct verb_words w = { .words = bh_alloc(((size_t)argc + 1) * sizeof(char *)),
                            .values = bh_alloc((v->option_count + 1) * sizeof(char *)),
                            .repeats = bh_alloc((2 * (size_t)argc + 2) * sizeof(char *)) };
    char *fallback = NULL;
    int rc = POLICY_WRONG;

    if (parse(v, argc, argv, &o, &w, &m)) {
        if (o.policy_count == 0) {
            const char *set = getenv("BH_POLICY");

            fallback = set != NULL ? bh_strdup(set) : bh_printf("%s/%s", o.tree, DEFAULT_POLICY);
            o.policy[o.policy_count++] = fallback;
            o.policy_given = set != NULL;
        }
        rc = v->run(&o, &w, &m);
    }
    if (m.count > 0) {
        struct messages none = { 0 };
        struct source s = { 0 };
        bool read = !v->no_policy && !o.json && o.policy_count > 0 && source_read_text(&s, o.tree, o.policy, o.policy_count, &none);

        messages_write(&m, read ? &s : NULL, o.json, o.json ? stdout : stderr);
        source_free(&s);
        messages_free(&none);
    }
    messages_free(&m);
    free(w.words);
    free(w.values);
    free(w.repeats);
    free(fallback);
    return rc;
}

int policy_main(int argc, char **argv)
{
    const struct policy_verb *v;

    if (argc < 2) {
        usage(stderr);
        return BH_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return BH_EXIT_OK;
    }
    v = verb_find(argv[1]);
    if (v == NULL) {
        verb_unknown(argv[1]);
        return BH_EXIT_USAGE;
    }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            verb_help(v, stdout);
            return BH_EXIT_OK;
        }
    }
    return verb_run(v, argc - 1, argv + 1);
}
