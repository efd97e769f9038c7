/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's end of the evidence channel. */
#ifndef VERIFIER_CLIENT_H
#define VERIFIER_CLIENT_H

#include <stdbool.h>

#include <attest/channel.h>
#include <attest/message.h>
#include <control/tls.h>

/* Where the agent is, and who asks. */
struct client_way {
    const char *where; /* "unix:PATH", "tcp:HOST:PORT" or "tls:HOST:PORT" */
    const char *certificate, *key; /* PEM files, for TLS */
};

struct client {
    struct fd_pair fds;
    struct stream stream;
    int64_t end_ms; /* by stream_now_ms(): no request goes on beyond it; 0: each has its own end only */
    unsigned int next_id;
    bool has_tpm; /* as the agent says in its greeting */
    SSL_CTX *ctx; /* NULL: no TLS */
    struct tls tls;
    bool bound; /* quotes are over channel_nonce() with this: */
    uint8_t binding[CHANNEL_BINDING_SIZE];
};

/**
 * Connect and greet the agent, again and again until it answers or wait_s seconds are over: it may
 * still be booting. An attempt that has begun goes on for some seconds more.
 * @return 0; -EINVAL the way; -ETIMEDOUT no answer; other -errno
 */
int client_open(struct client *c, const struct client_way *way, int wait_s, struct attest_error *err);
void client_close(struct client *c);

/**
 * The same for an agent that has connected to us: we are the TLS server (tls_context_collector()), and greet it. Until
 * client_trust() its answers are short, as nobody knows yet whose they are.
 * @param fd         connected, and ours from then on, also on failure
 * @param timeout_s  of the greeting: the agent opens its TPM before
 * @return 0; -errno with err
 */
int client_accept(struct client *c, SSL_CTX *ctx, int fd, int timeout_s, struct attest_error *err);
/** @param life_s  all of what is asked from now on */
void client_trust(struct client *c, int life_s);

/**
 * The connection alone, "unix:PATH" or "tcp:HOST:PORT".
 * @return file descriptor, non-blocking; -EINVAL malformed; -EHOSTUNREACH the name is not known now; other -errno
 */
int client_connect(const char *where, struct attest_error *err);

/**
 * One request. Its "op" is set by the caller, "id" here; replies to other ids are dropped. The whole answer has to be there within
 * timeout_s.
 * @param reply  out: to be put by the caller
 * @return 0; -EREMOTEIO the agent answered with an error, which err holds; -ETIMEDOUT, -EPIPE
 */
int client_ask(struct client *c, json_object *request, json_object **reply, int timeout_s,
               struct attest_error *err);

#endif /* VERIFIER_CLIENT_H */
