/* SPDX-License-Identifier: Apache-2.0 */
#include "liar.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <attest/error.h>
#include <attest/frame.h>

#include "../../../attest/agent/serve.h"

static struct {
    struct bytes nonce;
    json_object *answer; /* to "quote" */
} earlier;

static void set_bytes(json_object *o, const char *key, const struct bytes *b)
{
    json_object_object_del(o, key);
    message_add_bytes(o, key, b->data, b->size);
}

/* A byte of a field, `from_text` bytes before or after where a text is in it. */
static void flip(json_object *o, const char *key, const char *text, long offset)
{
    struct bytes b = {NULL, 0};
    uint8_t *at;

    if (message_bytes(o, key, FRAME_MAX, &b, NULL) == 0) {
        at = text == NULL ? b.data : memmem(b.data, b.size, text, strlen(text));
        if (at != NULL) {
            at[offset] ^= 1;
        }
        set_bytes(o, key, &b);
    }
    bytes_free(&b);
}

static void change_request(const struct liar *l, json_object *o, enum lie lie)
{
    json_object *list;

    (void)l;
    if (strcmp(message_string(o, "op"), "quote") != 0) {
        return;
    }
    if (lie == LIE_OTHER_NONCE) {
        flip(o, "nonce", NULL, 0);
    }
    if (lie == LIE_OLD_NONCE && earlier.nonce.data != NULL) {
        set_bytes(o, "nonce", &earlier.nonce);
    }
    if (lie == LIE_FEWER_PCRS) {
        list = json_object_new_array();
        json_object_array_add(list, json_object_new_int(21));
        json_object_object_add(o, "pcrs", list);
    }
    if (lie == LIE_NONE) {
        message_bytes(o, "nonce", 64, &earlier.nonce, NULL);
    }
}

static json_object *change_reply(const struct liar *l, const char *op, const char *id,
                                 json_object *o, enum lie lie)
{
    json_object *pcrs;
    struct bytes log = {NULL, 0};

    if (strcmp(op, "hello") == 0 && lie == LIE_NO_TPM) {
        json_object_object_add(o, "tpm", json_object_new_boolean(0));
    }
    if (strcmp(op, "enroll") == 0 && lie == LIE_CERTIFICATE) {
        set_bytes(o, "ek_certificate", &l->certificate);
    }
    if (strcmp(op, "enroll") == 0 && lie == LIE_AK_ATTRIBUTES) {
        flip(o, "ak_public", NULL, 5); /* restricted */
    }
    if (strcmp(op, "activate") == 0 && lie == LIE_SECRET) {
        flip(o, "secret", NULL, 0);
    }
    if (strcmp(op, "quote") != 0) {
        return o;
    }
    switch (lie) {
    case LIE_NONE:
        json_object_put(earlier.answer);
        earlier.answer = json_object_get(o);
        break;
    case LIE_OLD_ANSWER:
        if (earlier.answer != NULL) {
            json_object_put(o);
            o = json_object_get(earlier.answer);
            json_object_object_del(o, "id");
            message_add_string(o, "id", id);
        }
        break;
    case LIE_QUOTE_BYTE:
        flip(o, "quote", NULL, 20);
        break;
    case LIE_PCR_VALUE:
        if (json_object_object_get_ex(o, "pcrs", &pcrs)) {
            char hex[65];

            memset(hex, '0', 64);
            hex[64] = '\0';
            json_object_object_del(pcrs, "9");
            message_add_string(pcrs, "9", hex);
        }
        break;
    case LIE_LOG_CUT:
        if (message_bytes(o, "log", FRAME_MAX, &log, NULL) == 0) {
            log.size -= 3;
            set_bytes(o, "log", &log);
        }
        bytes_free(&log);
        break;
    case LIE_LOG_DIGEST:
        flip(o, "log", "policy sha256", -(4 + 48 + 2 + 1)); /* the end of the SHA-256 digest */
        break;
    case LIE_LOG_TEXT:
        flip(o, "log", "mode=enforcing", 0);
        break;
    case LIE_NO_QUOTE:
        json_object_object_del(o, "quote");
        break;
    default:
        break;
    }
    return o;
}

static pid_t agent_start(const struct liar *l, int fd, int other)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct attest_error err = {""};
        struct agent agent = {.log_path = l->log_path, .tpm_error = "none fitted"};
        struct fd_pair fds = {fd, fd};
        struct stream stream;

        alarm(60);
        close(other);
        if (agent_tpm_open(&agent.tpm, l->tcti, &err) != 0) {
            agent.tpm = NULL; /* as attest-agent does: the verifier is told */
            agent.tpm_error = err.text;
        }
        stream_from_fds(&stream, &fds);
        agent_serve(&agent, &stream);
        agent_tpm_close(agent.tpm);
        _exit(0);
    }
    close(fd);
    return pid;
}

/* The beginning of a frame, and then enough to keep somebody waiting who looks at each byte alone. */
static void trickle(int fd, json_object *reply)
{
    const char *text = json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN);
    size_t size = strlen(text), at = 0;
    uint8_t head[8] = {'B', 'H', 'A', '1', (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size};
    bool there = write(fd, head, sizeof(head)) == (ssize_t)sizeof(head);

    for (; there && at < 2 * LIAR_TRICKLE_S && at < size; at++) {
        there = write(fd, text + at, 1) == 1;
        usleep(500000);
    }
    while (there && at < size) {
        ssize_t n = write(fd, text + at, size - at);

        there = n > 0;
        at += there ? (size_t)n : 0;
    }
}

static void serve(const struct liar *l, int fd, enum lie lie)
{
    int pair[2];
    struct fd_pair outer = {fd, fd}, inner;
    struct stream to_verifier, to_agent;
    uint8_t *data;
    size_t size;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return;
    }
    pid = agent_start(l, pair[1], pair[0]);
    inner = (struct fd_pair){pair[0], pair[0]};
    stream_from_fds(&to_verifier, &outer);
    stream_from_fds(&to_agent, &inner);
    while (frame_receive(&to_verifier, &data, &size, -1) == 0) {
        json_object *request = message_parse(data, size, NULL), *reply = NULL;

        free(data);
        if (request == NULL) {
            break;
        }
        if (lie == LIE_SILENCE && strcmp(message_string(request, "op"), "hello") == 0) {
            json_object_put(request);
            continue;
        }
        change_request(l, request, lie);
        if (message_send(&to_agent, request) == 0 &&
            frame_receive(&to_agent, &data, &size, 20000) == 0) {
            reply = message_parse(data, size, NULL);
            free(data);
        }
        if (reply != NULL) {
            reply = change_reply(l, message_string(request, "op"), message_string(request, "id"),
                                 reply, lie);
            if (lie == LIE_SLOW && strcmp(message_string(request, "op"), "quote") == 0) {
                sleep(LIAR_SLOW_S);
            }
            if ((lie == LIE_TRICKLE && strcmp(message_string(request, "op"), "quote") == 0) ||
                (lie == LIE_HELLO_TRICKLE && strcmp(message_string(request, "op"), "hello") == 0)) {
                trickle(fd, reply);
            } else {
                message_send(&to_verifier, reply);
            }
            json_object_put(reply);
        }
        json_object_put(request);
    }
    close(pair[0]);
    waitpid(pid, NULL, 0);
}

pid_t liar_start(const struct liar *l)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t pid;

    snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", l->socket);
    unlink(l->socket);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 || listen(fd, 4) != 0) {
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        signal(SIGPIPE, SIG_IGN);
        alarm(250);
        for (unsigned int n = 0;; n++) {
            int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

            if (c < 0) {
                _exit(1);
            }
            serve(l, c, n < l->honest ? LIE_NONE : l->lie);
            close(c);
        }
    }
    close(fd);
    return pid;
}

void liar_stop(pid_t pid)
{
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}
