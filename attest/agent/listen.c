/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifiers by network. A connection is a process of its own, whose life is short and whose clock nobody can stop; how many there
 * are at a time and in a second is bounded, and what is above is closed at once. Requests of all of them go to the TPM one by one and
 * not faster than PACE_MS: whoever has a certificate can slow down other verifiers, not the host.
 *
 * The key is made here when the domain starts and is never stored. Its certificate says nothing (attest/channel.h).
 */
#include "listen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <attest/door.h>
#include <control/network.h>

#define CONNECTIONS_MAX 4
#define BURST 16u
#define REFILL_MS 250
#define CERTIFICATE_DAYS 3650

struct listener {
    const struct network_config *config;
    X509 *authority;
    SSL_CTX *ctx;
    int fd, pace_fd;
    struct door door;
};

/* The key of this start. */
static int make_key(struct listener *l, struct attest_error *err)
{
    EVP_PKEY *key = cert_key_new(err);
    X509 *own = key != NULL ? cert_sign(key, "attest", CERT_HOST, NULL, key, CERTIFICATE_DAYS, err) : NULL;

    l->ctx = own != NULL ? tls_context(CERT_HOST, l->authority, own, key, err) : NULL;
    X509_free(own);
    EVP_PKEY_free(key);
    return l->ctx != NULL ? 0 : -EIO;
}

static void child(const struct listener *l, int fd)
{
    struct attest_error err = {""};
    unsigned int quotes;

    close(l->fd);
    alarm(CONVERSATION_S); /* ends the process, wherever it is */
    if (conversation_hold(l->config, l->ctx, fd, NULL, l->pace_fd, &quotes, &err) != 0 && err.text[0] != '\0') {
        printf("attest-agent: tls: refused: %.200s\n", err.text);
        fflush(stdout);
    }
    _exit(0);
}

static bool may_come(struct listener *l)
{
    if (door_is_open(&l->door, conversation_now_ms())) {
        return true;
    }
    if (door_turn_away(&l->door)) {
        printf("attest-agent: tls: %lu connections turned away: too many\n", l->door.turned_away);
        fflush(stdout);
    }
    return false;
}

static int serve(struct listener *l, struct attest_error *err)
{
    for (;;) {
        int fd = accept(l->fd, NULL, NULL);

        while (waitpid(-1, NULL, WNOHANG) > 0) {
            door_leave(&l->door);
        }
        if (fd < 0 && errno != EINTR && errno != ECONNABORTED && errno != EMFILE && errno != ENOMEM) {
            return attest_fail(err, -errno, "accept: %s", strerror(errno));
        }
        if (fd >= 0) {
            if (may_come(l)) {
                pid_t pid = fork();

                if (pid == 0) {
                    child(l, fd);
                }
                if (pid > 0) {
                    door_enter(&l->door);
                }
            }
            close(fd);
        }
    }
}

int listen_tls(const struct network_config *config, struct attest_error *err)
{
    struct listener l = {.config = config, .fd = -1, .pace_fd = -1};
    int rc = conversation_set_up(config, &l.authority, err);

    door_make(&l.door, CONNECTIONS_MAX, BURST, REFILL_MS, conversation_now_ms());
    if (rc == 1) {
        printf("attest-agent: no TLS: the host's description names no verifiers\n");
        fflush(stdout);
        for (;;) {
            pause(); /* there is nobody to serve, and whoever starts us would start us again */
        }
    }
    if (rc == 0) {
        rc = make_key(&l, err);
    }
    if (rc == 0) {
        rc = l.pace_fd = conversation_pace(err);
    }
    if (rc >= 0) {
        rc = l.fd = network_listen(config->address, config->port, CONNECTIONS_MAX, err);
    }
    if (rc >= 0) {
        printf("attest-agent: tls on port %s\n", config->port);
        fflush(stdout);
        rc = serve(&l, err);
    }
    SSL_CTX_free(l.ctx);
    X509_free(l.authority);
    return rc;
}
