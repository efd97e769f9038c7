/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serial line is one stream for the life of the domain. A TLS connection is a process of its own, with a clock on its
 * handshake and on its silence: what a peer does to it ends with it, and more than a few at a time wait.
 */
#include "listen.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <control/network.h>
#include <control/tls.h>

#include "../../attest/agent/uart.h"
#include "paths.h"
#include "session.h"

#define CONNECTIONS_MAX 8
#define HANDSHAKE_MS 10000
#define IDLE_MS 60000

static int serve_line(const struct roles *roles, struct stream *stream)
{
    struct session s = { .who = "serial", .via = "serial", .role = roles_of_serial(roles) };

    return session_serve(&s, stream, -1);
}

int listen_serial(const struct roles *roles, unsigned short port, struct attest_error *err)
{
    struct uart uart;
    struct stream stream;
    int rc = uart_open(&uart, port, &stream, err);

    if (rc == 0) {
        printf("controld: ready on port 0x%x\n", port);
        fflush(stdout);
        rc = serve_line(roles, &stream);
        rc = rc != 0 ? attest_fail(err, rc, "serial line: %s", strerror(-rc)) : 0;
    }
    return rc;
}

int listen_unix(const struct roles *roles, const char *path, struct attest_error *err)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(sa.sun_path)) {
        return attest_fail(err, -EINVAL, "%s: path too long", path);
    }
    strcpy(sa.sun_path, path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 || listen(fd, 4) != 0) {
        return attest_fail(err, -errno, "%s: %s", path, strerror(errno));
    }
    for (;;) {
        int client = accept(fd, NULL, NULL);
        struct fd_pair fds = { client, client };
        struct stream stream;

        if (client >= 0) {
            stream_from_fds(&stream, &fds);
            (void)serve_line(roles, &stream);
            close(client);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return attest_fail(err, -errno, "accept: %s", strerror(errno));
        }
    }
}

/* In the connection's own process. The files are read anew: the host may have been enrolled meanwhile. */
static int serve_tls(const struct roles *roles, int fd, struct attest_error *err)
{
    char who[CONTROL_WORD_MAX + 1];
    struct session s = { .who = who, .via = "tls" };
    X509 *authority = cert_read(control_paths.authority, err);
    X509 *cert = authority != NULL ? cert_read(control_paths.certificate, err) : NULL;
    EVP_PKEY *key = cert != NULL ? cert_key_read(control_paths.key, err) : NULL;
    SSL_CTX *ctx = key != NULL ? tls_context(CERT_HOST, authority, cert, key, err) : NULL;
    struct stream stream;
    struct tls tls;
    int rc;

    if (ctx == NULL) {
        return -EIO;
    }
    rc = tls_start(&tls, ctx, fd, NULL, HANDSHAKE_MS, &stream, err);
    if (rc == 0 && tls_peer(&tls, who, sizeof(who)) != 0) {
        rc = attest_fail(err, -EACCES, "a certificate without a usable common name");
    }
    if (rc == 0) {
        s.role = roles_of_subject(roles, who);
        printf("controld: tls: %s, role %s\n", who, s.role != NULL ? s.role->name : "none");
        fflush(stdout);
        rc = session_serve(&s, &stream, IDLE_MS);
        if (rc != 0) {
            attest_fail(err, rc, "%s: %s", who, strerror(-rc));
        }
    }
    tls_stop(&tls);
    return rc;
}

static void connection(const struct roles *roles, int fd)
{
    struct attest_error err = { "" };
    int rc = hyper_open();

    rc = rc != 0 ? attest_fail(&err, rc, "/dev/xen/privcmd: %s", strerror(-rc)) : serve_tls(roles, fd, &err);
    if (rc != 0) {
        printf("controld: tls: refused: %.200s\n", err.text);
        fflush(stdout);
    }
    _exit(rc != 0);
}

int listen_tls(const struct roles *roles, const char *address, const char *port, struct attest_error *err)
{
    unsigned int children = 0;
    int fd = network_listen(address, port, CONNECTIONS_MAX, err);

    if (fd < 0) {
        return fd;
    }
    printf("controld: tls on port %s\n", port);
    fflush(stdout);
    for (;;) {
        int client = -1;
        pid_t child = -1;

        while (waitpid(-1, NULL, children >= CONNECTIONS_MAX ? 0 : WNOHANG) > 0) {
            children--;
        }
        client = accept(fd, NULL, NULL);
        if (client < 0 && errno != EINTR && errno != ECONNABORTED && errno != EMFILE && errno != ENOMEM) {
            return attest_fail(err, -errno, "accept: %s", strerror(errno));
        }
        if (client >= 0) {
            child = fork();
            if (child == 0) {
                close(fd);
                connection(roles, client);
            }
            children += child > 0;
            close(client);
        }
    }
}
