/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and replies; the operations are in attest/README.md. A request that cannot be read is
 * answered with an error and forgotten. The agent decides nothing and keeps no secret: whatever it
 * says is checked by the verifier.
 */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <attest/channel.h>
#include <attest/error.h>
#include <attest/message.h>

#include "log_source.h"

#define QUOTE_TRIES 5

static int op_hello(struct agent *agent, json_object *request, json_object *reply,
                    struct attest_error *err)
{
    (void)request;
    (void)err;
    json_object_object_add(reply, "tpm", json_object_new_boolean(agent->tpm != NULL));
    return message_add_string(reply, "format", MESSAGE_FORMAT);
}

static int need_tpm(const struct agent *agent, struct attest_error *err)
{
    return agent->tpm != NULL ? 0 : attest_fail(err, -ENODEV, "no TPM: %s", agent->tpm_error);
}

static int op_enroll(struct agent *agent, json_object *request, json_object *reply,
                     struct attest_error *err)
{
    struct bytes cert = {NULL, 0}, ak = {NULL, 0};
    int rc = need_tpm(agent, err);

    (void)request;
    if (rc == 0) {
        rc = agent_tpm_ek_certificate(agent->tpm, &cert, err);
    }
    if (rc == 0) {
        rc = agent_tpm_ak_public(agent->tpm, &ak, err);
    }
    if (rc == 0) {
        rc = message_add_bytes(reply, "ek_certificate", cert.data, cert.size);
    }
    if (rc == 0) {
        rc = message_add_bytes(reply, "ak_public", ak.data, ak.size);
    }
    bytes_free(&cert);
    bytes_free(&ak);
    return rc;
}

static int op_activate(struct agent *agent, json_object *request, json_object *reply,
                       struct attest_error *err)
{
    struct bytes blob = {NULL, 0}, seed = {NULL, 0}, out = {NULL, 0};
    int rc = need_tpm(agent, err);

    if (rc == 0) {
        rc = message_bytes(request, "id_object", 1024, &blob, err);
    }
    if (rc == 0) {
        rc = message_bytes(request, "encrypted_secret", 1024, &seed, err);
    }
    if (rc == 0) {
        rc = agent_tpm_activate(agent->tpm, &blob, &seed, &out, err);
    }
    if (rc == 0) {
        rc = message_add_bytes(reply, "secret", out.data, out.size);
    }
    bytes_free(&blob);
    bytes_free(&seed);
    bytes_free(&out);
    return rc;
}

static int parse_mask(json_object *request, uint32_t *mask)
{
    json_object *list;

    *mask = 0;
    if (!json_object_object_get_ex(request, "pcrs", &list) ||
        !json_object_is_type(list, json_type_array)) {
        return -EINVAL;
    }
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *v = json_object_array_get_idx(list, i);
        int64_t n = json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : -1;

        if (n < 0 || n > 23) {
            return -EINVAL;
        }
        *mask |= 1u << n;
    }
    return *mask == 0 ? -EINVAL : 0;
}

/* Quote and log belong together: again when the log grew in between, as at a domain's restart. */
static int quote_with_log(struct agent *agent, const struct bytes *nonce, uint32_t mask,
                          struct agent_quote *quote, struct bytes *log, struct attest_error *err)
{
    struct bytes after = {NULL, 0};
    int rc = log_source_read(agent->log_path, log, err);

    for (unsigned int i = 0; rc == 0 && i < QUOTE_TRIES; i++) {
        rc = agent_tpm_quote(agent->tpm, nonce, mask, quote, err);
        if (rc == 0) {
            rc = log_source_read(agent->log_path, &after, err);
        }
        if (rc == 0 && after.size == log->size) {
            break;
        }
        if (rc == 0) {
            bytes_free(log);
            *log = after;
            after = (struct bytes){NULL, 0};
        }
    }
    bytes_free(&after);
    return rc;
}

static int op_quote(struct agent *agent, json_object *request, json_object *reply,
                    struct attest_error *err)
{
    struct bytes nonce = {NULL, 0}, log = {NULL, 0};
    struct agent_quote quote = {.attest = {NULL, 0}};
    json_object *pcrs;
    uint32_t mask = 0;
    int rc = need_tpm(agent, err);

    if (rc == 0) {
        rc = message_bytes(request, "nonce", 32, &nonce, err);
    }
    if (rc == 0 && agent->binding != NULL) {
        uint8_t bound[32];

        rc = channel_nonce(agent->binding, &nonce, bound);
        bytes_free(&nonce);
        rc = rc == 0 ? bytes_set(&nonce, bound, sizeof(bound)) : attest_fail(err, rc, "no digest");
    }
    if (rc == 0 && parse_mask(request, &mask) != 0) {
        rc = attest_fail(err, -EINVAL, "\"pcrs\": expected an array of numbers 0 to 23");
    }
    if (rc == 0) {
        rc = quote_with_log(agent, &nonce, mask, &quote, &log, err);
    }
    if (rc == 0) {
        rc = message_add_bytes(reply, "quote", quote.attest.data, quote.attest.size);
    }
    if (rc == 0) {
        rc = message_add_bytes(reply, "signature", quote.signature.data, quote.signature.size);
    }
    if (rc == 0) {
        rc = message_add_bytes(reply, "log", log.data, log.size);
    }
    if (rc == 0) {
        pcrs = json_object_new_object();
        for (unsigned int i = 0; i < 24; i++) {
            char key[3], hex[65];

            if (mask >> i & 1) {
                snprintf(key, sizeof(key), "%u", i);
                hex_encode(hex, quote.pcr[i], 32);
                json_object_object_add(pcrs, key, json_object_new_string(hex));
            }
        }
        json_object_object_add(reply, "pcrs", pcrs);
        agent->quotes++;
    }
    bytes_free(&nonce);
    bytes_free(&log);
    bytes_free(&quote.attest);
    bytes_free(&quote.signature);
    return rc;
}

static const struct {
    const char *name;
    int (*run)(struct agent *agent, json_object *request, json_object *reply,
               struct attest_error *err);
} operations[] = {
    {"hello", op_hello},
    {"enroll", op_enroll},
    {"activate", op_activate},
    {"quote", op_quote},
};

/* Connections are processes; an open file's lock is between files opened apart, so each takes a POSIX lock. */
static void turn(const struct agent *agent, short kind)
{
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET};

    if (agent->paced) {
        if (kind == F_UNLCK) {
            nanosleep(&(struct timespec){.tv_nsec = AGENT_PACE_MS * 1000000L}, NULL);
        }
        while (fcntl(agent->pace_fd, F_SETLKW, &lock) != 0 && errno == EINTR) {
        }
    }
}

/* The operation, and once more with the TPM opened anew if the connection with it is what failed. */
static int run_operation(struct agent *agent, size_t which, json_object *request, json_object *reply, struct attest_error *err)
{
    struct attest_error closed = {""};
    int rc;

    if (agent->tpm == NULL && agent->tcti != NULL) {
        (void)agent_tpm_open(&agent->tpm, agent->tcti, &closed); /* the operation says that there is none */
    }
    rc = operations[which].run(agent, request, reply, err);
    if (rc != -ENXIO || agent->tcti == NULL) {
        return rc;
    }
    fprintf(stderr, "attest-agent: %s: %s; opening it again\n", operations[which].name, err->text);
    agent_tpm_close(agent->tpm);
    agent->tpm = NULL;
    rc = agent_tpm_open(&agent->tpm, agent->tcti, err);
    if (rc != 0) {
        agent->tpm_error = "the connection broke, and it cannot be opened again";
        return rc;
    }
    return operations[which].run(agent, request, reply, err);
}

static void run(struct agent *agent, json_object *request, json_object *reply)
{
    struct attest_error err = {"unknown operation"};
    const char *op = message_string(request, "op"), *id = message_string(request, "id"), *known = "request";
    int rc = -ENOSYS;

    if (id != NULL && strlen(id) <= 64) {
        message_add_string(reply, "id", id);
    }
    for (size_t i = 0; op != NULL && i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (strcmp(op, operations[i].name) == 0) {
            err = (struct attest_error){"internal error"};
            known = op;
            rc = run_operation(agent, i, request, reply, &err);
        }
    }
    json_object_object_add(reply, "ok", json_object_new_boolean(rc == 0));
    if (rc != 0) {
        message_add_string(reply, "error", err.text);
        fprintf(stderr, "attest-agent: %s: %s\n", known, err.text);
    }
}

int agent_serve(struct agent *agent, struct stream *stream)
{
    for (;;) {
        struct attest_error err = {""};
        json_object *request, *reply;
        uint8_t *data;
        size_t size;
        int rc = frame_receive(stream, &data, &size, -1);

        if (rc == -ETIMEDOUT || rc == -EMSGSIZE) {
            continue; /* half a frame: look for the next magic */
        }
        if (rc != 0) {
            return rc == -EPIPE ? 0 : rc;
        }
        reply = json_object_new_object();
        request = message_parse(data, size, &err);
        if (request == NULL) {
            json_object_object_add(reply, "ok", json_object_new_boolean(0));
            message_add_string(reply, "error", err.text);
        } else {
            turn(agent, F_WRLCK);
            run(agent, request, reply);
            turn(agent, F_UNLCK);
        }
        rc = message_send(stream, reply);
        json_object_put(request);
        json_object_put(reply);
        free(data);
        if (rc == -EPIPE || rc == -ECONNRESET) {
            return 0;
        }
        if (rc != 0) {
            fprintf(stderr, "attest-agent: reply not taken: %s\n", strerror(-rc));
        }
    }
}
