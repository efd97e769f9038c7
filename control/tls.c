/* SPDX-License-Identifier: Apache-2.0 */
#include <control/tls.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#define WRITE_MS 10000

/* @param peer_purpose  what the peer's certificate has to be for; 0: what OpenSSL takes for the other end */
static SSL_CTX *context(const SSL_METHOD *method, X509 *authority, int peer_purpose, X509 *cert, EVP_PKEY *key, struct attest_error *err)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1
        || SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1
        || (authority != NULL && X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority) != 1)
        || (cert != NULL && (SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1
                             || SSL_CTX_check_private_key(ctx) != 1))
        || SSL_CTX_set_num_tickets(ctx, 0) != 1 || X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_X509_STRICT) != 1
        || (peer_purpose != 0 && SSL_CTX_set_purpose(ctx, peer_purpose) != 1)) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());

        attest_fail(err, -EIO, "TLS: %s", reason != NULL ? reason : "cannot be set up");
        ERR_clear_error();
        SSL_CTX_free(ctx);
        return NULL;
    }
    SSL_CTX_set_verify(ctx, authority != NULL ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_verify_depth(ctx, 1);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY); /* records without data, such as tickets, do not keep a read from its end */
    return ctx;
}

SSL_CTX *tls_context(enum cert_use own_use, X509 *authority, X509 *cert, EVP_PKEY *key, struct attest_error *err)
{
    bool server = own_use == CERT_HOST;

    if (server && authority == NULL) {
        attest_fail(err, -EINVAL, "TLS: a server without an authority of its clients");
        return NULL;
    }
    return context(server ? TLS_server_method() : TLS_client_method(), authority, 0, cert, key, err);
}

SSL_CTX *tls_context_collector(X509 *cert, EVP_PKEY *key, struct attest_error *err)
{
    return context(TLS_server_method(), NULL, 0, cert, key, err);
}

SSL_CTX *tls_context_caller(X509 *authority, struct attest_error *err)
{
    return context(TLS_client_method(), authority, X509_PURPOSE_SSL_CLIENT, NULL, NULL, err);
}

/* Wait for what an operation that did not finish wants. @return 0; -ETIMEDOUT; -EPIPE the end; -EIO */
static int again(struct tls *tls, int result, int64_t end)
{
    struct pollfd p = { .fd = tls->fd };
    int64_t left = end < 0 ? -1 : end - stream_now_ms();

    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        p.events = POLLIN;
        break;
    case SSL_ERROR_WANT_WRITE:
        p.events = POLLOUT;
        break;
    case SSL_ERROR_ZERO_RETURN:
        return -EPIPE;
    default:
        ERR_clear_error();
        return -EPIPE;
    }
    if (end >= 0 && left <= 0) {
        return -ETIMEDOUT;
    }
    return poll(&p, 1, (int)left) < 0 && errno != EINTR ? -EIO : 0;
}

static int tls_read(void *context, uint8_t *buf, size_t n, int64_t end_ms)
{
    struct tls *tls = context;

    for (;;) {
        int got = SSL_read(tls->ssl, buf, n > 1u << 16 ? 1 << 16 : (int)n);
        int rc = got > 0 ? 0 : again(tls, got, end_ms);

        if (got > 0) {
            return got;
        }
        if (rc != 0) {
            return rc == -ETIMEDOUT ? 0 : rc;
        }
    }
}

static int tls_write(void *context, const uint8_t *buf, size_t n, int64_t end_ms)
{
    struct tls *tls = context;
    int64_t pause = stream_now_ms() + WRITE_MS, end = pause < end_ms ? pause : end_ms;

    while (n > 0) {
        int put = SSL_write(tls->ssl, buf, n > 1u << 16 ? 1 << 16 : (int)n);
        int rc = put > 0 ? 0 : again(tls, put, end);

        if (rc != 0) {
            return rc;
        }
        if (put > 0) {
            buf += put;
            n -= (size_t)put;
        }
    }
    return 0;
}

static int refused(struct tls *tls, struct attest_error *err)
{
    long verdict = SSL_get_verify_result(tls->ssl);
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    if (verdict != X509_V_OK) {
        reason = X509_verify_cert_error_string(verdict);
    }
    attest_fail(err, -EACCES, "TLS: %s", reason != NULL ? reason : "the connection ended");
    ERR_clear_error();
    return -EACCES;
}

int tls_start(struct tls *tls, SSL_CTX *ctx, int fd, const char *host, int timeout_ms, struct stream *stream,
              struct attest_error *err)
{
    int64_t end = stream_now_ms() + timeout_ms;

    *tls = (struct tls){ .ssl = SSL_new(ctx), .fd = fd };
    if (tls->ssl == NULL || SSL_set_fd(tls->ssl, fd) != 1 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0
        || (host != NULL && SSL_set1_host(tls->ssl, host) != 1)) {
        tls_stop(tls);
        return attest_fail(err, -EIO, "TLS cannot be set up");
    }
    for (;;) {
        int done = SSL_is_server(tls->ssl) ? SSL_accept(tls->ssl) : SSL_connect(tls->ssl);
        int kind = done == 1 ? SSL_ERROR_NONE : SSL_get_error(tls->ssl, done), rc;

        if (done == 1) {
            break;
        }
        if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE) {
            rc = refused(tls, err);
        } else {
            rc = again(tls, done, end);
            if (rc == -ETIMEDOUT) {
                attest_fail(err, rc, "TLS: no handshake within %d s", timeout_ms / 1000);
            }
        }
        if (rc != 0) {
            tls_stop(tls);
            return rc;
        }
    }
    *stream = (struct stream){ .context = tls, .read = tls_read, .write = tls_write };
    return 0;
}

int tls_peer(const struct tls *tls, char *name, size_t size)
{
    X509 *cert = SSL_get0_peer_certificate(tls->ssl);

    return cert == NULL || SSL_get_verify_result(tls->ssl) != X509_V_OK ? -EINVAL : cert_name(cert, name, size);
}

int tls_binding(const struct tls *tls, const char *label, uint8_t out[TLS_BINDING_SIZE])
{
    return SSL_export_keying_material(tls->ssl, out, TLS_BINDING_SIZE, label, strlen(label), NULL, 0, 0) == 1 ? 0 : -EIO;
}

void tls_stop(struct tls *tls)
{
    if (tls->ssl != NULL) {
        (void)SSL_shutdown(tls->ssl);
        SSL_free(tls->ssl);
    }
    ERR_clear_error();
    tls->ssl = NULL;
}
