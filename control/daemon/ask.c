/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy's word on operators. The hypervisor decides and keeps no record of it, as it only answers a question; the line
 * is ours, in the form that tools for such lines read. An error of the question is a no.
 */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <xsm/av_permissions.h>

#define LINES_PER_SECOND 16

static const struct {
    uint32_t perm;
    const char *name, *verb;
} names[] = {
    { OPERATOR__STATUS, "status", "see" },
    { OPERATOR__RESTART, "restart", "restart" },
    { OPERATOR__PAUSE, "pause", "pause" },
    { OPERATOR__UNPAUSE, "unpause", "unpause" },
    { OPERATOR__ATTACH_DISK, "attach_disk", "attach a disk to" },
    { OPERATOR__DETACH_DISK, "detach_disk", "detach a disk from" },
    { OPERATOR__ATTACH_INTERFACE, "attach_interface", "attach an interface to" },
    { OPERATOR__DETACH_INTERFACE, "detach_interface", "detach an interface from" },
    { OPERATOR__ATTACH_DEVICE, "attach_device", "attach a device to" },
    { OPERATOR__DETACH_DEVICE, "detach_device", "detach a device from" },
    { OPERATOR__ENROLL, "enroll", "enroll" },
};

static unsigned int name_of(uint32_t perm)
{
    unsigned int i = 0;

    while (i + 1 < sizeof(names) / sizeof(names[0]) && names[i].perm != perm) {
        i++;
    }
    return i;
}

/* A peer can neither flood the console nor use up what others may print. */
static int admitted(struct session *s)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec != s->second) {
        if (s->dropped != 0) {
            printf("avc:  %u decisions about operator=%s not shown\n", s->dropped, s->who);
        }
        s->second = now.tv_sec;
        s->lines = s->dropped = 0;
    }
    s->dropped += s->lines >= LINES_PER_SECOND;
    return s->lines++ < LINES_PER_SECOND;
}

static void record(struct session *s, const char *what, uint32_t perm, const struct hyper_domain *d, int permissive)
{
    char target[HYPER_CONTEXT_MAX] = "";

    if (!admitted(s)) {
        return;
    }
    if (hyper_sid_to_context(d->sid, target) != 0) {
        snprintf(target, sizeof(target), "sid:%u", d->sid);
    }
    target[sizeof(target) - 1] = '\0';
    printf("avc:  %s  { %s } for operator=%s via=%s domain=%s scontext=%s tcontext=%s tclass=operator permissive=%d\n", what,
           names[name_of(perm)].name, s->who, s->via, d->name, s->role != NULL ? s->role->context : "none", target,
           permissive);
    fflush(stdout);
}

int session_may(const struct session *s, uint32_t perm, const struct hyper_domain *d)
{
    uint32_t ssid, allowed;

    return s->role != NULL && hyper_context_to_sid(s->role->context, &ssid) == 0
           && hyper_allowed(ssid, d->sid, &allowed) == 0 && (allowed & perm) == perm ? 0 : -EACCES;
}

int session_ask(struct session *s, uint32_t perm, const struct hyper_domain *d, struct attest_error *err)
{
    if (session_may(s, perm, d) == 0) {
        if (perm != OPERATOR__STATUS) {
            record(s, "granted", perm, d, 0);
        }
        return 0;
    }
    if (s->role != NULL && hyper_permissive()) {
        record(s, "denied", perm, d, 1);
        return 0;
    }
    record(s, "denied", perm, d, 0);
    return attest_fail(err, -EACCES, "the policy does not let %s (role %s) %s %s", s->who,
                       s->role != NULL ? s->role->name : "none", names[name_of(perm)].verb, d->name);
}
