/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TRUST_H
#define ATTEST_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include <attest/message.h>

/*
 * The chain from a certificate authority to a quote: the authority signed the endorsement key's
 * certificate; only a TPM with that endorsement key can answer a credential made for an attestation
 * key, and answers only when that key is inside it; that key signs only what the TPM itself made.
 */

#define NAME_SIZE 34 /* TPM2B name of a SHA-256 object: algorithm and digest */
#define SECRET_SIZE 32

/**
 * Check an endorsement key certificate against trusted ones.
 *
 * @param ca     PEM files; every certificate in them is trusted as given (roots or issuers)
 * @param key    out: the RSA key, owned by the caller
 * @return 0; -EINVAL no certificate of an endorsement key; -EACCES no chain to a trusted one;
 *         -EKEYEXPIRED a certificate of the chain is out of its time;
 *         -ENOENT a CA file cannot be read or holds no certificate
 */
int ek_verify(const struct bytes *cert, const char *const *ca, size_t ca_count, EVP_PKEY **key,
              struct attest_error *err);

/** SHA-256 of a key's SubjectPublicKeyInfo. @return 0; -EINVAL */
int ek_fingerprint(EVP_PKEY *key, uint8_t out[32]);

/**
 * Check an attestation key's public area: restricted, signing, not decrypting, bound to its TPM,
 * ECDSA P-256 with SHA-256.
 * @param key   out: owned by the caller
 * @param name  out: its name, which binds a credential to it
 * @return 0 or -EINVAL
 */
int ak_verify(const struct bytes *ak_public, EVP_PKEY **key, uint8_t name[NAME_SIZE],
              struct attest_error *err);

/**
 * TPM2_MakeCredential in software for an RSA-2048 endorsement key with the default template
 * (SHA-256, AES-128-CFB).
 * @param id_object,seed  out: TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET with size fields
 * Source: TPM 2.0 Library part 1, 24 (credential protection) and B.10.4 (OAEP label).
 */
int credential_make(EVP_PKEY *ek, const uint8_t name[NAME_SIZE], const uint8_t secret[SECRET_SIZE],
                    struct bytes *id_object, struct bytes *seed, struct attest_error *err);

#endif /* ATTEST_TRUST_H */
