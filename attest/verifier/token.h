/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verdict for others: an EAT Attestation Result (draft-ietf-rats-ear) as a JWT signed with ES256.
 * One submodule for each link of the chain: tpm, firmware, boot, hypervisor, domains.
 */
#ifndef VERIFIER_TOKEN_H
#define VERIFIER_TOKEN_H

#include <openssl/types.h>

#include <attest/verify.h>

#define TOKEN_TYPE "JWT"
#define TOKEN_PROFILE "tag:github.com,2023:veraison/ear"

/* Trust tiers of AR4SI (draft-ietf-rats-ar4si, 2.3.3), by their lowest value. */
#define TIER_NONE 0
#define TIER_AFFIRMING 2
#define TIER_WARNING 32
#define TIER_CONTRAINDICATED 96

struct token_facts {
    const struct verdict *verdict;
    const char *host; /* "" unknown */
    const uint8_t *nonce;
    size_t nonce_size;
    int64_t at; /* of what it says, which may be earlier than when it is written */
    int64_t life_s;
};

/** @param key  P-256. @param out  to be freed. @return 0; -EINVAL another key; -ENOMEM */
int token_make(const struct token_facts *t, EVP_PKEY *key, char **out, struct attest_error *err);

/* What a reader may conclude, each with a word of its own. */
enum token_code {
    TOKEN_OK,
    TOKEN_SIGNATURE, /* not signed by a given signer */
    TOKEN_MALFORMED, /* signed, but no result of this profile */
    TOKEN_EXPIRED,
    TOKEN_NOT_YET_VALID, /* issued in the future */
    TOKEN_OTHER_HOST,
    TOKEN_FAIL, /* a good token about a host that failed */
};
const char *token_code_name(enum token_code code);

/**
 * @param host     whose it must be; NULL: anybody's
 * @param payload  out: its claims, also of a token that is refused after its signature was good
 */
enum token_code token_check(const char *token, size_t size, EVP_PKEY *const *signers,
                            size_t signer_count, const char *host, int64_t now,
                            struct bytes *payload, struct attest_error *err);

#endif /* VERIFIER_TOKEN_H */
