/* SPDX-License-Identifier: Apache-2.0 */
/* `bh attest collect`: what it needs, read before anybody is let in. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <attest/error.h>
#include <control/network.h>
#include <control/tls.h>

#include "collect.h"
#include "tell.h"

#define BACKLOG 128

/* "ADDRESS:PORT", an IPv6 address in brackets. */
static int open_port(const char *where, struct attest_error *err)
{
    char *text = strdup(where), *address = text, *colon = text != NULL ? strrchr(text, ':') : NULL;
    size_t n = colon != NULL ? (size_t)(colon - text) : 0;
    int rc;

    if (n == 0 || (address[0] != '[' && memchr(address, ':', n) != NULL)) {
        rc = attest_fail(err, -EINVAL, "--listen %s: expected ADDRESS:PORT, such as 10.0.0.9:4436 or [::]:4436", where);
    } else {
        *colon = '\0';
        if (address[0] == '[' && address[n - 1] == ']') {
            address[n - 1] = '\0';
            address++;
        }
        rc = network_listen(address, colon + 1, BACKLOG, err);
    }
    free(text);
    return rc;
}

static SSL_CTX *context(const struct options *o, struct attest_error *err)
{
    X509 *cert = cert_read(o->tls_certificate, err);
    EVP_PKEY *key = cert != NULL ? cert_key_read(o->tls_key, err) : NULL;
    SSL_CTX *ctx = key != NULL ? tls_context_collector(cert, key, err) : NULL;

    X509_free(cert);
    EVP_PKEY_free(key);
    return ctx;
}

int cli_collect(const struct options *o, int argc, char **argv)
{
    struct attest_error err = {""};
    SSL_CTX *ctx;
    int fd, rc;

    (void)argv;
    if (argc != 0 || o->listen == NULL || o->tls_certificate == NULL || o->tls_key == NULL || o->state == NULL || o->ca.count == 0 ||
        o->reference.count == 0) {
        return cli_usage("collect: --listen, --tls-certificate, --tls-key, --state, --ca and --reference are needed");
    }
    if (o->max_age_s == 0) {
        return cli_usage("collect: --max-age: 1 or more, longer than the hosts' push-interval");
    }
    if (tell_is_usable(o) != 0) {
        return cli_usage("--on-change: a path is needed, with a / in it");
    }
    ctx = context(o, &err);
    if (ctx == NULL) {
        return cli_error(&err);
    }
    fd = open_port(o->listen, &err);
    rc = fd >= 0 ? collect_serve(o, fd, ctx) : cli_error(&err);
    if (fd >= 0) {
        close(fd);
    }
    SSL_CTX_free(ctx);
    return rc;
}
