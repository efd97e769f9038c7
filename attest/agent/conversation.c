/* SPDX-License-Identifier: Apache-2.0 */
#include "conversation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <attest/channel.h>
#include <control/network.h>

#include "serve.h"

#define HANDSHAKE_MS 5000
#define FILE_MAX 4096u

int64_t conversation_now_ms(void)
{
    return stream_now_ms();
}

int conversation_words(const struct network_config *config, const char *name, char **text, char *word[CONVERSATION_WORDS + 1],
                       struct attest_error *err)
{
    char path[512], *save = NULL, *at;
    uint8_t *bytes = NULL;
    struct stat st;
    size_t size, n = 0;
    int rc;

    *text = NULL;
    memset(word, 0, (CONVERSATION_WORDS + 1) * sizeof(*word));
    snprintf(path, sizeof(path), "%s/%s", config->folder, name);
    if (stat(path, &st) != 0 && errno == ENOENT) {
        return 0;
    }
    rc = file_read(path, FILE_MAX, &bytes, &size, err);
    if (rc != 0) {
        return rc;
    }
    *text = strndup((const char *)bytes, size); /* a file does not end in a NUL */
    free(bytes);
    if (*text == NULL) {
        return attest_fail(err, -ENOMEM, "%s: no memory", path);
    }
    for (at = strtok_r(*text, " \t\r\n", &save); at != NULL && n < CONVERSATION_WORDS; at = strtok_r(NULL, " \t\r\n", &save)) {
        word[n++] = at;
    }
    return at == NULL ? 0 : attest_fail(err, -EINVAL, "%s: more than %d words", path, CONVERSATION_WORDS);
}

static int read_network(const struct network_config *config, struct network *n, struct attest_error *err)
{
    char *word[CONVERSATION_WORDS + 1], *text;
    const char *wrong = NULL;
    int rc = conversation_words(config, "network", &text, word, err);

    if (rc == 0 && word[0] != NULL) {
        wrong = strcmp(word[0], "address") != 0 || word[1] == NULL || word[3] != NULL
                    ? "expected address A.B.C.D/BITS [GATEWAY]"
                    : network_parse(n, word[1], word[2]);
    }
    free(text);
    return wrong == NULL ? rc : attest_fail(err, -EINVAL, "%s/network: %s", config->folder, wrong);
}

int conversation_set_up(const struct network_config *config, X509 **authority, struct attest_error *err)
{
    char path[512];
    struct network network = {.address = {0}};
    struct stat st;
    int rc;

    *authority = NULL;
    snprintf(path, sizeof(path), "%s/verifiers.pem", config->folder);
    if (stat(path, &st) != 0 || st.st_size == 0) {
        return 1;
    }
    rc = read_network(config, &network, err);
    if (rc == 0) {
        rc = network_up(&network, err);
    }
    if (rc == 0) {
        *authority = cert_read(path, err);
        rc = *authority != NULL ? 0 : -EIO;
    }
    return rc;
}

int conversation_pace(struct attest_error *err)
{
    char path[] = "/tmp/attest-pace-XXXXXX";
    int fd = mkstemp(path);

    if (fd < 0) {
        return attest_fail(err, -errno, "%s: %s", path, strerror(errno));
    }
    unlink(path);
    return fd;
}

/* Nothing is answered before it is certain who asks. */
static int know_peer(const struct tls *tls, const char *peer, char *who, size_t size, struct attest_error *err)
{
    int rc = tls_peer(tls, who, size);

    if (rc != 0) {
        return attest_fail(err, rc, "a certificate without a usable common name");
    }
    return peer == NULL || strcmp(peer, who) == 0 ? 0 : attest_fail(err, -EACCES, "it is %s, not %s", who, peer);
}

int conversation_hold(const struct network_config *config, SSL_CTX *ctx, int fd, const char *peer, int pace_fd,
                      unsigned int *quotes, struct attest_error *err)
{
    uint8_t binding[CHANNEL_BINDING_SIZE];
    struct agent agent = {.log_path = config->log_path, .binding = binding, .pace_fd = pace_fd, .paced = true};
    struct attest_error no_tpm = {""};
    struct stream stream;
    struct tls tls;
    char who[128];
    int rc;

    rc = tls_start(&tls, ctx, fd, NULL, HANDSHAKE_MS, &stream, err);
    if (rc == 0) {
        rc = know_peer(&tls, peer, who, sizeof(who), err);
        if (rc == 0 && tls_binding(&tls, CHANNEL_LABEL, binding) != 0) {
            rc = attest_fail(err, -EIO, "no keying material");
        }
        if (rc == 0) {
            printf("attest-agent: tls: %s\n", who);
            fflush(stdout);
            agent.tcti = config->tcti;
            if (agent_tpm_open(&agent.tpm, config->tcti, &no_tpm) != 0) {
                agent.tpm_error = no_tpm.text;
            }
            rc = agent_serve(&agent, &stream);
            agent_tpm_close(agent.tpm);
        }
        tls_stop(&tls);
    }
    *quotes = agent.quotes;
    return rc;
}
