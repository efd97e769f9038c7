/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about hosts: verify, enroll, status, log; and token. */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/rand.h>

#include <attest/error.h>
#include <attest/history.h>
#include <attest/jose.h>
#include <attest/utc.h>

#include "report.h"
#include "session.h"
#include "tell.h"
#include "token.h"

int cli_attempt_is_usable(const struct options *o)
{
    if (o->connect == NULL || o->reference.count == 0 || o->ca.count == 0) {
        return cli_usage("--connect, --reference and --ca are needed");
    }
    if ((o->host == NULL) != (o->state == NULL)) {
        return cli_usage("--host and --state go together");
    }
    if ((o->token == NULL) != (o->key == NULL)) {
        return cli_usage("--token and --key go together");
    }
    return 0;
}

int cli_save_log(const struct options *o, const struct evidence *e)
{
    struct attest_error err = {""};

    if (o->save_log == NULL || e->log.data == NULL ||
        file_write(o->save_log, e->log.data, e->log.size, &err) == 0) {
        return 0;
    }
    return cli_error(&err);
}

int cli_write_token(const struct options *o, const struct outcome *out)
{
    const struct token_facts facts = {.verdict = &out->verdict,
                                      .host = o->host == NULL ? "" : o->host,
                                      .nonce = out->nonce,
                                      .nonce_size = sizeof(out->nonce),
                                      .at = out->evidence.asked_at != 0 ? out->evidence.asked_at : time(NULL),
                                      .life_s = o->life_s};
    struct attest_error err = {""};
    EVP_PKEY *key;
    char *text = NULL;
    int rc;

    if (o->token == NULL) {
        return 0;
    }
    key = key_read_private(o->key, &err);
    rc = key == NULL ? -EINVAL : token_make(&facts, key, &text, &err);
    if (rc == 0) {
        rc = file_write(o->token, text, strlen(text), &err);
    }
    free(text);
    EVP_PKEY_free(key);
    return rc == 0 ? 0 : cli_error(&err);
}

int cli_verify(const struct options *o, int argc, char **argv)
{
    const struct attempt a = attest_options_attempt(o);
    struct attest_error err = {""};
    struct outcome out;
    int rc = cli_attempt_is_usable(o), more;

    (void)argv;
    if (rc != 0 || argc != 0) {
        return rc != 0 ? rc : cli_usage("verify: nothing but options is expected");
    }
    rc = attempt_run(&a, &out, &err);
    if (rc != 0) {
        cli_error(&err);
        outcome_free(&out);
        return rc == -ETIMEDOUT ? EXIT_NO_ANSWER : EXIT_USAGE;
    }
    if (o->json) {
        report_json(stdout, &out.verdict);
    } else {
        report_text(stdout, &out.verdict, o->verbose);
    }
    rc = verdict_passes(&out.verdict) ? 0 : EXIT_FAIL;
    more = cli_write_token(o, &out);
    more = cli_save_log(o, &out.evidence) != 0 ? EXIT_USAGE : more;
    outcome_free(&out);
    return rc != 0 ? rc : more;
}

int cli_enroll(const struct options *o, int argc, char **argv)
{
    const struct attempt a = attest_options_attempt(o);
    struct attest_error err = {""};
    struct outcome out;
    int rc;

    (void)argv;
    if (argc != 0 || o->host == NULL || o->state == NULL || o->connect == NULL || o->ca.count == 0) {
        return cli_usage("enroll: --host, --state, --connect and --ca are needed");
    }
    if (o->forget_sets && !o->replace) {
        return cli_usage("enroll: --forget-sets is of --replace");
    }
    if (mkdir(o->state, 0755) != 0 && errno != EEXIST) {
        attest_fail(&err, 0, "%s: %s", o->state, strerror(errno));
        return cli_error(&err);
    }
    rc = attempt_enroll(&a, o->replace, o->forget_sets, &out, &err);
    if (rc == 0 && tell_anew(o->state, o->host, &err) != 0) {
        rc = -EINVAL;
    }
    if (rc == 0) {
        printf("%s: enrolled\n", o->host);
    } else if (rc == 1) {
        report_text(stdout, &out.verdict, false);
        fprintf(stderr, "bh attest: %s: not enrolled\n", o->host);
    } else {
        cli_error(&err);
    }
    outcome_free(&out);
    return rc == 0 ? 0 : rc == 1 ? EXIT_FAIL : rc == -ETIMEDOUT ? EXIT_NO_ANSWER : EXIT_USAGE;
}

/* -- status ------------------------------------------------------------------------------------- */
static json_object *status_json(const struct history *h, int64_t age, bool good, bool old)
{
    json_object *o = json_object_new_object();
    char t[UTC_SIZE];

    message_add_string(o, "host", h->host);
    message_add_string(o, "verdict", h->verdict);
    message_add_string(o, "at", h->verdict_at == 0 ? "" : utc_format(t, h->verdict_at));
    message_add_string(o, "since", h->verdict_since == 0 ? "" : utc_format(t, h->verdict_since));
    json_object_object_add(o, "age", h->verdict_at == 0 ? NULL : json_object_new_int64(age));
    json_object_object_add(o, "stale", json_object_new_boolean(old));
    json_object_object_add(o, "good", json_object_new_boolean(good));
    message_add_string(o, "reference", h->explained_by);
    message_add_string(o, "reasons", h->codes);
    return o;
}

/* One host's line. @return whether it is as it should be */
static bool status_of(const struct options *o, const char *host, json_object *list)
{
    struct attest_error err = {""};
    struct history *h;
    int64_t age;
    bool old, good;
    char t[UTC_SIZE];

    if (history_read(&h, o->state, host, &err) != 0) {
        if (list != NULL) {
            json_object *e = json_object_new_object();

            message_add_string(e, "host", host);
            message_add_string(e, "verdict", "UNREADABLE");
            message_add_string(e, "reasons", err.text);
            json_object_object_add(e, "good", json_object_new_boolean(0));
            json_object_array_add(list, e);
        } else {
            char name[HISTORY_NAME_MAX + 1];

            snprintf(name, sizeof(name), "%s", host); /* of a file, whatever it is called */
            printf("%-20s %-10s %s\n", text_clean(name), "UNREADABLE", err.text);
        }
        return false;
    }
    age = (int64_t)time(NULL) - h->verdict_at;
    old = h->verdict_at == 0 || age > o->max_age_s || age < -HISTORY_CLOCK_SLACK;
    good = strcmp(h->verdict, "PASS") == 0 && !old;
    if (list != NULL) {
        json_object_array_add(list, status_json(h, age, good, old));
    } else if (h->verdict_at == 0) {
        printf("%-20s %-10s enrolled %s\n", host, "NEVER", utc_format(t, h->enrolled));
    } else {
        printf("%-20s %-10s %" PRId64 " s ago%s, since %s  %s\n", host, text_clean(h->verdict), age,
               old ? " (STALE)" : "", utc_format(t, h->verdict_since),
               text_clean(h->codes[0] != '\0' ? h->codes : h->explained_by));
    }
    history_free(h);
    return good;
}

int cli_status(const struct options *o, int argc, char **argv)
{
    json_object *list = o->json ? json_object_new_array() : NULL;
    struct attest_error err = {""};
    char **names = NULL;
    int n = 0, rc = 0;

    (void)argv;
    if (argc != 0 || o->state == NULL) {
        json_object_put(list);
        return cli_usage("status: --state is needed");
    }
    if (o->host != NULL) {
        rc = status_of(o, o->host, list) ? 0 : EXIT_FAIL;
    } else {
        n = history_list(o->state, &names, &err);
        if (n <= 0) {
            json_object_put(list);
            free(names);
            return n < 0 ? cli_error(&err) : cli_usage("status: no enrolled host in this folder");
        }
    }
    for (int i = 0; i < n; i++) {
        rc = status_of(o, names[i], list) ? rc : EXIT_FAIL;
        free(names[i]);
    }
    free(names);
    if (list != NULL) {
        printf("%s\n", json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(list);
    }
    return rc;
}

/* -- log ---------------------------------------------------------------------------------------- */
int cli_evidence(const struct options *o, struct evidence *e, struct verdict *v, struct attest_error *err)
{
    const struct refset_list none = {.count = 0};
    uint8_t random[32];
    const struct bytes nonce = {random, sizeof(random)};
    const struct session s = {.ca = o->ca.item,
                              .ca_count = o->ca.count,
                              .sets = &none,
                              .nonce = &nonce,
                              .allow_no_history = true,
                              .timeout_s = o->timeout_s};
    const struct client_way way = attest_options_way(o);
    struct client c;
    int rc;

    if (RAND_bytes(random, sizeof(random)) != 1) {
        return attest_fail(err, -EINVAL, "no random numbers");
    }
    rc = client_open(&c, &way, o->wait_s, err);
    if (rc != 0) {
        return rc == -EINVAL ? rc : -ETIMEDOUT;
    }
    rc = session_run(&s, &c, e, v, err);
    client_close(&c);
    return rc;
}

static int print_log(const uint8_t *data, size_t size, struct attest_error *err)
{
    struct event_log log;
    int rc = log_parse(&log, data, size, err);

    if (rc == 0) {
        report_log(stdout, &log);
        log_free(&log);
    }
    return rc;
}

int cli_log(const struct options *o, int argc, char **argv)
{
    struct attest_error err = {""};
    struct evidence e = {.pcr_mask = 0};
    struct verdict ignored = {.count = 0};
    uint8_t *data;
    size_t size;
    int rc;

    if (argc == 1 && o->connect == NULL) {
        rc = file_read(argv[0], LOG_SIZE_MAX, &data, &size, &err);
        if (rc == 0) {
            rc = print_log(data, size, &err);
            free(data);
        }
        return rc == 0 ? 0 : cli_error(&err);
    }
    if (argc != 0 || o->connect == NULL || o->ca.count == 0) {
        return cli_usage("log: a file, or --connect and --ca, are needed");
    }
    rc = cli_evidence(o, &e, &ignored, &err);
    verdict_free(&ignored);
    if (rc != 0) {
        cli_error(&err);
        return rc == -ETIMEDOUT ? EXIT_NO_ANSWER : EXIT_USAGE;
    }
    rc = EXIT_FAIL;
    if (e.log.data != NULL && print_log(e.log.data, e.log.size, &err) == 0) {
        rc = 0;
    }
    if (cli_save_log(o, &e) != 0 && rc == 0) {
        rc = EXIT_USAGE;
    }
    evidence_free(&e);
    return rc;
}

/* -- token -------------------------------------------------------------------------------------- */
int cli_token(const struct options *o, int argc, char **argv)
{
    struct attest_error err = {""};
    struct bytes payload = {NULL, 0};
    enum token_code code;
    EVP_PKEY **keys;
    uint8_t *data;
    size_t size;

    if (argc != 1 || o->signer.count == 0) {
        return cli_usage("token: one file and --signer are needed");
    }
    if (signers_read(o->signer.item, o->signer.count, &keys, &err) != 0) {
        return cli_error(&err);
    }
    if (file_read(argv[0], JWS_MAX, &data, &size, &err) != 0) {
        signers_free(keys, o->signer.count);
        return cli_error(&err);
    }
    code = token_check((const char *)data, size, keys, o->signer.count, o->host, time(NULL),
                       &payload, &err);
    if (o->json && code != TOKEN_SIGNATURE) {
        printf("%s\n", text_clean((char *)payload.data)); /* decoded text has a NUL behind it; ours is one line of ASCII */
    }
    if (code == TOKEN_SIGNATURE) {
        fprintf(stderr, "bh attest: %s: %s\n", argv[0], err.text);
    }
    if (!o->json || code == TOKEN_SIGNATURE) {
        printf("token: %s\n", token_code_name(code));
    }
    bytes_free(&payload);
    signers_free(keys, o->signer.count);
    free(data);
    return code == TOKEN_OK ? 0 : EXIT_FAIL;
}
