/* SPDX-License-Identifier: Apache-2.0 */
/* A signer for fuzz entries: Ed25519, so that the same text has the same signature on every run and kept inputs stay good. */
#ifndef FUZZ_ATTEST_KEY_H
#define FUZZ_ATTEST_KEY_H

#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

static inline EVP_PKEY *fuzz_signer(void)
{
    static const unsigned char secret[32] = "the fuzzer's own signing key....";
    static EVP_PKEY *key;

    if (key == NULL && (key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof(secret))) == NULL) {
        abort();
    }
    return key;
}

#endif
