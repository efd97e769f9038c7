/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of `bh attest`, one row each: which verbs take it and whether it lets something pass
 * that would fail without. An option that a verb does not take is refused, not ignored.
 */
#ifndef VERIFIER_OPTIONS_H
#define VERIFIER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attempt.h"

#define LIST_MAX 64

struct list {
    const char *item[LIST_MAX];
    size_t count;
};

struct options {
    const char *connect, *tls_certificate, *tls_key, *socket, *host, *state;
    const char *listen, *save_log, *token, *key, *on_change, *output;
    const char *name, *from_log, *id, *firmware, *not_before, *not_after;
    struct list reference, signer, ca, supersedes, pcr;
    int wait_s, timeout_s, interval_s, count, max_age_s, life_s, overlap_s;
    bool json, verbose, allow_unmeasured, allow_unsigned, allow_no_history, replace, forget_sets;
    char connect_text[4096 + 8];
    int rest; /* index of the first operand */
};

enum verb {
    VERB_VERIFY = 1 << 0,
    VERB_ENROLL = 1 << 1,
    VERB_WATCH = 1 << 2,
    VERB_STATUS = 1 << 3,
    VERB_LOG = 1 << 4,
    VERB_TOKEN = 1 << 5,
    VERB_REF_MAKE = 1 << 6,
    VERB_REF_MERGE = 1 << 7,
    VERB_REF_SIGN = 1 << 8,
    VERB_REF_EXPIRE = 1 << 9,
    VERB_REF_SHOW = 1 << 10,
    VERB_REF_CHECK = 1 << 11,
    VERB_COLLECT = 1 << 12,
    VERB_REF_FIRMWARE = 1 << 13,
};

enum option_form { OPTION_TEXT, OPTION_LIST, OPTION_NUMBER, OPTION_FLAG };

struct option_row {
    const char *name;
    enum option_form form;
    size_t field; /* offset in struct options */
    unsigned int verbs;
    bool weakens; /* lets something pass; each such one is named in --help and the manual */
};

extern const struct option_row attest_options[];
extern const size_t attest_option_count;

/** @return 0; -1 with a line on stderr; 1 help was asked for */
int attest_options_parse(int argc, char **argv, enum verb verb, struct options *o);

struct client_way attest_options_way(const struct options *o);
/** The parts of a verification; borrows from the options. */
struct attempt attest_options_attempt(const struct options *o);

#endif /* VERIFIER_OPTIONS_H */
