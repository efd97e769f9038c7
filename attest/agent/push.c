/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host calls, the verifier asks. Only who dials is turned around: the one with a certificate is the verifier, who is the TLS server
 * here, and it has to be the one that the host's description names; the nonce is the verifier's, and the TPM signs over the connection. A
 * call is a process of its own with an end, as a verifier's connection is.
 */
#include "push.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_RETRY_MS 5000u
#define INTERVAL_MAX_S 86400u

struct push {
    const struct network_config *config;
    struct sockaddr_in to;
    const char *where, *name; /* of the collector, in text */
    uint32_t interval_s;
    char *text;
    SSL_CTX *ctx;
    int pace_fd;
};

uint32_t push_wait_ms(uint32_t interval_s, unsigned int failed, uint32_t random)
{
    uint64_t wait = (uint64_t)interval_s * 1000;

    if (failed > 0) {
        uint64_t step = (uint64_t)FIRST_RETRY_MS << (failed > 20 ? 20 : failed - 1);

        wait = step < wait ? step : wait;
    }
    return (uint32_t)(wait - wait / 5 + random % (2 * wait / 5 + 1));
}

/* "push A.B.C.D:PORT NAME SECONDS", made by bh build of a description that was checked. @return 1: an empty file */
static int read_push(struct push *p, struct attest_error *err)
{
    char *word[CONVERSATION_WORDS + 1];
    char *colon, *end = NULL;
    unsigned long port = 0, interval = 0;
    int rc = conversation_words(p->config, "push", &p->text, word, err);

    if (rc != 0 || word[0] == NULL) {
        return rc != 0 ? rc : 1;
    }
    if (word[3] != NULL) {
        char address[INET_ADDRSTRLEN];

        p->where = word[1];
        p->name = word[2];
        interval = strtoul(word[3], &end, 10);
        snprintf(address, sizeof(address), "%.*s", (int)strcspn(word[1], ":"), word[1]);
        colon = strchr(word[1], ':');
        if (*end == '\0' && colon != NULL && inet_pton(AF_INET, address, &p->to.sin_addr) == 1) {
            port = strtoul(colon + 1, &end, 10);
        }
    }
    if (word[3] == NULL || strcmp(word[0], "push") != 0 || *end != '\0' || port < 1 || port > 65535 || interval < 1 ||
        interval > INTERVAL_MAX_S) {
        return attest_fail(err, -EINVAL, "%s/push: expected push A.B.C.D:PORT NAME SECONDS", p->config->folder);
    }
    p->to.sin_family = AF_INET;
    p->to.sin_port = htons((uint16_t)port);
    p->interval_s = (uint32_t)interval;
    return 0;
}

/* @return exit status: 0 when the collector got what it asked for */
static int call(const struct push *p)
{
    struct attest_error err = {""};
    unsigned int quotes = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

    alarm(CONVERSATION_S);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&p->to, sizeof(p->to)) != 0) {
        rc = attest_fail(&err, -errno, "%s", strerror(errno));
    } else {
        rc = conversation_hold(p->config, p->ctx, fd, p->name, p->pace_fd, &quotes, &err);
    }
    if (rc == 0 && quotes == 0) {
        rc = attest_fail(&err, -EACCES, "closed without asking for a quote: the collector's output says why");
    }
    if (rc != 0) {
        printf("attest-agent: push: %s at %s: %.200s\n", p->name, p->where, err.text[0] != '\0' ? err.text : strerror(-rc));
        fflush(stdout);
    }
    return rc != 0;
}

static void keep_calling(const struct push *p)
{
    for (unsigned int failed = 0;;) {
        uint32_t random = 0, wait;
        int status = -1;
        pid_t pid = fork();

        if (pid == 0) {
            _exit(call(p));
        }
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        failed = status == 0 ? 0 : failed + (failed < 32);
        (void)!getrandom(&random, sizeof(random), 0);
        wait = push_wait_ms(p->interval_s, failed, random);
        nanosleep(&(struct timespec){.tv_sec = wait / 1000, .tv_nsec = (long)(wait % 1000) * 1000000}, NULL);
    }
}

int push_tls(const struct network_config *config, struct attest_error *err)
{
    struct push p = {.config = config, .pace_fd = -1};
    X509 *authority = NULL;
    int rc = read_push(&p, err);

    if (rc == 1) {
        for (;;) {
            pause(); /* nobody is to be called, and whoever starts us would start us again */
        }
    }
    if (rc == 0) {
        rc = conversation_set_up(config, &authority, err);
        rc = rc == 1 ? attest_fail(err, -EINVAL, "%s/push names a collector, and there is no authority in verifiers.pem", config->folder)
                     : rc;
    }
    if (rc == 0) {
        p.ctx = tls_context_caller(authority, err);
        rc = p.ctx != NULL ? p.pace_fd = conversation_pace(err) : -EIO;
    }
    if (rc >= 0) {
        printf("attest-agent: push: %s at %s, every %u s\n", p.name, p.where, p.interval_s);
        fflush(stdout);
        keep_calling(&p);
    }
    SSL_CTX_free(p.ctx);
    X509_free(authority);
    free(p.text);
    return rc;
}
