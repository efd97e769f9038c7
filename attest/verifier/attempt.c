/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verification with memory: the sets are read and judged, the nonce is on disk before it is sent,
 * and the verdict is on disk before anybody is told. A verdict that cannot be remembered is an
 * error, as the next one would be judged by what is then no longer true.
 */
#include "attempt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <attest/error.h>
#include <attest/history.h>
#include <attest/utc.h>

#include "internal.h"
#include "session.h"

void signers_free(EVP_PKEY **keys, size_t count)
{
    for (size_t i = 0; keys != NULL && i < count; i++) {
        EVP_PKEY_free(keys[i]);
    }
    free(keys);
}

int signers_read(const char *const *path, size_t count, EVP_PKEY ***keys, struct attest_error *err)
{
    EVP_PKEY **list = calloc(count + 1, sizeof(EVP_PKEY *));

    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i] = key_read_public(path[i], err);
        if (list[i] == NULL) {
            signers_free(list, i);
            return -EINVAL;
        }
    }
    *keys = list;
    return list != NULL ? 0 : attest_fail(err, -EINVAL, "no memory");
}

void outcome_free(struct outcome *o)
{
    verdict_free(&o->verdict);
    evidence_free(&o->evidence);
    free(o->codes);
    memset(o, 0, sizeof(*o));
}

static int read_sets(const struct attempt *a, struct refset_list *sets, struct attest_error *err)
{
    EVP_PKEY **keys;
    int rc = signers_read(a->signer, a->signer_count, &keys, err);

    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < a->reference_count; i++) {
        rc = refset_list_read(sets, a->reference[i], keys, a->signer_count, a->allow_unsigned, err);
    }
    signers_free(keys, a->signer_count);
    return rc == 0 ? 0 : -EINVAL;
}

/* Time as far as it may be believed: never before the last verdict. */
static int64_t judge_time(const struct history *h, struct verdict *v)
{
    int64_t now = time(NULL);

    if (h != NULL && now < h->verdict_at) {
        char found[UTC_SIZE], expected[UTC_SIZE];

        if (now < h->verdict_at - HISTORY_CLOCK_SLACK) {
            verdict_add(v, CODE_VERIFIER_CLOCK, -1, CHECK, "verifier",
                        utc_format(expected, h->verdict_at), utc_format(found, now));
        }
        now = h->verdict_at;
    }
    return now;
}

static int ask_host(const struct attempt *a, const struct refset_list *sets, struct history *h,
                    struct outcome *out, struct attest_error *err)
{
    const struct bytes nonce = {out->nonce, sizeof(out->nonce)};
    const struct session s = {.ca = a->ca,
                              .ca_count = a->ca_count,
                              .sets = sets,
                              .history = h,
                              .nonce = &nonce,
                              .allow_unmeasured = a->allow_unmeasured,
                              .allow_no_history = a->allow_no_history,
                              .timeout_s = a->timeout_s};
    struct client client;
    int rc;

    if (a->caller != NULL) {
        rc = session_judge(&s, a->caller, a->identity, &out->evidence, &out->verdict, err);
    } else {
        rc = client_open(&client, &a->way, a->wait_s, err);
        if (rc != 0) {
            return rc == -EINVAL ? -EINVAL : -ETIMEDOUT;
        }
        rc = session_run(&s, &client, &out->evidence, &out->verdict, err);
        client_close(&client);
    }
    return rc == 0 || rc == -ETIMEDOUT ? rc : -EINVAL;
}

/* Judge, with the history at hand or none. */
static int judge(const struct attempt *a, struct refset_list *sets, struct history *h,
                 struct outcome *out, struct attest_error *err)
{
    const struct bytes nonce = {out->nonce, sizeof(out->nonce)};
    int rc, saved;

    out->at = judge_time(h, &out->verdict);
    refset_list_judge(sets, h, out->at);
    if (h != NULL) {
        history_add_nonce(h, &nonce, out->at);
        if (history_write(h, a->state, err) != 0) {
            return -EINVAL;
        }
    }
    rc = ask_host(a, sets, h, out, err);
    if (h == NULL || rc == -EINVAL) {
        return rc;
    }
    if (rc == 0) {
        if (history_add_verdict(h, &out->verdict, &out->evidence, out->at) != 0) {
            return attest_fail(err, -EINVAL, "no memory");
        }
    } else {
        history_add_silence(h, out->at);
    }
    saved = history_write(h, a->state, err);
    return saved == 0 ? rc : -EINVAL;
}

static int copy_codes(char **codes, const char *text, struct attest_error *err)
{
    *codes = strdup(text);
    return *codes != NULL ? 0 : attest_fail(err, -EINVAL, "no memory");
}

static int judge_with_history(const struct attempt *a, struct refset_list *sets,
                              struct outcome *out, struct attest_error *err)
{
    struct history *h = NULL;
    struct stat st;
    int rc = history_open(&h, a->state, a->host, err);

    if (rc == -ENOENT && stat(a->state, &st) == 0) {
        verdict_add(&out->verdict, CODE_NOT_ENROLLED, -1, CHECK, "host", "enrolled before", a->host);
        return copy_codes(&out->codes, "host:not-enrolled", err);
    }
    if (rc != 0) {
        return -EINVAL;
    }
    rc = judge(a, sets, h, out, err);
    if (copy_codes(&out->codes, h->codes, err) != 0) {
        rc = -EINVAL;
    }
    history_free(h);
    return rc;
}

int attempt_run(const struct attempt *a, struct outcome *out, struct attest_error *err)
{
    struct refset_list sets = {.count = 0};
    int rc;

    memset(out, 0, sizeof(*out));
    out->at = time(NULL);
    rc = read_sets(a, &sets, err);
    if (rc == 0 && RAND_bytes(out->nonce, sizeof(out->nonce)) != 1) {
        rc = attest_fail(err, -EINVAL, "no random numbers");
    }
    if (rc == 0) {
        rc = a->host != NULL ? judge_with_history(a, &sets, out, err)
                             : judge(a, &sets, NULL, out, err);
    }
    refset_list_free(&sets);
    return rc;
}

int attempt_silence(const struct attempt *a, int64_t since, int64_t end_ms, struct outcome *out, struct attest_error *err)
{
    struct history *h = NULL;
    int rc;

    memset(out, 0, sizeof(*out));
    out->at = time(NULL);
    while ((rc = history_open(&h, a->state, a->host, err)) == -EBUSY && stream_now_ms() < end_ms) {
        usleep(100000);
    }
    if (rc != 0) {
        return rc == -EBUSY ? rc : -EINVAL;
    }
    if (h->verdict_at > since || strcmp(h->verdict, "NO-ANSWER") == 0) {
        rc = 1;
    } else {
        history_add_silence(h, out->at);
        rc = copy_codes(&out->codes, h->codes, err);
    }
    if (rc == 0) {
        rc = history_write(h, a->state, err) == 0 ? 0 : -EINVAL;
    }
    history_free(h);
    return rc;
}

/* A new TPM, the same host: which sets it met, and when they end for it, still holds. */
static void keep_sets(struct history *h, struct history *old)
{
    h->set = old->set;
    h->set_count = old->set_count;
    old->set = NULL;
    old->set_count = 0;
}

/* What the file under this name, if any, hands on. @return 0; -EEXIST; -EINVAL */
static int take_over(const struct attempt *a, struct history *h, bool replace, bool forget_sets, struct attest_error *err)
{
    struct attest_error why = {""};
    struct history *old = NULL;
    int rc = history_read(&old, a->state, a->host, &why);

    if (rc == -ENOENT) {
        return 0;
    }
    if (!replace) {
        rc = attest_fail(err, -EEXIST, "%s is enrolled; --replace forgets that", a->host);
    } else if (rc == 0) {
        keep_sets(h, old);
    } else if (!forget_sets) {
        rc = attest_fail(err, -EINVAL, "%.160s; without it, ended sets count again: --forget-sets if so", why.text);
    } else {
        rc = 0;
    }
    history_free(old);
    return rc;
}

int attempt_enroll(const struct attempt *a, bool replace, bool forget_sets, struct outcome *out,
                   struct attest_error *err)
{
    const struct session s = {.ca = a->ca, .ca_count = a->ca_count, .timeout_s = a->timeout_s};
    struct history *h = NULL;
    struct identity id;
    struct client client;
    int rc;

    memset(out, 0, sizeof(*out));
    if (!history_name_is_valid(a->host) || (h = history_new(a->host)) == NULL) {
        return attest_fail(err, -EINVAL, "\"%.70s\": no name of a host", a->host);
    }
    rc = history_lock(h, a->state, err) == 0 ? 0 : -EINVAL;
    if (rc == 0) {
        rc = take_over(a, h, replace, forget_sets, err);
    }
    if (rc == 0) {
        rc = client_open(&client, &a->way, a->wait_s, err);
        rc = rc == 0 || rc == -EINVAL ? rc : -ETIMEDOUT;
    }
    if (rc == 0) {
        rc = session_identify(&s, &client, &id, &out->verdict, err);
        EVP_PKEY_free(id.key);
        client_close(&client);
        rc = rc == -EACCES ? 1 : rc == 0 || rc == -ETIMEDOUT ? rc : -EINVAL;
    }
    if (rc == 0) {
        memcpy(h->ek, id.ek, sizeof(h->ek));
        memcpy(h->ak, id.ak, sizeof(h->ak));
        h->enrolled = out->at = time(NULL);
        free(h->connect);
        h->connect = strdup(a->way.where);
        rc = h->connect != NULL && history_write(h, a->state, err) == 0 ? 0 : -EINVAL;
    }
    history_free(h);
    return rc;
}
