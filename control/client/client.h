/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's end. The host is hostile to it: frames and JSON are bounded, a reply that is not the one asked for is dropped, and
 * no text of a host reaches a terminal but through client_plain().
 */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include <attest/error.h>
#include <attest/message.h>
#include <control/protocol.h>
#include <control/tls.h>

struct where {
    const char *host; /* unix:PATH, tcp:HOST:PORT, tls:HOST[:PORT], or a serial device /dev/... */
    const char *keys; /* folder with ca.pem, WHO.pem, WHO.key; for tls: */
    const char *who;
    const char *name; /* in the host's certificate; NULL: as in tls:HOST */
    int wait_s;       /* how long to try to connect */
};

struct control_client {
    struct fd_pair fds;
    struct stream stream;
    struct tls tls;
    SSL_CTX *ctx;
    unsigned int next_id;
};

/** @return 0; -EINVAL where; -ETIMEDOUT nobody answers; -EACCES TLS refuses; other -errno; err says it */
int control_client_open(struct control_client *c, const struct where *where, struct attest_error *err);
void control_client_close(struct control_client *c);

/**
 * One operation; request gets version, op and id.
 * @param reply  out: to be put by the caller; NULL on error
 * @return 0; -EACCES denied; -EREMOTEIO another answer of the host's, in err; -ETIMEDOUT, -EPIPE, -EBADMSG
 */
int control_client_ask(struct control_client *c, const char *op, json_object *request, json_object **reply, int timeout_s,
                       struct attest_error *err);

/** Copy with everything but printable ASCII as '?'; cut to size. @return to */
const char *client_plain(char *to, size_t size, const char *text);

#endif
