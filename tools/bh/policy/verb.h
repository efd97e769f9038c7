/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verbs of `bh policy` share: the options every one has, and the shape of a verb. A verb gets its own words after the common
 * options were taken out, and returns an exit status:
 *
 *   0  yes: allowed, holds, no difference, written
 *   1  no: denied, does not hold, differs, findings
 *   2  the command line or an input is wrong; nothing was answered and nothing was written
 */
#ifndef BH_POLICY_VERB_H
#define BH_POLICY_VERB_H

#include <stdbool.h>
#include <stddef.h>

#include "message.h"
#include "source.h"

#define POLICY_YES 0
#define POLICY_NO 1
#define POLICY_WRONG 2

#define POLICY_WORDS_MAX 64

struct verb_options {
    const char *tree;                    /* -S */
    const char *policy[POLICY_WORDS_MAX]; /* -p, in order; at least one */
    size_t policy_count;
    bool policy_given;                   /* by -p or BH_POLICY; else it is the reference policy's example */
    bool json;                           /* --json */
};

/* A verb's own option: a flag, or with a value. */
struct verb_option {
    const char *name;                    /* "--max" */
    const char *value;                   /* "N" as help shows it; NULL: a flag */
    const char *help;
};

struct verb_words {
    const char **words;                  /* what is no option */
    size_t word_count;
    const char **values;                 /* one for each of the verb's options, NULL: not given, "" for a flag that is */
    const char **repeats;                /* all values of options, as given: name, value, name, value... */
    size_t repeat_count;
};

struct policy_verb {
    const char *name;
    const char *words;                   /* "SRC TGT CLASS PERM" */
    size_t word_min, word_max;
    bool no_policy;                      /* -p is not its business */
    const char *summary;
    const char *help;                    /* what the answer means, and an example */
    const struct verb_option *options;
    size_t option_count;
    int (*run)(const struct verb_options *o, const struct verb_words *w, struct messages *m);
};

extern const struct policy_verb policy_build_verb, policy_check_verb, policy_why_verb, policy_flow_verb, policy_assert_verb,
    policy_diff_verb, policy_audit_verb, policy_gen_verb, policy_sim_verb, policy_show_verb, policy_coverage_verb;

/** The value of an option by name; NULL: not given. `v` is the verb that `w` was read for. */
const char *verb_value(const struct policy_verb *v, const struct verb_words *w, const char *name);

#endif
