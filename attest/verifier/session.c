/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enroll -> certificate and key checked -> activate: the TPM proves that the key is its own ->
 * it is the TPM this host was enrolled with -> quote over a fresh nonce -> judgement. Each session
 * proves the whole chain anew; what is remembered of a host can only make the judgement stricter.
 */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <attest/error.h>
#include <attest/trust.h>

#include "internal.h"

static int ask(const struct session *s, struct client *c, const char *op, json_object *request,
               json_object **reply, struct attest_error *err)
{
    int rc = message_add_string(request, "op", op);

    return rc != 0 ? rc : client_ask(c, request, reply, s->timeout_s, err);
}

/* What leaves nothing to judge; anything else is a finding. */
static bool ends(int rc)
{
    return rc == -ENOENT || rc == -ETIMEDOUT;
}

/* The agent's certificate and key, judged. */
static int enroll(const struct session *s, struct client *c, EVP_PKEY **ek, EVP_PKEY **ak,
                  uint8_t name[NAME_SIZE], struct verdict *v, struct attest_error *err)
{
    json_object *request = json_object_new_object(), *reply = NULL;
    struct bytes cert = {NULL, 0}, pub = {NULL, 0};
    int rc = ask(s, c, "enroll", request, &reply, err);

    if (rc == 0) {
        rc = message_bytes(reply, "ek_certificate", 8192, &cert, err);
    }
    if (rc == 0) {
        rc = message_bytes(reply, "ak_public", 1024, &pub, err);
    }
    if (rc == -ETIMEDOUT) {
        /* nothing to judge */
    } else if (rc != 0) {
        verdict_add(v, CODE_EVIDENCE, -1, CHECK, "enrollment", "certificate and key", err->text);
    } else {
        rc = ek_verify(&cert, s->ca, s->ca_count, ek, err);
        if (rc != 0 && rc != -ENOENT) {
            verdict_add(v,
                        rc == -EACCES        ? CODE_EK_UNTRUSTED
                        : rc == -EKEYEXPIRED ? CODE_EK_EXPIRED
                                             : CODE_EK_INVALID,
                        -1, CHECK, "endorsement-key", "certified by a trusted authority",
                        err->text);
        }
        if (rc == 0 && (rc = ak_verify(&pub, ak, name, err)) != 0) {
            verdict_add(v, CODE_AK_INVALID, -1, CHECK, "attestation-key",
                        "a restricted signing key", err->text);
        }
    }
    bytes_free(&cert);
    bytes_free(&pub);
    json_object_put(reply);
    json_object_put(request);
    return rc;
}

static int activate(const struct session *s, struct client *c, EVP_PKEY *ek,
                    const uint8_t name[NAME_SIZE], struct verdict *v, struct attest_error *err)
{
    json_object *request = json_object_new_object(), *reply = NULL;
    struct bytes blob = {NULL, 0}, seed = {NULL, 0}, answer = {NULL, 0};
    uint8_t secret[SECRET_SIZE];
    int rc = RAND_bytes(secret, sizeof(secret)) == 1
                 ? credential_make(ek, name, secret, &blob, &seed, err)
                 : attest_fail(err, -EIO, "no random numbers");

    if (rc == 0) {
        rc = message_add_bytes(request, "id_object", blob.data, blob.size);
    }
    if (rc == 0) {
        rc = message_add_bytes(request, "encrypted_secret", seed.data, seed.size);
    }
    if (rc == 0) {
        rc = ask(s, c, "activate", request, &reply, err);
    }
    if (rc == 0) {
        rc = message_bytes(reply, "secret", 64, &answer, err);
    }
    if (rc == 0 && (answer.size != sizeof(secret) ||
                    CRYPTO_memcmp(answer.data, secret, sizeof(secret)) != 0)) {
        rc = attest_fail(err, -EACCES, "wrong secret");
    }
    if (rc != 0 && rc != -ETIMEDOUT) {
        verdict_add(v, CODE_AK_NOT_ACTIVATED, -1, CHECK, "attestation-key",
                    "held by the TPM with the endorsement key", err->text);
    }
    bytes_free(&blob);
    bytes_free(&seed);
    bytes_free(&answer);
    OPENSSL_cleanse(secret, sizeof(secret));
    json_object_put(reply);
    json_object_put(request);
    return rc;
}

static int quote(const struct session *s, struct client *c, const struct bytes *nonce,
                 struct evidence *evidence, struct verdict *v, struct attest_error *err)
{
    json_object *request = json_object_new_object(), *reply = NULL;
    json_object *pcrs = json_object_new_array();
    int64_t asked_at = time(NULL);
    int rc;

    for (int i = 0; i < 24; i++) {
        if (VERIFY_PCR_MASK >> i & 1) {
            json_object_array_add(pcrs, json_object_new_int(i));
        }
    }
    json_object_object_add(request, "pcrs", pcrs);
    rc = message_add_bytes(request, "nonce", nonce->data, nonce->size);
    if (rc == 0) {
        rc = ask(s, c, "quote", request, &reply, err);
    }
    if (rc == 0) {
        rc = evidence_parse(evidence, reply, err);
        evidence->asked_at = asked_at;
    }
    if (rc != 0 && rc != -ETIMEDOUT) {
        verdict_add(v, CODE_EVIDENCE, -1, CHECK, "quote", "quote, log and PCR values", err->text);
    }
    json_object_put(reply);
    json_object_put(request);
    return rc;
}

/* Whether this is the TPM that the host was enrolled with. */
static int check_pins(const struct session *s, const struct identity *id, struct verdict *v)
{
    const struct history *h = s->history;
    char expected[2 * NAME_SIZE + 1], found[2 * NAME_SIZE + 1];

    if (h == NULL) {
        verdict_add(v, s->allow_no_history ? CODE_NO_HISTORY_ALLOWED : CODE_NO_HISTORY, -1, CHECK,
                    "host", "a name, enrolled before (--host)",
                    "none given: any TPM of the authority will do, and its clock is not compared");
        return 0;
    }
    if (memcmp(h->ek, id->ek, sizeof(id->ek)) != 0) {
        hex_encode(expected, h->ek, sizeof(h->ek));
        hex_encode(found, id->ek, sizeof(id->ek));
        verdict_add(v, CODE_EK_NOT_ENROLLED, -1, CHECK, "endorsement-key", expected, found);
    }
    if (memcmp(h->ak, id->ak, sizeof(id->ak)) != 0) {
        hex_encode(expected, h->ak, sizeof(h->ak));
        hex_encode(found, id->ak, sizeof(id->ak));
        verdict_add(v, CODE_AK_NOT_ENROLLED, -1, CHECK, "attestation-key", expected, found);
    }
    if (verify_has_failure(v)) {
        return -EACCES;
    }
    verdict_add(v, CODE_OK, -1, CHECK, "host", "", h->host);
    return 0;
}

int session_identify(const struct session *s, struct client *c, struct identity *id,
                     struct verdict *v, struct attest_error *err)
{
    EVP_PKEY *ek = NULL;
    int rc;

    memset(id, 0, sizeof(*id));
    if (!c->has_tpm) {
        verdict_add(v, CODE_NO_TPM, -1, CHECK, "tpm", "a TPM 2.0", "none: nothing can be proved");
        return -EACCES;
    }
    rc = enroll(s, c, &ek, &id->key, id->ak, v, err);
    if (rc == 0) {
        rc = activate(s, c, ek, id->ak, v, err);
    }
    if (rc == 0 && (rc = ek_fingerprint(ek, id->ek)) != 0) {
        verdict_add(v, CODE_EK_INVALID, -1, CHECK, "endorsement-key", "a public key", "none");
    }
    EVP_PKEY_free(ek);
    return rc == 0 || ends(rc) ? rc : -EACCES;
}

int session_judge(const struct session *s, struct client *c, const struct identity *id, struct evidence *evidence,
                  struct verdict *v, struct attest_error *err)
{
    uint8_t bound[32];
    const struct bytes signed_for = {bound, sizeof(bound)};
    int rc;

    verdict_add(v, CODE_OK, -1, CHECK, "attestation-key", "", "held by a TPM that a trusted authority certifies");
    rc = check_pins(s, id, v);
    if (rc == 0) {
        rc = quote(s, c, s->nonce, evidence, v, err);
    }
    if (rc == 0 && c->bound && channel_nonce(c->binding, s->nonce, bound) != 0) {
        rc = attest_fail(err, -ENOENT, "no digest");
    }
    if (rc == 0) {
        const struct verify_input in = {.evidence = evidence,
                                        .nonce = c->bound ? &signed_for : s->nonce,
                                        .ak = id->key,
                                        .history = s->history,
                                        .allow_unmeasured = s->allow_unmeasured};

        verify_sets(&in, s->sets, v);
    }
    return ends(rc) ? rc : 0;
}

int session_run(const struct session *s, struct client *c, struct evidence *evidence,
                struct verdict *v, struct attest_error *err)
{
    struct identity id;
    int rc;

    memset(evidence, 0, sizeof(*evidence));
    rc = session_identify(s, c, &id, v, err);
    if (rc == 0) {
        rc = session_judge(s, c, &id, evidence, v, err);
    }
    EVP_PKEY_free(id.key);
    return ends(rc) ? rc : 0;
}
