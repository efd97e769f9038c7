/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and certificates of operators and hosts: ECDSA on P-256, X.509, PEM in files. One authority signs both; what a certificate
 * is for stands in its extended key usage, and in its common name who it is.
 */
#ifndef CONTROL_CERT_H
#define CONTROL_CERT_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <attest/error.h>

enum cert_use { CERT_AUTHORITY, CERT_OPERATOR, CERT_HOST };

/** @return a new key; NULL with err */
EVP_PKEY *cert_key_new(struct attest_error *err);
/** Write a private key, readable by its owner only; an existing file is not touched. @return 0; -EEXIST, other -errno */
int cert_key_write(EVP_PKEY *key, const char *path, struct attest_error *err);
EVP_PKEY *cert_key_read(const char *path, struct attest_error *err);
/** Replace a file at once. @return 0 or -errno */
int cert_write(X509 *cert, const char *path, struct attest_error *err);
X509 *cert_read(const char *path, struct attest_error *err);

/**
 * Sign a certificate for a key.
 * @param issuer,issuer_key  the authority; NULL and the key itself for an authority's own
 * @param days  how long it is good
 */
X509 *cert_sign(EVP_PKEY *key, const char *name, enum cert_use use, X509 *issuer, EVP_PKEY *issuer_key, int days,
                struct attest_error *err);

/** A request for a certificate, as PEM text to be freed. NULL with err */
char *cert_request(EVP_PKEY *key, const char *name, struct attest_error *err);
/** The key of a request, if whoever made it has the private half. NULL with err */
EVP_PKEY *cert_request_key(const char *pem, struct attest_error *err);

/** PEM text, to be freed; and back. NULL with err */
char *cert_text(X509 *cert, struct attest_error *err);
X509 *cert_from_text(const char *pem, struct attest_error *err);

/** Is the certificate of that authority, in time, and for that use? @return 0 or -EACCES with err */
int cert_check(X509 *cert, X509 *authority, enum cert_use use, struct attest_error *err);

/** The one common name, when it is a good word (control/protocol.h). @return 0 or -EINVAL */
int cert_name(X509 *cert, char *name, size_t size);

#endif
