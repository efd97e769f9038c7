/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signed text from anywhere. Two keys may have signed it, one of which signed one text ever: whatever else is believed, or the same
 * in other letters, is a forgery.
 */
#include <stdlib.h>
#include <string.h>

#include <attest/jose.h>

#include "attest_key.h"
#include "manifest_elf_runner.h"

#define TYPE "bulkhead-reference"

static const char text[] = "{\"format\":\"bulkhead-reference-2\",\"id\":\"web-1\"}\n";

bool fuzz_seed_accepted;

static char *signed_text(void)
{
    static char *jws;
    struct attest_error err;

    if (jws == NULL && jws_sign(fuzz_signer(), TYPE, text, strlen(text), &jws, &err) != 0) {
        abort();
    }
    return jws;
}

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    size_t n = strlen(signed_text());

    if (n > max) {
        abort();
    }
    memcpy(buf, signed_text(), n);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static EVP_PKEY *keys[2];
    struct bytes payload = {NULL, 0}, unchecked = {NULL, 0};
    struct attest_error err;
    size_t signer = 2, n = size > 0 && data[size - 1] == '\n' ? size - 1 : size;
    int rc;

    if (keys[0] == NULL) {
        keys[0] = EVP_EC_gen("P-256");
        keys[1] = fuzz_signer();
    }
    rc = jws_verify((const char *)data, size, TYPE, keys, 2, &payload, &signer, &err);
    if (rc == 0) {
        fuzz_seed_accepted = true;
        if (signer != 1 || payload.size != strlen(text) || memcmp(payload.data, text, payload.size) != 0
            || n != strlen(signed_text()) || memcmp(data, signed_text(), n) != 0) {
            abort();
        }
    }
    if (jws_payload((const char *)data, size, &unchecked, &err) != 0 && rc == 0) {
        abort();
    }
    bytes_free(&payload);
    bytes_free(&unchecked);
    return 0;
}
