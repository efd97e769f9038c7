/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "../../attest/verifier/client.h"

#define STALE_MAX 64
#define HANDSHAKE_MS 20000
#define HELLO_S 3

static int serial_open(const char *path, struct attest_error *err)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios t;

    if (fd < 0) {
        return attest_fail(err, -errno, "%s: %s", path, strerror(errno));
    }
    if (tcgetattr(fd, &t) == 0) { /* a file or socket in its place is taken as it is */
        cfmakeraw(&t);
        cfsetspeed(&t, B115200);
        t.c_cflag |= CLOCAL | CREAD;
        (void)tcsetattr(fd, TCSANOW, &t);
        (void)tcflush(fd, TCIOFLUSH);
    }
    return fd;
}

static int keys_read(const struct where *w, SSL_CTX **ctx, struct attest_error *err)
{
    char *path[3] = { NULL };
    X509 *authority = NULL, *cert = NULL;
    EVP_PKEY *key = NULL;

    if (w->keys == NULL || w->who == NULL || !control_word_is_good(w->who)) {
        return attest_fail(err, -EINVAL, "tls: needs --keys DIR and --as NAME");
    }
    if (asprintf(&path[0], "%s/ca.pem", w->keys) < 0 || asprintf(&path[1], "%s/%s.pem", w->keys, w->who) < 0
        || asprintf(&path[2], "%s/%s.key", w->keys, w->who) < 0) {
        abort();
    }
    authority = cert_read(path[0], err);
    cert = authority != NULL ? cert_read(path[1], err) : NULL;
    key = cert != NULL ? cert_key_read(path[2], err) : NULL;
    *ctx = key != NULL ? tls_context(CERT_OPERATOR, authority, cert, key, err) : NULL;
    X509_free(authority);
    X509_free(cert);
    EVP_PKEY_free(key);
    for (int i = 0; i < 3; i++) {
        free(path[i]);
    }
    return *ctx != NULL ? 0 : -EINVAL;
}

/* tls:HOST[:PORT]; an IPv6 address stands in brackets. */
static int tls_open(struct control_client *c, const struct where *w, struct attest_error *err)
{
    const char *at = w->host + 4, *colon = strrchr(at, ':');
    char host[256], address[300];
    size_t len;
    int rc;

    if (colon != NULL && strchr(colon, ']') != NULL) {
        colon = NULL;
    }
    len = colon != NULL ? (size_t)(colon - at) : strlen(at);
    if (len == 0 || len >= sizeof(host)) {
        return attest_fail(err, -EINVAL, "%s: expected tls:HOST or tls:HOST:PORT", w->host);
    }
    memcpy(host, at, len);
    host[len] = '\0';
    if (c->ctx == NULL) {
        rc = keys_read(w, &c->ctx, err);
        if (rc != 0) {
            return rc;
        }
    }
    snprintf(address, sizeof(address), "tcp:%s:%s", host, colon != NULL ? colon + 1 : CONTROL_PORT);
    c->fds.in = c->fds.out = client_connect(address, err);
    return c->fds.in < 0 ? c->fds.in
                         : tls_start(&c->tls, c->ctx, c->fds.in, w->name != NULL ? w->name : host, HANDSHAKE_MS, &c->stream,
                                     err);
}

static int line_open(struct control_client *c, const struct where *w, struct attest_error *err)
{
    int fd = w->host[0] == '/' ? serial_open(w->host, err) : client_connect(w->host, err);

    if (fd >= 0) {
        c->fds.in = c->fds.out = fd;
        stream_from_fds(&c->stream, &c->fds);
    }
    return fd < 0 ? fd : 0;
}

static void stop(struct control_client *c)
{
    tls_stop(&c->tls);
    if (c->fds.in >= 0) {
        close(c->fds.in);
    }
    c->fds.in = -1;
}

static int attempt(struct control_client *c, const struct where *w, struct attest_error *err)
{
    json_object *reply = NULL, *request;
    int rc = strncmp(w->host, "tls:", 4) == 0 ? tls_open(c, w, err) : line_open(c, w, err);

    c->stream.form = &control_form;
    if (rc == 0) {
        request = json_object_new_object();
        rc = control_client_ask(c, "hello", request, &reply, HELLO_S, err);
        json_object_put(request);
        json_object_put(reply);
    }
    return rc;
}

int control_client_open(struct control_client *c, const struct where *w, struct attest_error *err)
{
    time_t end = time(NULL) + w->wait_s;
    int rc;

    *c = (struct control_client){ .fds = { -1, -1 } };
    if (w->host == NULL) {
        return attest_fail(err, -EINVAL, "which host? give --host, or set BH_HOST");
    }
    /* A serial line may still carry answers to the last client. */
    if (RAND_bytes((unsigned char *)&c->next_id, sizeof(c->next_id)) != 1) {
        return attest_fail(err, -EIO, "no random numbers");
    }
    for (;;) {
        rc = attempt(c, w, err);
        if (rc == 0) {
            return 0;
        }
        stop(c);
        if (rc == -EINVAL || rc == -EACCES || time(NULL) >= end) {
            control_client_close(c);
            return rc;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 200000000L }, NULL);
    }
}

void control_client_close(struct control_client *c)
{
    stop(c);
    SSL_CTX_free(c->ctx);
    c->ctx = NULL;
}

static int reply_of(struct control_client *c, const char *id, json_object **reply, struct attest_error *err)
{
    for (unsigned int stale = 0; stale < STALE_MAX; stale++) {
        uint8_t *data;
        size_t size;
        const char *got;
        int rc = frame_receive(&c->stream, &data, &size, -1);

        if (rc != 0) {
            return attest_fail(err, rc, "the host does not answer: %s", strerror(-rc));
        }
        *reply = message_parse(data, size, err);
        free(data);
        if (*reply == NULL) {
            return -EBADMSG;
        }
        got = message_string(*reply, "id");
        if (got != NULL && strcmp(got, id) == 0) {
            return 0;
        }
        json_object_put(*reply); /* an answer to an earlier request, given up */
        *reply = NULL;
    }
    return attest_fail(err, -EBADMSG, "the host answers what was not asked");
}

int control_client_ask(struct control_client *c, const char *op, json_object *request, json_object **reply, int timeout_s,
                       struct attest_error *err)
{
    json_object *ok;
    char id[16], text[200];
    int rc;

    *reply = NULL;
    snprintf(id, sizeof(id), "%u", c->next_id++);
    json_object_object_add(request, "version", json_object_new_int(CONTROL_VERSION));
    message_add_string(request, "op", op);
    message_add_string(request, "id", id);
    c->stream.end_ms = stream_now_ms() + (int64_t)timeout_s * 1000;
    rc = message_send(&c->stream, request);
    if (rc != 0) {
        return attest_fail(err, rc, "the host does not take the request: %s", strerror(-rc));
    }
    rc = reply_of(c, id, reply, err);
    if (rc == 0 && (!json_object_object_get_ex(*reply, "ok", &ok) || !json_object_get_boolean(ok))) {
        const char *error = message_string(*reply, "error"), *code = message_string(*reply, "code");

        rc = code != NULL && strcmp(code, CONTROL_DENIED) == 0 ? -EACCES : -EREMOTEIO;
        attest_fail(err, rc, "%s%s", rc == -EACCES ? "denied: " : "",
                    client_plain(text, sizeof(text), error != NULL ? error : "refused, without a reason"));
        json_object_put(*reply);
        *reply = NULL;
    }
    return rc;
}

const char *client_plain(char *to, size_t size, const char *text)
{
    size_t n = 0;

    for (; text[n] != '\0' && n + 1 < size; n++) {
        to[n] = text[n] >= ' ' && text[n] <= '~' ? text[n] : '?';
    }
    to[n] = '\0';
    return to;
}
