/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was found becomes trust tiers: a failure is contraindicated, something let pass by an option
 * or for want of memory a warning, a match affirming, and what nothing was compared with no claim
 * at all. Claims of our own begin with "bulkhead.".
 */
#include "token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <attest/error.h>
#include <attest/jose.h>
#include <attest/utc.h>

#ifndef BH_VERSION
#define BH_VERSION "unknown"
#endif

#define CLOCK_SKEW_S 60
#define TOKEN_LIFE_MAX (366 * 86400)

enum submod { TPM, FIRMWARE, BOOT, HYPERVISOR, DOMAINS, SUBMOD_COUNT };

static const struct {
    const char *name;
    const char *claim; /* the one of the vector that its findings speak to */
} submods[SUBMOD_COUNT] = {
    [TPM] = {"tpm", "instance-identity"},
    [FIRMWARE] = {"firmware", "executables"},
    [BOOT] = {"boot", "executables"},
    [HYPERVISOR] = {"hypervisor", "configuration"},
    [DOMAINS] = {"domains", "executables"},
};

static const char *tier_name(int tier)
{
    return tier >= TIER_CONTRAINDICATED ? "contraindicated"
           : tier >= TIER_WARNING       ? "warning"
           : tier >= TIER_AFFIRMING     ? "affirming"
                                        : "none";
}

static int tier_of(enum verify_code code)
{
    if (verify_code_is_failure(code)) {
        return TIER_CONTRAINDICATED;
    }
    switch (code) {
    case CODE_OK:
    case CODE_RESTARTED:
        return TIER_AFFIRMING;
    case CODE_RECORDED:
    case CODE_NOT_IN_FORCE:
        return TIER_NONE;
    default:
        return TIER_WARNING;
    }
}

/* What a finding speaks about. One about the reference sets speaks about all that they judge. */
static bool concerns(const struct finding *f, enum submod m)
{
    bool component = m == BOOT || m == HYPERVISOR || m == DOMAINS;

    if (f->kind < 0 && strcmp(f->component, "reference") == 0) {
        return component && verify_code_is_failure(f->code);
    }
    if (f->code == CODE_UNSIGNED_ALLOWED) {
        return component;
    }
    switch (f->pcr) {
    case 21:
        return m == HYPERVISOR;
    case 22:
        return m == DOMAINS;
    case 4:
    case 8:
    case 9:
        return m == BOOT;
    case -1:
        return m == TPM;
    default:
        return m == FIRMWARE;
    }
}

static int submod_tier(const struct verdict *v, enum submod m)
{
    int tier = TIER_NONE;

    for (size_t i = 0; i < v->count; i++) {
        if (concerns(&v->finding[i], m)) {
            int t = tier_of(v->finding[i].code);

            tier = t > tier ? t : tier;
        }
    }
    return v->no_memory ? TIER_CONTRAINDICATED : tier;
}

static json_object *submod_json(const struct verdict *v, enum submod m)
{
    json_object *o = json_object_new_object(), *vector = json_object_new_object();
    json_object *list = json_object_new_array();
    int tier = submod_tier(v, m);
    char t[UTC_SIZE];

    message_add_string(o, "ear.status", tier_name(tier));
    json_object_object_add(vector, submods[m].claim, json_object_new_int(tier));
    json_object_object_add(o, "ear.trustworthiness-vector", vector);
    for (size_t i = 0; i < v->count; i++) {
        const struct finding *f = &v->finding[i];
        json_object *r;

        if (!concerns(f, m) || tier_of(f->code) < TIER_WARNING) {
            continue;
        }
        r = json_object_new_object();
        message_add_string(r, "component", f->component);
        message_add_string(r, "code", verify_code_name(f->code));
        if (f->since != 0) {
            message_add_string(r, "since", utc_format(t, f->since));
        }
        json_object_array_add(list, r);
    }
    json_object_object_add(o, "bulkhead.reasons", list);
    return o;
}

int token_make(const struct token_facts *t, EVP_PKEY *key, char **out, struct attest_error *err)
{
    json_object *root, *id, *mods;
    int overall = verdict_passes(t->verdict) ? TIER_AFFIRMING : TIER_CONTRAINDICATED;
    const char *alg = key_algorithm(key), *text;
    char hex[2 * 64 + 1];
    size_t len;
    int rc;

    if (alg == NULL || strcmp(alg, "ES256") != 0 || t->nonce_size > 64 || t->life_s < 0 ||
        t->life_s > TOKEN_LIFE_MAX) {
        return attest_fail(err, -EINVAL, "a token is signed with a P-256 key, for a year at most");
    }
    root = json_object_new_object();
    id = json_object_new_object();
    mods = json_object_new_object();
    for (unsigned int m = 0; m < SUBMOD_COUNT; m++) {
        int tier = submod_tier(t->verdict, (enum submod)m);

        overall = tier > overall ? tier : overall;
        json_object_object_add(mods, submods[m].name, submod_json(t->verdict, (enum submod)m));
    }
    hex_encode(hex, t->nonce, t->nonce_size);
    message_add_string(id, "developer", "Bulkhead");
    message_add_string(id, "build", "bh " BH_VERSION);
    message_add_string(root, "eat_profile", TOKEN_PROFILE);
    json_object_object_add(root, "iat", json_object_new_int64(t->at));
    json_object_object_add(root, "exp", json_object_new_int64(t->at + t->life_s));
    message_add_string(root, "eat_nonce", hex);
    json_object_object_add(root, "ear.verifier-id", id);
    message_add_string(root, "ear.status", tier_name(overall));
    message_add_string(root, "bulkhead.verdict", verdict_passes(t->verdict) ? "PASS" : "FAIL");
    message_add_string(root, "bulkhead.host", t->host);
    message_add_string(root, "bulkhead.reference", t->verdict->explained_by);
    json_object_object_add(root, "submods", mods);
    text = json_object_to_json_string_length(root, JSON_C_TO_STRING_PLAIN |
                                                       JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    rc = text == NULL ? attest_fail(err, -ENOMEM, "no memory")
                      : jws_sign(key, TOKEN_TYPE, text, len, out, err);
    json_object_put(root);
    return rc;
}

/* -- reading ------------------------------------------------------------------------------------ */
const char *token_code_name(enum token_code code)
{
    static const char *const names[] = {
        [TOKEN_OK] = "ok",
        [TOKEN_SIGNATURE] = "token-signature",
        [TOKEN_MALFORMED] = "token-malformed",
        [TOKEN_EXPIRED] = "token-expired",
        [TOKEN_NOT_YET_VALID] = "token-not-yet-valid",
        [TOKEN_OTHER_HOST] = "token-other-host",
        [TOKEN_FAIL] = "token-fail",
    };

    return (size_t)code < sizeof(names) / sizeof(names[0]) ? names[code] : "unknown";
}

static bool text_is(json_object *o, const char *key, const char *value)
{
    const char *text = message_string(o, key);

    return text != NULL && strcmp(text, value) == 0;
}

/* Nothing in it speaks against the host; and what has to speak for it does. */
static bool submods_are_good(json_object *root)
{
    json_object *mods;

    if (!json_object_object_get_ex(root, "submods", &mods) ||
        !json_object_is_type(mods, json_type_object)) {
        return false;
    }
    for (unsigned int m = 0; m < SUBMOD_COUNT; m++) {
        json_object *o;
        bool good = json_object_object_get_ex(mods, submods[m].name, &o) &&
                    json_object_is_type(o, json_type_object);

        if (!good || (!text_is(o, "ear.status", "affirming") &&
                      !text_is(o, "ear.status", "warning") &&
                      !(text_is(o, "ear.status", "none") && (m == FIRMWARE || m == DOMAINS)))) {
            return false;
        }
    }
    return true;
}

static enum token_code judge(json_object *root, const char *host, int64_t now)
{
    json_object *iat, *exp;

    if (root == NULL || !text_is(root, "eat_profile", TOKEN_PROFILE) ||
        message_string(root, "bulkhead.verdict") == NULL ||
        message_string(root, "bulkhead.host") == NULL || !json_object_object_get_ex(root, "iat", &iat) ||
        !json_object_is_type(iat, json_type_int) || !json_object_object_get_ex(root, "exp", &exp) ||
        !json_object_is_type(exp, json_type_int)) {
        return TOKEN_MALFORMED;
    }
    if (json_object_get_int64(iat) > now + CLOCK_SKEW_S) { /* the sum is ours: a claim may be any number */
        return TOKEN_NOT_YET_VALID;
    }
    if (json_object_get_int64(exp) <= now) {
        return TOKEN_EXPIRED;
    }
    if (host != NULL && !text_is(root, "bulkhead.host", host)) {
        return TOKEN_OTHER_HOST;
    }
    if (!text_is(root, "bulkhead.verdict", "PASS") ||
        (!text_is(root, "ear.status", "affirming") && !text_is(root, "ear.status", "warning")) ||
        !submods_are_good(root)) {
        return TOKEN_FAIL;
    }
    return TOKEN_OK;
}

enum token_code token_check(const char *token, size_t size, EVP_PKEY *const *signers,
                            size_t signer_count, const char *host, int64_t now,
                            struct bytes *payload, struct attest_error *err)
{
    enum token_code code;
    json_object *root;

    if (jws_verify(token, size, TOKEN_TYPE, signers, signer_count, payload, NULL, err) != 0) {
        return TOKEN_SIGNATURE;
    }
    root = message_parse(payload->data, payload->size, err);
    code = judge(root, host, now);
    json_object_put(root);
    attest_fail(err, 0, "%s", token_code_name(code));
    return code;
}
