/* SPDX-License-Identifier: Apache-2.0 */
/* Claims that a trusted signer put into a token, as they are; and as the token itself. */
#include <stdlib.h>
#include <string.h>

#include <attest/jose.h>
#include <attest/verify.h>

#include "../../attest/verifier/token.h"
#include "attest_key.h"
#include "manifest_elf_runner.h"

#define NOW 1700000000

bool fuzz_seed_accepted;

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    static const uint8_t nonce[32] = {7};
    EVP_PKEY *key = EVP_EC_gen("P-256"); /* tokens are made with such a key; only the claims are used here */
    struct verdict v = {.count = 0};
    const struct token_facts facts = {.verdict = &v, .host = "web", .nonce = nonce, .nonce_size = sizeof(nonce), .at = NOW, .life_s = 300};
    struct attest_error err;
    struct bytes claims = {NULL, 0};
    char *token = NULL;
    size_t n;

    verdict_add(&v, CODE_OK, 4, REFERENCE_GRUB_PE, "loader", "", "sha256");
    verdict_add(&v, CODE_OK, 21, REFERENCE_HYPERVISOR_EVENT, "policy", "", "sha256");
    verdict_add(&v, CODE_OK, 22, REFERENCE_DOMAIN, "guest", "", "started");
    verdict_add(&v, CODE_OK, -1, -1, "attestation-key", "", "held by a TPM");
    verdict_add(&v, CODE_OK, -1, -1, "quote", "", "fresh");
    if (token_make(&facts, key, &token, &err) != 0 || jws_payload(token, strlen(token), &claims, &err) != 0 || claims.size > max) {
        abort();
    }
    memcpy(buf, claims.data, n = claims.size);
    bytes_free(&claims);
    free(token);
    verdict_free(&v);
    EVP_PKEY_free(key);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    EVP_PKEY *const keys[] = {fuzz_signer()};
    struct attest_error err;
    struct bytes claims = {NULL, 0};
    enum token_code code;
    char *token = NULL;

    if (token_check((const char *)data, size, keys, 1, "web", NOW, &claims, &err) != TOKEN_SIGNATURE) {
        abort(); /* nobody else has that key */
    }
    bytes_free(&claims);
    if (size > (1u << 20) || jws_sign(keys[0], TOKEN_TYPE, data, size, &token, &err) != 0) {
        return 0;
    }
    code = token_check(token, strlen(token), keys, 1, "web", NOW, &claims, &err);
    if (code == TOKEN_SIGNATURE || claims.size != size || (size != 0 && memcmp(claims.data, data, size) != 0)
        || strcmp(token_code_name(code), "unknown") == 0) {
        abort();
    }
    bytes_free(&claims);
    fuzz_seed_accepted = fuzz_seed_accepted || code == TOKEN_OK;
    if (code == TOKEN_OK && token_check(token, strlen(token), keys, 1, "another", NOW, &claims, &err) != TOKEN_OTHER_HOST) {
        abort();
    }
    bytes_free(&claims);
    free(token);
    return 0;
}
