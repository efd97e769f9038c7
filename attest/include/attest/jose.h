/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_JOSE_H
#define ATTEST_JOSE_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include <attest/message.h>

/*
 * Signed texts: JWS compact serialisation, header.payload.signature in base64url (RFC 7515), with
 * ES256 (ECDSA P-256, RFC 7518, 3.4) or EdDSA (Ed25519, RFC 8037). The algorithm is the key's: the
 * header only repeats it, and has no say. The header has exactly "alg", "kid" and "typ", so nothing
 * in it can ask for a key, an encoding or an extension. The bytes signed are the bytes carried:
 * there is no canonical form that two programs could disagree about.
 */

#define JWS_MAX (16u * 1024u * 1024u)

/** PEM file of a key. @return NULL with err: unreadable, or neither P-256 nor Ed25519 */
EVP_PKEY *key_read_private(const char *path, struct attest_error *err);
/** The same for a public key; a certificate or private key is taken for its public one. */
EVP_PKEY *key_read_public(const char *path, struct attest_error *err);

#define KEY_ID_SIZE 65
/** Hex SHA-256 of the SubjectPublicKeyInfo. @return 0; -EINVAL */
int key_id(EVP_PKEY *key, char out[KEY_ID_SIZE]);
/** "ES256" or "EdDSA"; NULL for other keys. */
const char *key_algorithm(EVP_PKEY *key);

/** @param out  the JWS, NUL-terminated, to be freed. @return 0; -EINVAL; -ENOMEM */
int jws_sign(EVP_PKEY *key, const char *type, const void *payload, size_t size, char **out,
             struct attest_error *err);

/**
 * Check a JWS against keys, of which one must have made it.
 * @param type     what the header must call it
 * @param payload  out, may be NULL; @param signer  out, may be NULL: index of the key
 * @return 0; -EINVAL no JWS of this form and type; -EACCES none of the keys signed it; -ENOMEM
 */
int jws_verify(const char *jws, size_t size, const char *type, EVP_PKEY *const *keys,
               size_t key_count, struct bytes *payload, size_t *signer, struct attest_error *err);

/** The payload without any check of who wrote it. @return 0; -EINVAL */
int jws_payload(const char *jws, size_t size, struct bytes *payload, struct attest_error *err);

#endif /* ATTEST_JOSE_H */
