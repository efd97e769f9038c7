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
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <attest/channel.h>
#include <control/network.h>
#include <control/tls.h>

#include "serve.h"

#define CONNECTIONS_MAX 4
#define BURST 16u /* connections that may come at once, */
#define REFILL_MS 250 /* and one more each */
#define HANDSHAKE_MS 5000
#define LIFE_S 60 /* of a connection: some hundred requests */
#define CONFIG_MAX 4096u
#define CERTIFICATE_DAYS 3650

struct listener {
    const struct listen_config *config;
    X509 *authority;
    SSL_CTX *ctx;
    int fd;
    unsigned int children;
    unsigned int tokens;
    int64_t refilled; /* ms */
    unsigned long turned_away;
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int read_network(const char *path, struct network *n, struct attest_error *err)
{
    uint8_t *bytes = NULL;
    size_t size;
    char *text, *word[3], *save = NULL;
    const char *wrong = NULL;
    int rc = file_read(path, CONFIG_MAX, &bytes, &size, err);

    if (rc != 0) {
        return rc;
    }
    text = strndup((const char *)bytes, size); /* a file does not end in a NUL */
    free(bytes);
    if (text == NULL) {
        return attest_fail(err, -ENOMEM, "%s: no memory", path);
    }
    word[0] = strtok_r(text, " \t\r\n", &save);
    word[1] = word[0] != NULL ? strtok_r(NULL, " \t\r\n", &save) : NULL;
    word[2] = word[1] != NULL ? strtok_r(NULL, " \t\r\n", &save) : NULL;
    if (word[0] != NULL) {
        wrong = strcmp(word[0], "address") != 0 || word[1] == NULL ? "expected address A.B.C.D/BITS [GATEWAY]"
                                                                    : network_parse(n, word[1], word[2]);
    }
    free(text);
    return wrong == NULL ? 0 : attest_fail(err, -EINVAL, "%s: %s", path, wrong);
}

/* The authority, the key of this start, and the address. @return 1: no authority is named */
static int set_up(struct listener *l, struct attest_error *err)
{
    char path[512];
    struct network network = {.address = {0}};
    struct stat st;
    EVP_PKEY *key = NULL;
    X509 *own = NULL;
    int rc;

    snprintf(path, sizeof(path), "%s/verifiers.pem", l->config->folder);
    if (stat(path, &st) != 0 || st.st_size == 0) {
        return 1;
    }
    l->authority = cert_read(path, err);
    key = l->authority != NULL ? cert_key_new(err) : NULL;
    own = key != NULL ? cert_sign(key, "attest", CERT_HOST, NULL, key, CERTIFICATE_DAYS, err) : NULL;
    l->ctx = own != NULL ? tls_context(CERT_HOST, l->authority, own, key, err) : NULL;
    X509_free(own);
    EVP_PKEY_free(key);
    if (l->ctx == NULL) {
        return -EIO;
    }
    snprintf(path, sizeof(path), "%s/network", l->config->folder);
    rc = stat(path, &st) == 0 ? read_network(path, &network, err) : 0;
    return rc != 0 ? rc : network_up(&network, err);
}

static int converse(const struct listener *l, int fd, int pace_fd, struct attest_error *err)
{
    uint8_t binding[CHANNEL_BINDING_SIZE];
    struct agent agent = {.log_path = l->config->log_path, .binding = binding, .pace_fd = pace_fd, .paced = true};
    struct attest_error no_tpm = {""};
    struct stream stream;
    struct tls tls;
    char who[128];
    int rc = tls_start(&tls, l->ctx, fd, NULL, HANDSHAKE_MS, &stream, err);

    if (rc == 0) {
        rc = tls_peer(&tls, who, sizeof(who));
        if (rc != 0 || (rc = tls_binding(&tls, CHANNEL_LABEL, binding)) != 0) {
            attest_fail(err, rc, "a certificate without a usable common name");
        } else {
            printf("attest-agent: tls: %s\n", who);
            fflush(stdout);
            agent.tcti = l->config->tcti;
            if (agent_tpm_open(&agent.tpm, l->config->tcti, &no_tpm) != 0) {
                agent.tpm_error = no_tpm.text;
            }
            rc = agent_serve(&agent, &stream);
            agent_tpm_close(agent.tpm);
        }
        tls_stop(&tls);
    }
    return rc;
}

static void child(const struct listener *l, int fd, int pace_fd)
{
    struct attest_error err = {""};

    close(l->fd);
    alarm(LIFE_S); /* ends the process, wherever it is */
    if (converse(l, fd, pace_fd, &err) != 0 && err.text[0] != '\0') {
        printf("attest-agent: tls: refused: %.200s\n", err.text);
        fflush(stdout);
    }
    _exit(0);
}

static bool may_come(struct listener *l)
{
    int64_t now = now_ms(), more = (now - l->refilled) / REFILL_MS;

    if (more > 0) {
        l->refilled += more * REFILL_MS;
        l->tokens = more >= (int64_t)(BURST - l->tokens) ? BURST : l->tokens + (unsigned int)more;
    }
    if (l->children >= CONNECTIONS_MAX || l->tokens == 0) {
        l->turned_away++;
        if ((l->turned_away & (l->turned_away - 1)) == 0) { /* the 1st, 2nd, 4th, 8th... */
            printf("attest-agent: tls: %lu connections turned away: too many\n", l->turned_away);
            fflush(stdout);
        }
        return false;
    }
    l->tokens--;
    return true;
}

static int serve(struct listener *l, int pace_fd, struct attest_error *err)
{
    for (;;) {
        int fd = accept(l->fd, NULL, NULL);
        pid_t pid = -1;

        while (waitpid(-1, NULL, WNOHANG) > 0) {
            l->children--;
        }
        if (fd < 0 && errno != EINTR && errno != ECONNABORTED && errno != EMFILE && errno != ENOMEM) {
            return attest_fail(err, -errno, "accept: %s", strerror(errno));
        }
        if (fd >= 0) {
            if (may_come(l) && (pid = fork()) == 0) {
                child(l, fd, pace_fd);
            }
            l->children += pid > 0;
            close(fd);
        }
    }
}

int listen_tls(const struct listen_config *config, struct attest_error *err)
{
    struct listener l = {.config = config, .tokens = BURST, .refilled = now_ms(), .fd = -1};
    char path[] = "/tmp/attest-pace-XXXXXX";
    int rc = set_up(&l, err), pace_fd = -1;

    if (rc == 1) {
        printf("attest-agent: no TLS: the host's description names no verifiers\n");
        fflush(stdout);
        for (;;) {
            pause(); /* there is nobody to serve, and whoever starts us would start us again */
        }
    }
    if (rc == 0) {
        pace_fd = mkstemp(path);
        rc = pace_fd < 0 ? attest_fail(err, -errno, "%s: %s", path, strerror(errno)) : 0;
    }
    if (rc == 0) {
        unlink(path);
        rc = l.fd = network_listen(config->address, config->port, CONNECTIONS_MAX, err);
    }
    if (rc >= 0) {
        printf("attest-agent: tls on port %s\n", config->port);
        fflush(stdout);
        rc = serve(&l, pace_fd, err);
    }
    SSL_CTX_free(l.ctx);
    X509_free(l.authority);
    return rc;
}
