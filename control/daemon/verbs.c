/* SPDX-License-Identifier: Apache-2.0 */
/* What is done by hypercalls: looking, pausing, restarting. */
#include "verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <xsm/av_permissions.h>

#include "patience.h"

#define RESTART_WAIT_MS 20000
#define POLL_MS 20

static void add_number(json_object *o, const char *key, uint64_t value)
{
    json_object_object_add(o, key, json_object_new_int64(value > INT64_MAX ? INT64_MAX : (int64_t)value));
}

int verb_domain(json_object *request, const char *field, struct hyper_domain *d, struct attest_error *err)
{
    static struct hyper_domain all[HYPER_DOMAINS_MAX];
    const char *name = message_string(request, field);
    int count;

    *d = (struct hyper_domain){ 0 };
    if (name == NULL || !control_word_is_good(name)) {
        return attest_fail(err, -EINVAL, "\"%s\": expected the name of a domain", field);
    }
    count = hyper_domains(all, HYPER_DOMAINS_MAX);
    if (count < 0) {
        return attest_fail(err, count, "the hypervisor lists no domains: %s", strerror(-count));
    }
    for (int i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) == 0) {
            *d = all[i];
            return 0;
        }
    }
    return attest_fail(err, -ENOENT, "there is no domain %s", name);
}

static const char *const state_names[] = {
    [HYPER_RUNNING] = "running", [HYPER_BLOCKED] = "idle", [HYPER_PAUSED] = "paused", [HYPER_SHUTDOWN] = "ended",
    [HYPER_DYING] = "dying",
};

static json_object *domain_json(const struct hyper_domain *d)
{
    json_object *o = json_object_new_object(), *devices = json_object_new_array();
    char context[HYPER_CONTEXT_MAX] = "", text[16];

    add_number(o, "id", d->id);
    message_add_string(o, "name", d->name);
    if (hyper_sid_to_context(d->sid, context) != 0) {
        snprintf(context, sizeof(context), "sid:%u", d->sid);
    }
    context[sizeof(context) - 1] = '\0';
    message_add_string(o, "label", context);
    message_add_string(o, "state", state_names[d->state]);
    add_number(o, "starts", d->start_count);
    json_object_object_add(o, "restartable", json_object_new_boolean(d->restarts));
    add_number(o, "vcpus", d->vcpu_count);
    add_number(o, "memory_kib", d->memory_kib);
    add_number(o, "max_memory_kib", d->max_memory_kib);
    add_number(o, "cpu_ns", d->cpu_ns);
    add_number(o, "age_ns", d->age_ns);
    for (unsigned int i = 0; i < d->device_count; i++) {
        snprintf(text, sizeof(text), "%02x:%02x.%x", d->devices[i] >> 8, d->devices[i] >> 3 & 31, d->devices[i] & 7);
        json_object_array_add(devices, json_object_new_string(text));
    }
    json_object_object_add(o, "devices", devices);
    return o;
}

/* The domains that the operator may see; an operator who may see none is told so. */
int verb_status(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    static struct hyper_domain all[HYPER_DOMAINS_MAX];
    struct hyper_host host;
    struct timespec now;
    int count = hyper_domains(all, HYPER_DOMAINS_MAX), seen = 0;
    json_object *list;

    (void)request;
    if (count <= 0) {
        return attest_fail(err, count == 0 ? -EACCES : count, "the hypervisor lists no domains: %s", strerror(-count));
    }
    list = json_object_new_array();
    for (int i = 0; i < count; i++) {
        if (session_may(s, OPERATOR__STATUS, &all[i]) == 0 || (s->role != NULL && hyper_permissive())) {
            json_object_array_add(list, domain_json(&all[i]));
            seen++;
        }
    }
    json_object_object_add(reply, "domains", list);
    if (seen == 0) {
        return session_ask(s, OPERATOR__STATUS, &all[0], err); /* for the record */
    }
    if (hyper_host(&host) == 0) {
        json_object *o = json_object_new_object();

        add_number(o, "cpus", host.cpu_count);
        add_number(o, "memory_kib", host.memory_kib);
        add_number(o, "free_kib", host.free_kib);
        json_object_object_add(reply, "host", o);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    add_number(reply, "time_ns", (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
    return 0;
}

/* The operator has the new start's number before the call is over, or is told that it does not come. */
static int await_start(const struct hyper_domain *before, json_object *reply, struct attest_error *err)
{
    struct patience patience = patience_for(RESTART_WAIT_MS);
    struct hyper_domain now;

    do {
        if (hyper_domain(before->id, &now) == 0 && now.start_count > before->start_count && now.state != HYPER_DYING) {
            add_number(reply, "starts", now.start_count);
            return 0;
        }
    } while (patience_pause(&patience, POLL_MS));
    return attest_fail(err, -ETIMEDOUT, "%s ended, and did not start again within %d s", before->name,
                       RESTART_WAIT_MS / 1000);
}

int verb_restart(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    struct hyper_domain d;
    uint32_t self;
    int rc = verb_domain(request, "domain", &d, err);

    if (rc == 0) {
        rc = session_ask(s, OPERATOR__RESTART, &d, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (!d.restarts) {
        return attest_fail(err, -EPERM, "the host's description does not let %s restart (on-reboot = restart)", d.name);
    }
    add_number(reply, "starts", d.start_count);
    if (hyper_self(&self) == 0 && self == d.id) {
        s->restart_self = (int)self;
        return 0;
    }
    rc = hyper_restart(d.id);
    if (rc != 0) {
        return attest_fail(err, rc, rc == -EBUSY ? "%s ends or starts just now (%s)" : "%s: the hypervisor refuses: %s", d.name,
                           strerror(-rc));
    }
    return await_start(&d, reply, err);
}

static int change(struct session *s, json_object *request, uint32_t perm, int (*act)(uint32_t id), const char *wrong,
                  struct attest_error *err)
{
    struct hyper_domain d;
    int rc = verb_domain(request, "domain", &d, err);

    if (rc == 0) {
        rc = session_ask(s, perm, &d, err);
    }
    if (rc == 0) {
        rc = act(d.id);
        if (rc != 0) {
            return attest_fail(err, rc, rc == -EINVAL ? "%s %s" : "%s: the hypervisor refuses: %s", d.name,
                               rc == -EINVAL ? wrong : strerror(-rc));
        }
    }
    return rc;
}

/* Pauses count in the hypervisor; a person means a state. */
int verb_pause(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    struct hyper_domain d;

    (void)reply;
    if (verb_domain(request, "domain", &d, err) == 0 && d.state == HYPER_PAUSED
        && session_may(s, OPERATOR__PAUSE, &d) == 0) {
        return attest_fail(err, -EINVAL, "%s is paused already", d.name);
    }
    return change(s, request, OPERATOR__PAUSE, hyper_pause, "is this domain, which would not come back", err);
}

int verb_unpause(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    (void)reply;
    return change(s, request, OPERATOR__UNPAUSE, hyper_unpause, "is not paused", err);
}
