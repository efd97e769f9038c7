/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream (attest/frame.h) over TLS 1.3, both ends with certificates of one authority. Nothing older is spoken, nothing is
 * resumed, and no frame is read before the handshake has told who the peer is.
 */
#ifndef CONTROL_TLS_H
#define CONTROL_TLS_H

#include <openssl/ssl.h>

#include <attest/frame.h>
#include <control/cert.h>

struct tls {
    SSL *ssl;
    int fd; /* borrowed, made non-blocking */
};

/**
 * Context of one end. The three files are borrowed until it returns.
 * @param authority  NULL, for clients only: anybody may be the server; who it is has to be proved otherwise
 * @return NULL with err
 */
SSL_CTX *tls_context(enum cert_use own_use, X509 *authority, X509 *cert, EVP_PKEY *key, struct attest_error *err);

/**
 * A connection whose client proves itself otherwise: it has no certificate and is asked for none. The server's is an operator's, so that
 * who may ask is one question, whoever dials. That context, and the client's.
 * @return NULL with err
 */
SSL_CTX *tls_context_collector(X509 *cert, EVP_PKEY *key, struct attest_error *err);
SSL_CTX *tls_context_caller(X509 *authority, struct attest_error *err);

/**
 * Shake hands on a connected socket.
 * @param host  the client's: the name that the peer's certificate must have; NULL: not looked at
 * @return 0 with *stream ready; -ETIMEDOUT; -EACCES the peer or we are refused, err says why
 */
int tls_start(struct tls *tls, SSL_CTX *ctx, int fd, const char *host, int timeout_ms, struct stream *stream,
              struct attest_error *err);

/** Common name of the peer's certificate, which the handshake has verified. @return 0 or -EINVAL */
int tls_peer(const struct tls *tls, char *name, size_t size);

#define TLS_BINDING_SIZE 32

/**
 * What both ends of this connection know and nobody else does, so that a proof over it is a proof of the connection. RFC 8446, 7.5.
 * @param label  of the protocol. @return 0 or -EIO
 */
int tls_binding(const struct tls *tls, const char *label, uint8_t out[TLS_BINDING_SIZE]);

void tls_stop(struct tls *tls);

#endif
