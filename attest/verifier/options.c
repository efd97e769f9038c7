/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW(n, f, m, v) {.name = n, .form = f, .field = offsetof(struct options, m), .verbs = v}
#define ROW_WEAKENS(n, m, v)                                                                       \
    {.name = n, .form = OPTION_FLAG, .field = offsetof(struct options, m), .verbs = v, .weakens = true}

#define VERIFIES (VERB_VERIFY | VERB_WATCH)
#define JUDGES (VERIFIES | VERB_COLLECT)
#define TALKS (VERIFIES | VERB_ENROLL)

const struct option_row attest_options[] = {
    ROW("connect", OPTION_TEXT, connect, TALKS | VERB_LOG | VERB_REF_FIRMWARE),
    ROW("listen", OPTION_TEXT, listen, VERB_COLLECT),
    ROW("socket", OPTION_TEXT, socket, TALKS | VERB_LOG | VERB_REF_FIRMWARE),
    ROW("tls-certificate", OPTION_TEXT, tls_certificate, TALKS | VERB_LOG | VERB_REF_FIRMWARE | VERB_COLLECT),
    ROW("tls-key", OPTION_TEXT, tls_key, TALKS | VERB_LOG | VERB_REF_FIRMWARE | VERB_COLLECT),
    ROW("ca", OPTION_LIST, ca, TALKS | VERB_LOG | VERB_REF_FIRMWARE | VERB_COLLECT),
    ROW("wait", OPTION_NUMBER, wait_s, TALKS | VERB_LOG | VERB_REF_FIRMWARE),
    ROW("timeout", OPTION_NUMBER, timeout_s, TALKS | VERB_LOG | VERB_REF_FIRMWARE),
    ROW("host", OPTION_TEXT, host, TALKS | VERB_STATUS | VERB_TOKEN),
    ROW("state", OPTION_TEXT, state, TALKS | VERB_STATUS | VERB_COLLECT),
    ROW("reference", OPTION_LIST, reference, JUDGES),
    ROW("signer", OPTION_LIST, signer, JUDGES | VERB_TOKEN | VERB_REF_CHECK | VERB_REF_SHOW),
    ROW("token", OPTION_TEXT, token, VERIFIES),
    ROW("token-life", OPTION_NUMBER, life_s, VERIFIES),
    ROW("key", OPTION_TEXT, key, VERIFIES | VERB_REF_SIGN | VERB_REF_EXPIRE),
    ROW("save-log", OPTION_TEXT, save_log, VERIFIES | VERB_LOG),
    ROW("json", OPTION_FLAG, json, JUDGES | VERB_STATUS | VERB_TOKEN),
    ROW("verbose", OPTION_FLAG, verbose, VERB_VERIFY),
    ROW("interval", OPTION_NUMBER, interval_s, VERB_WATCH),
    ROW("count", OPTION_NUMBER, count, VERB_WATCH | VERB_COLLECT),
    ROW("on-change", OPTION_TEXT, on_change, VERB_WATCH | VERB_COLLECT),
    ROW("max-age", OPTION_NUMBER, max_age_s, VERB_STATUS | VERB_COLLECT),
    ROW("replace", OPTION_FLAG, replace, VERB_ENROLL),
    ROW("forget-sets", OPTION_FLAG, forget_sets, VERB_ENROLL),
    ROW("output", OPTION_TEXT, output,
        VERB_REF_MAKE | VERB_REF_MERGE | VERB_REF_SIGN | VERB_REF_EXPIRE | VERB_REF_FIRMWARE),
    ROW("name", OPTION_TEXT, name, VERB_REF_FIRMWARE),
    ROW("from-log", OPTION_TEXT, from_log, VERB_REF_FIRMWARE),
    ROW("id", OPTION_TEXT, id, VERB_REF_MAKE | VERB_REF_MERGE),
    ROW("not-before", OPTION_TEXT, not_before, VERB_REF_MAKE),
    ROW("not-after", OPTION_TEXT, not_after, VERB_REF_MAKE | VERB_REF_EXPIRE),
    ROW("firmware", OPTION_TEXT, firmware, VERB_REF_MAKE),
    ROW("pcr", OPTION_LIST, pcr, VERB_REF_MAKE | VERB_REF_FIRMWARE),
    ROW("supersedes", OPTION_LIST, supersedes, VERB_REF_MAKE),
    ROW("overlap", OPTION_NUMBER, overlap_s, VERB_REF_MAKE),
    ROW_WEAKENS("allow-unmeasured-hypervisor", allow_unmeasured, JUDGES),
    ROW_WEAKENS("allow-unsigned-reference", allow_unsigned, JUDGES),
    ROW_WEAKENS("allow-no-history", allow_no_history, VERB_VERIFY), /* watch cannot do without a host */
};

#define OPTION_COUNT (sizeof(attest_options) / sizeof(attest_options[0]))
const size_t attest_option_count = OPTION_COUNT;

#define CODE_HELP 1
#define CODE_FIRST 256

static int number(const char *text, int *out)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (*end != '\0' || end == text || n < 0 || n > 366 * 86400) {
        fprintf(stderr, "bh attest: %s: expected a number, 0 to %d\n", text, 366 * 86400);
        return -1;
    }
    *out = (int)n;
    return 0;
}

static int set(const struct option_row *row, struct options *o, const char *value)
{
    void *field = (char *)o + row->field;
    struct list *list = field;

    switch (row->form) {
    case OPTION_TEXT:
        *(const char **)field = value;
        return 0;
    case OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case OPTION_NUMBER:
        return number(value, field);
    case OPTION_LIST:
        break;
    }
    if (list->count == LIST_MAX) {
        fprintf(stderr, "bh attest: more than %d --%s\n", LIST_MAX, row->name);
        return -1;
    }
    list->item[list->count++] = value;
    return 0;
}

int attest_options_parse(int argc, char **argv, enum verb verb, struct options *o)
{
    struct option list[OPTION_COUNT + 2];
    int c, n = 0;

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &attest_options[i];

        if (row->verbs & verb) {
            list[n++] = (struct option){
                row->name, row->form == OPTION_FLAG ? no_argument : required_argument, NULL,
                CODE_FIRST + (int)i};
        }
    }
    list[n++] = (struct option){"help", no_argument, NULL, CODE_HELP};
    list[n] = (struct option){NULL, 0, NULL, 0};
    memset(o, 0, sizeof(*o));
    o->wait_s = 30;
    o->timeout_s = 60;
    o->interval_s = 60;
    o->max_age_s = verb == VERB_COLLECT ? 900 : 86400;
    o->life_s = 300;
    optind = 0;
    while ((c = getopt_long(argc, argv, "", list, NULL)) != -1) {
        if (c == CODE_HELP) {
            return 1;
        }
        if (c < CODE_FIRST || set(&attest_options[c - CODE_FIRST], o, optarg) != 0) {
            return -1; /* getopt has said which */
        }
    }
    if (o->socket != NULL) {
        if ((size_t)snprintf(o->connect_text, sizeof(o->connect_text), "unix:%s", o->socket) >=
            sizeof(o->connect_text)) {
            fprintf(stderr, "bh attest: --socket: too long\n");
            return -1;
        }
        o->connect = o->connect_text;
    }
    o->rest = optind;
    return 0;
}

struct client_way attest_options_way(const struct options *o)
{
    return (struct client_way){.where = o->connect, .certificate = o->tls_certificate, .key = o->tls_key};
}

struct attempt attest_options_attempt(const struct options *o)
{
    return (struct attempt){.way = attest_options_way(o),
                            .host = o->host,
                            .state = o->state,
                            .reference = o->reference.item,
                            .reference_count = o->reference.count,
                            .signer = o->signer.item,
                            .signer_count = o->signer.count,
                            .ca = o->ca.item,
                            .ca_count = o->ca.count,
                            .allow_unsigned = o->allow_unsigned,
                            .allow_unmeasured = o->allow_unmeasured,
                            .allow_no_history = o->allow_no_history,
                            .wait_s = o->wait_s,
                            .timeout_s = o->timeout_s};
}
