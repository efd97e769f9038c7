/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's end of the evidence channel. */
#ifndef VERIFIER_CLIENT_H
#define VERIFIER_CLIENT_H

#include <stdbool.h>

#include <attest/message.h>

struct client {
    struct fd_pair fds;
    struct stream stream;
    unsigned int next_id;
    bool has_tpm; /* as the agent says in its greeting */
};

/**
 * Connect and greet the agent, again and again until it answers or wait_s seconds are over: it may
 * still be booting.
 * @param where  "unix:PATH" or "tcp:HOST:PORT"
 * @return 0; -EINVAL where; -ETIMEDOUT no answer; other -errno
 */
int client_open(struct client *c, const char *where, int wait_s, struct attest_error *err);
void client_close(struct client *c);

/** The connection alone, "unix:PATH" or "tcp:HOST:PORT". @return file descriptor; -errno with err */
int client_connect(const char *where, struct attest_error *err);

/**
 * One request. Its "op" is set by the caller, "id" here; replies to other ids are dropped.
 * @param reply  out: to be put by the caller
 * @return 0; -EREMOTEIO the agent answered with an error, which err holds; -ETIMEDOUT, -EPIPE
 */
int client_ask(struct client *c, json_object *request, json_object **reply, int timeout_s,
               struct attest_error *err);

#endif /* VERIFIER_CLIENT_H */
