/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting, greeting, asking. The agent's answers are hostile and only parsed here, not judged.
 */
#include "client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/rand.h>

#include <attest/error.h>

#define CONNECT_TIMEOUT_S 5
#define HELLO_TIMEOUT_S 2
#define STALE_MAX 64
#define STRANGER_MAX (64u * 1024u) /* of a frame: a certificate has 8 KiB */

static const struct frame_form stranger_form = {{'B', 'H', 'A', '1'}, STRANGER_MAX};

/* Over at end_ms, whatever the network does. An address that cannot be used is what DNS said, not what we were told. */
static int connect_to(int family, const struct sockaddr *to, socklen_t size, int64_t end_ms)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), code = 0;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int64_t left;
    socklen_t code_size = sizeof(code);

    if (fd < 0 || connect(fd, to, size) == 0) {
        return fd < 0 ? -errno : fd;
    }
    code = errno;
    if (code == EINPROGRESS) {
        code = ETIMEDOUT;
        while ((left = end_ms - stream_now_ms()) > 0) {
            if (poll(&p, 1, (int)left) > 0) {
                code = getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &code_size) == 0 ? code : errno;
                break;
            }
        }
    }
    if (code == 0) {
        return fd;
    }
    close(fd);
    return code == EINVAL ? -EHOSTUNREACH : -code;
}

static int connect_unix(const char *path, struct attest_error *err)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof(sa.sun_path)) {
        return attest_fail(err, -EINVAL, "%s: path too long for a socket", path);
    }
    strcpy(sa.sun_path, path);
    fd = connect_to(AF_UNIX, (struct sockaddr *)&sa, sizeof(sa), stream_now_ms() + CONNECT_TIMEOUT_S * 1000);
    return fd >= 0 ? fd : attest_fail(err, fd, "%s: %s", path, strerror(-fd));
}

/* However many addresses the name has, it is over within CONNECT_TIMEOUT_S: each but the last has half of what is left. */
static int connect_tcp(const char *where, struct attest_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    const char *colon = strrchr(where, ':');
    struct addrinfo *list = NULL;
    int64_t end_ms;
    int fd = -ECONNREFUSED, rc;
    char host[256];

    if (colon == NULL || colon == where || colon[1] == '\0' || (size_t)(colon - where) >= sizeof(host)) {
        return attest_fail(err, -EINVAL, "tcp:%s: expected tcp:HOST:PORT", where);
    }
    memcpy(host, where, (size_t)(colon - where));
    host[colon - where] = '\0';
    rc = getaddrinfo(host, colon + 1, &hints, &list);
    if (rc == EAI_SERVICE) {
        return attest_fail(err, -EINVAL, "tcp:%s: unknown port", where);
    }
    if (rc != 0) { /* whoever can keep the name from being found keeps the host from answering */
        return attest_fail(err, -EHOSTUNREACH, "tcp:%s: %s", where, gai_strerror(rc));
    }
    end_ms = stream_now_ms() + CONNECT_TIMEOUT_S * 1000;
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        const int64_t now = stream_now_ms();

        if (a != list && now >= end_ms) {
            break;
        }
        fd = connect_to(a->ai_family, a->ai_addr, a->ai_addrlen, a->ai_next != NULL ? now + (end_ms - now) / 2 : end_ms);
    }
    freeaddrinfo(list);
    return fd >= 0 ? fd : attest_fail(err, fd, "tcp:%s: %s", where, strerror(-fd));
}

int client_connect(const char *where, struct attest_error *err)
{
    if (strncmp(where, "unix:", 5) == 0) {
        return connect_unix(where + 5, err);
    }
    if (strncmp(where, "tcp:", 4) == 0) {
        return connect_tcp(where + 4, err);
    }
    return attest_fail(err, -EINVAL, "%s: expected unix:PATH, tcp:HOST:PORT or tls:HOST:PORT", where);
}

static void hang_up(struct client *c)
{
    if (c->bound) {
        tls_stop(&c->tls);
    }
    c->bound = false;
    if (c->fds.in >= 0) {
        close(c->fds.in);
    }
    c->fds.in = c->fds.out = -1;
}

static int ask(struct client *c, json_object *request, json_object **reply, int timeout_s,
               struct attest_error *err)
{
    int64_t end = stream_now_ms() + (int64_t)timeout_s * 1000;
    char id[24];
    int rc;

    snprintf(id, sizeof(id), "%u", c->next_id++);
    rc = message_add_string(request, "id", id);
    c->stream.end_ms = c->end_ms != 0 && c->end_ms < end ? c->end_ms : end;
    if (rc == 0) {
        rc = message_send(&c->stream, request);
    }
    for (unsigned int stale = 0; rc == 0; stale++) {
        json_object *o;
        const char *got;
        uint8_t *data;
        size_t size;

        if (stale > STALE_MAX) {
            rc = -ETIMEDOUT;
            break;
        }
        rc = frame_receive(&c->stream, &data, &size, -1);
        if (rc != 0) {
            break;
        }
        o = message_parse(data, size, err);
        free(data);
        if (o == NULL) {
            return -EBADMSG;
        }
        got = message_string(o, "id");
        if (got != NULL && strcmp(got, id) == 0) {
            *reply = o;
            return 0;
        }
        json_object_put(o); /* an answer to an earlier, given-up request */
    }
    return attest_fail(err, rc, "the agent does not answer: %s", strerror(-rc));
}

int client_ask(struct client *c, json_object *request, json_object **reply, int timeout_s,
               struct attest_error *err)
{
    json_object *ok;
    int rc = ask(c, request, reply, timeout_s, err);

    if (rc != 0) {
        return rc;
    }
    if (!json_object_object_get_ex(*reply, "ok", &ok) || !json_object_get_boolean(ok)) {
        const char *text = message_string(*reply, "error");

        rc = attest_fail(err, -EREMOTEIO, "the agent says: %.180s", text == NULL ? "?" : text);
        json_object_put(*reply);
        *reply = NULL;
    }
    return rc;
}

static int greet(struct client *c, int timeout_s, struct attest_error *err)
{
    json_object *request = json_object_new_object(), *reply = NULL, *tpm;
    int rc = message_add_string(request, "op", "hello");

    if (rc == 0) {
        rc = client_ask(c, request, &reply, timeout_s, err);
    }
    if (rc == 0) {
        const char *format = message_string(reply, "format");

        if (format == NULL || strcmp(format, MESSAGE_FORMAT) != 0) {
            rc = attest_fail(err, -EPROTO, "the agent does not speak " MESSAGE_FORMAT);
        }
        c->has_tpm = json_object_object_get_ex(reply, "tpm", &tpm) && json_object_get_boolean(tpm);
    }
    json_object_put(reply);
    json_object_put(request);
    return rc;
}

static const char *tls_rest(const char *where)
{
    return strncmp(where, "tls:", 4) == 0 ? where + 4 : NULL;
}

/* Who we are, for the agent. Who it is, the TPM will have to prove. */
static int tls_prepare(struct client *c, const struct client_way *way, struct attest_error *err)
{
    X509 *cert;
    EVP_PKEY *key;

    if (tls_rest(way->where) == NULL) {
        return 0;
    }
    if (way->certificate == NULL || way->key == NULL) {
        return attest_fail(err, -EINVAL, "%s: give --tls-certificate and --tls-key, see bh control operator", way->where);
    }
    cert = cert_read(way->certificate, err);
    key = cert != NULL ? cert_key_read(way->key, err) : NULL;
    c->ctx = key != NULL ? tls_context(CERT_OPERATOR, NULL, cert, key, err) : NULL;
    X509_free(cert);
    EVP_PKEY_free(key);
    return c->ctx != NULL ? 0 : -EINVAL;
}

/* TLS on the connection that there is. */
static int secure(struct client *c, SSL_CTX *ctx, struct attest_error *err)
{
    int rc = tls_start(&c->tls, ctx, c->fds.in, NULL, HELLO_TIMEOUT_S * 1000, &c->stream, err);

    c->bound = rc == 0;
    if (rc == 0 && tls_binding(&c->tls, CHANNEL_LABEL, c->binding) != 0) {
        rc = attest_fail(err, -EIO, "TLS: no keying material");
    }
    if (rc != 0) {
        hang_up(c);
    }
    return rc;
}

static int reach(struct client *c, const struct client_way *way, struct attest_error *err)
{
    const char *rest = tls_rest(way->where);

    c->fds.in = c->fds.out = rest != NULL ? connect_tcp(rest, err) : client_connect(way->where, err);
    if (c->fds.in < 0) {
        return c->fds.in;
    }
    stream_from_fds(&c->stream, &c->fds);
    return rest == NULL ? 0 : secure(c, c->ctx, err);
}

/* ids differ between clients, as a serial line may still carry answers to the last one */
static int begin(struct client *c, int fd, struct attest_error *err)
{
    memset(c, 0, sizeof(*c));
    c->fds.in = c->fds.out = fd;
    if (RAND_bytes((unsigned char *)&c->next_id, sizeof(c->next_id)) != 1) {
        return attest_fail(err, -EIO, "no random numbers");
    }
    c->next_id &= 0x7fffffffu;
    return 0;
}

int client_open(struct client *c, const struct client_way *way, int wait_s, struct attest_error *err)
{
    int64_t end = stream_now_ms() + (int64_t)wait_s * 1000;
    int rc;

    rc = begin(c, -1, err);
    if (rc == 0) {
        rc = tls_prepare(c, way, err);
    }
    if (rc != 0) {
        return rc;
    }
    do {
        rc = c->fds.in < 0 ? reach(c, way, err) : 0;
        rc = rc == 0 ? greet(c, HELLO_TIMEOUT_S, err) : rc;
        if (rc == 0 || rc == -EINVAL || rc == -EPROTO) {
            break;
        }
        if (c->fds.in >= 0 && rc != -ETIMEDOUT && rc != -EBADMSG) {
            hang_up(c);
        }
        if (stream_now_ms() < end) {
            usleep(200000);
        }
    } while (stream_now_ms() < end);
    if (rc == -EPIPE && tls_rest(way->where) != NULL) {
        attest_fail(err, rc, "%s: closed by the agent: it is told of another authority of verifiers (attest { ca } of its host's "
                    "description), or too many ask it", way->where);
    }
    if (rc != 0) {
        client_close(c);
    }
    return rc;
}

int client_accept(struct client *c, SSL_CTX *ctx, int fd, int timeout_s, struct attest_error *err)
{
    int rc = begin(c, fd, err);

    if (rc == 0) {
        rc = secure(c, ctx, err);
    }
    if (rc == 0) {
        c->stream.form = &stranger_form;
        rc = greet(c, timeout_s, err);
    }
    if (rc != 0) {
        client_close(c);
    }
    return rc;
}

void client_trust(struct client *c, int life_s)
{
    c->stream.form = NULL;
    c->end_ms = stream_now_ms() + (int64_t)life_s * 1000;
}

void client_close(struct client *c)
{
    hang_up(c);
    SSL_CTX_free(c->ctx);
    c->ctx = NULL;
}
