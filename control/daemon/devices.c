/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disks and interfaces that come and go. They are XenStore nodes: the backend's domain and the guest do the rest, if the
 * policy connects them; if they do not within a while, nothing is left. Both domains are asked about: one gets a device, the other
 * gives work.
 */
#include "verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/io/xenbus.h>
#include <xsm/av_permissions.h>

#include "connection.h"
#include "link.h"

#define CONNECT_MS 15000
#define CLOSE_MS 10000
#define TARGET_MAX 255

struct parties {
    struct hyper_domain guest, server;
};

/* Guest and backend, both asked about. */
static int parties(struct session *s, json_object *request, uint32_t perm, struct parties *p, struct attest_error *err)
{
    int rc = verb_domain(request, "domain", &p->guest, err);

    if (rc == 0) {
        rc = session_ask(s, perm, &p->guest, err);
    }
    if (rc == 0) {
        rc = verb_domain(request, "backend", &p->server, err);
    }
    if (rc == 0) {
        rc = session_ask(s, perm, &p->server, err);
    }
    if (rc == 0 && p->guest.id == p->server.id) {
        rc = attest_fail(err, -EINVAL, "%s cannot be its own backend", p->guest.name);
    }
    if (rc == 0 && connection_store() == NULL) {
        rc = attest_fail(err, -EIO, "XenStore cannot be reached");
    }
    return rc;
}

/* xvda..xvdp, xvda1..xvda15: major 202, sixteen minors a disk. */
static int disk_number(const char *name, uint32_t *device)
{
    unsigned int part = 0;
    int end = 0;

    if (name == NULL || strncmp(name, "xvd", 3) != 0 || name[3] < 'a' || name[3] > 'p') {
        return -1;
    }
    if (name[4] != '\0' && (name[4] < '1' || name[4] > '9' || sscanf(name + 4, "%2u%n", &part, &end) != 1
                            || name[4 + end] != '\0' || part > 15)) {
        return -1;
    }
    *device = 202u << 8 | (uint32_t)(name[3] - 'a') << 4 | part;
    return 0;
}

static int interface_number(const char *name, uint32_t *device)
{
    unsigned int handle = 0;
    int end = 0;

    if (name == NULL || strncmp(name, "eth", 3) != 0 || name[3] < '0' || name[3] > '9'
        || sscanf(name + 3, "%2u%n", &handle, &end) != 1 || name[3 + end] != '\0') {
        return -1;
    }
    *device = handle;
    return 0;
}

static int text_is_plain(const char *text, size_t max)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return 0;
        }
    }
    return len >= 1 && len <= max;
}

/* The nodes are written: see that the two meet, or take the nodes away again. */
static int connected(struct link *l, const struct parties *p, struct attest_error *err)
{
    unsigned int front, back;

    if (l->failed != 0) {
        link_remove(l);
        return attest_fail(err, -l->failed, "XenStore refuses the nodes: %s%s", strerror(l->failed),
                           l->failed == EACCES ? " (priv= of the xenstore domain, or the policy)" : "");
    }
    if (link_await(l, XenbusStateConnected, CONNECT_MS) == 0) {
        return 0;
    }
    if (l->failed != 0) {
        return attest_fail(err, -l->failed, "XenStore does not answer: %s", strerror(l->failed));
    }
    link_states(l, &front, &back);
    link_remove(l);
    return attest_fail(err, -ETIMEDOUT, "%s and %s did not connect within %d s (states %u and %u): does the host's policy "
                       "connect them, does the backend have the target?", p->guest.name, p->server.name, CONNECT_MS / 1000,
                       front, back);
}

static int prepare(struct link *l, const struct parties *p, const char *class, uint32_t device, const char *name,
                   struct attest_error *err)
{
    int rc;

    link_init(l, connection_store(), class, p->guest.id, p->server.id, device);
    rc = link_exists(l);
    return rc == 0 ? 0 : rc > 0 ? attest_fail(err, -EEXIST, "%s has a device %s already", p->guest.name, name)
                                : attest_fail(err, rc, "XenStore: %s", strerror(-rc));
}

static void common_nodes(struct link *l)
{
    link_node(l, LINK_BACK, "frontend", l->front);
    link_number(l, LINK_BACK, "frontend-id", l->guest);
    link_node(l, LINK_BACK, "online", "1");
}

static void meeting_nodes(struct link *l)
{
    link_number(l, LINK_BACK, "state", XenbusStateInitialising);
    link_node(l, LINK_FRONT, "", "");
    link_node(l, LINK_FIXED, "backend", l->back);
    link_number(l, LINK_FIXED, "backend-id", l->server);
}

int verb_attach_disk(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    const char *name = message_string(request, "name"), *target = message_string(request, "target");
    const char *mode = message_string(request, "mode");
    struct parties p;
    struct link l;
    uint32_t device;
    int rc;

    (void)reply;
    if (disk_number(name, &device) < 0 || target == NULL || !text_is_plain(target, TARGET_MAX)) {
        return attest_fail(err, -EINVAL, "expected a disk's name (xvda to xvdp, or a partition) and a target");
    }
    if (mode == NULL || (strcmp(mode, "rw") != 0 && strcmp(mode, "ro") != 0)) {
        return attest_fail(err, -EINVAL, "\"mode\": expected rw or ro");
    }
    rc = parties(s, request, OPERATOR__ATTACH_DISK, &p, err);
    if (rc == 0) {
        rc = prepare(&l, &p, "vbd", device, name, err);
    }
    if (rc != 0) {
        return rc;
    }
    link_node(&l, LINK_BACK, "", "");
    common_nodes(&l);
    link_node(&l, LINK_BACK, "removable", "0");
    link_node(&l, LINK_BACK, "bootable", "0");
    link_node(&l, LINK_BACK, "dev", name);
    link_node(&l, LINK_BACK, "type", "phy");
    link_node(&l, LINK_BACK, "mode", strcmp(mode, "ro") == 0 ? "r" : "w");
    link_node(&l, LINK_BACK, "device-type", "disk");
    link_node(&l, LINK_BACK, "discard-enable", "1");
    link_node(&l, LINK_BACK, "params", target);
    meeting_nodes(&l);
    link_number(&l, LINK_FIXED, "virtual-device", device);
    link_node(&l, LINK_FIXED, "device-type", "disk");
    link_number(&l, LINK_FRONT, "state", XenbusStateInitialising);
    return connected(&l, &p, err);
}

int verb_attach_interface(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    const char *name = message_string(request, "name"), *ip = message_string(request, "ip");
    struct parties p;
    struct link l;
    uint32_t device;
    char mac[32];
    int rc;

    (void)reply;
    if (interface_number(name, &device) < 0) {
        return attest_fail(err, -EINVAL, "expected an interface's name (eth0 to eth99)");
    }
    if (ip != NULL && (!text_is_plain(ip, 15) || strspn(ip, "0123456789.") != strlen(ip))) {
        return attest_fail(err, -EINVAL, "\"ip\": expected an IPv4 address");
    }
    rc = parties(s, request, OPERATOR__ATTACH_INTERFACE, &p, err);
    if (rc == 0) {
        rc = prepare(&l, &p, "vif", device, name, err);
    }
    if (rc != 0) {
        return rc;
    }
    /* As the host's description derives it. */
    snprintf(mac, sizeof(mac), "00:16:3e:%02x:%02x:%02x", p.guest.id >> 8 & 0xff, p.guest.id & 0xff, device & 0xff);
    link_node(&l, LINK_BACK, "", "");
    common_nodes(&l);
    link_node(&l, LINK_BACK, "script", "none"); /* netback wants the node; nothing runs it */
    link_node(&l, LINK_BACK, "mac", mac);
    if (ip != NULL) {
        link_node(&l, LINK_BACK, "ip", ip);
    }
    link_number(&l, LINK_BACK, "handle", device);
    link_node(&l, LINK_BACK, "type", "vif");
    meeting_nodes(&l);
    link_number(&l, LINK_FIXED, "handle", device);
    link_node(&l, LINK_FIXED, "mac", mac);
    link_node(&l, LINK_FIXED, "mtu", "1500");
    link_number(&l, LINK_FRONT, "state", XenbusStateInitialising);
    return connected(&l, &p, err);
}

/* The number at the end of the guest's node backend-id says whom to ask about; the guest cannot write it. */
static int detach(struct session *s, json_object *request, uint32_t perm, const char *class, uint32_t device,
                  struct attest_error *err)
{
    struct parties p;
    struct link l;
    char path[LINK_PATH_MAX + 16], text[16];
    int rc = verb_domain(request, "domain", &p.guest, err);

    if (rc == 0) {
        rc = session_ask(s, perm, &p.guest, err);
    }
    if (rc == 0 && connection_store() == NULL) {
        rc = attest_fail(err, -EIO, "XenStore cannot be reached");
    }
    if (rc != 0) {
        return rc;
    }
    link_init(&l, connection_store(), class, p.guest.id, 0, device);
    snprintf(path, sizeof(path), "%s/backend-id", l.front);
    if (store_read(connection_store(), path, text, sizeof(text)) < 0) {
        return attest_fail(err, errno == ENOENT ? -ENOENT : -errno, "%s has no such device: %s", p.guest.name, strerror(errno));
    }
    rc = hyper_domain((uint32_t)strtoul(text, NULL, 10), &p.server);
    if (rc == 0) {
        rc = session_ask(s, perm, &p.server, err);
    } else {
        rc = rc == -ESRCH ? 0 : attest_fail(err, rc, "backend: %s", strerror(-rc)); /* gone: nodes only */
        p.server.id = (uint32_t)strtoul(text, NULL, 10);
    }
    if (rc != 0) {
        return rc;
    }
    link_init(&l, connection_store(), class, p.guest.id, p.server.id, device);
    link_node(&l, LINK_BACK, "online", "0");
    link_number(&l, LINK_BACK, "state", XenbusStateClosing);
    if (l.failed != 0) {
        return attest_fail(err, -l.failed, "XenStore refuses the nodes: %s", strerror(l.failed));
    }
    rc = link_await(&l, XenbusStateClosed, CLOSE_MS);
    if (l.failed != 0) {
        return attest_fail(err, -l.failed, "XenStore does not answer: %s", strerror(l.failed));
    }
    if (rc != 0) {
        return attest_fail(err, -EBUSY, "%s was told to let the device go, and still uses it; ask again when it does not",
                           p.guest.name);
    }
    link_remove(&l);
    return 0;
}

int verb_detach_disk(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    uint32_t device;

    (void)reply;
    if (disk_number(message_string(request, "name"), &device) < 0) {
        return attest_fail(err, -EINVAL, "expected a disk's name (xvda to xvdp, or a partition)");
    }
    return detach(s, request, OPERATOR__DETACH_DISK, "vbd", device, err);
}

int verb_detach_interface(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    uint32_t device;

    (void)reply;
    if (interface_number(message_string(request, "name"), &device) < 0) {
        return attest_fail(err, -EINVAL, "expected an interface's name (eth0 to eth99)");
    }
    return detach(s, request, OPERATOR__DETACH_INTERFACE, "vif", device, err);
}
