/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and replies. The peer is hostile until the policy has answered for it, and its requests are afterwards: each is
 * bounded by its frame, parsed strictly, and answered with an error when it cannot be read. Nothing outlives a request but
 * the identity of the peer.
 */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "verbs.h"

static int verb_hello(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    (void)request;
    (void)err;
    json_object_object_add(reply, "version", json_object_new_int(CONTROL_VERSION));
    message_add_string(reply, "who", s->who);
    return message_add_string(reply, "role", s->role != NULL ? s->role->name : "none");
}

static const struct {
    const char *op;
    verb_fn *run;
} verbs[] = {
    { "hello", verb_hello },
    { "status", verb_status },
    { "restart", verb_restart },
    { "pause", verb_pause },
    { "unpause", verb_unpause },
    { "attach-disk", verb_attach_disk },
    { "detach-disk", verb_detach_disk },
    { "attach-interface", verb_attach_interface },
    { "detach-interface", verb_detach_interface },
    { "attach-device", verb_attach_device },
    { "detach-device", verb_detach_device },
    { "enroll-request", verb_enroll_request },
    { "enroll", verb_enroll },
};

static const char *code_of(int rc)
{
    switch (rc) {
    case -EACCES:
        return CONTROL_DENIED;
    case -EINVAL:
    case -ENOENT:
    case -EBADMSG:
        return CONTROL_INVALID;
    default:
        return CONTROL_REFUSED;
    }
}

static int run(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    const char *op = message_string(request, "op"), *id = message_string(request, "id");
    json_object *version;

    if (id != NULL && strlen(id) <= 64) {
        message_add_string(reply, "id", id);
    }
    if (!json_object_object_get_ex(request, "version", &version) || !json_object_is_type(version, json_type_int)
        || json_object_get_int(version) != CONTROL_VERSION) {
        return attest_fail(err, -EINVAL, "\"version\": expected %d", CONTROL_VERSION);
    }
    for (size_t i = 0; op != NULL && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(op, verbs[i].op) == 0) {
            return verbs[i].run(s, request, reply, err);
        }
    }
    return attest_fail(err, -EINVAL, "unknown operation");
}

static int answer(struct session *s, struct stream *stream, const uint8_t *data, size_t size)
{
    struct attest_error err = { "internal error" };
    json_object *request = message_parse(data, size, &err), *reply = json_object_new_object();
    int rc = request != NULL ? run(s, request, reply, &err) : -EBADMSG;

    connection_done();
    json_object_object_add(reply, "ok", json_object_new_boolean(rc == 0));
    if (rc != 0) {
        message_add_string(reply, "code", code_of(rc));
        message_add_string(reply, "error", err.text);
    }
    rc = message_send(stream, reply);
    json_object_put(request);
    json_object_put(reply);
    return rc;
}

int session_serve(struct session *s, struct stream *stream, int idle_ms)
{
    stream->form = &control_form;
    s->restart_self = -1;
    for (;;) {
        uint8_t *data;
        size_t size;
        int rc = frame_receive(stream, &data, &size, idle_ms);

        if ((rc == -ETIMEDOUT && idle_ms < 0) || rc == -EMSGSIZE) {
            continue; /* half a frame: look for the next letters */
        }
        if (rc != 0) {
            return rc == -EPIPE || rc == -ETIMEDOUT ? 0 : rc;
        }
        rc = answer(s, stream, data, size);
        free(data);
        if (rc != 0 && rc != -ETIMEDOUT) {
            return rc;
        }
        if (s->restart_self >= 0) {
            rc = hyper_restart((uint32_t)s->restart_self);
            printf("controld: restart of this domain: %s\n", strerror(-rc)); /* still here: it was refused */
            fflush(stdout);
            s->restart_self = -1;
        }
    }
}
