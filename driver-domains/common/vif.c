/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network devices. netback makes the interface vif<domid>.<handle> in its own time, and connects
 * only when hotplug-status says so; between the two the interface is set up as the mode says.
 * In every mode a guest can send from its own address alone: in a bridge its hardware address, by a
 * locked port; routed its IPv4 address, by the reverse path.
 */
#include "backend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "link.h"
#include "options.h"
#include "uplink.h"

#define VLAN_MAX 4094

/* What the seed says of a vif. */
struct wish {
    char name[IFNAMSIZ];
    uint8_t mac[6];
    unsigned int vlan;
    struct in_addr ip; /* 0.0.0.0: none */
    const struct mode *mode;
};

struct mode {
    const char *word;
    int wants_ip;
    int (*set_up)(const struct wish *wish); /* 0; -1 with errno */
    const char *needs; /* what the image must hold */
};

static int bridge(const struct wish *wish)
{
    if (wish->vlan != LINK_VLAN_UNTAGGED && uplink_vlan(wish->vlan) < 0) {
        return -1;
    }
    /* The port is locked before it comes up. */
    return link_join(wish->name, UPLINK_BRIDGE) < 0 || link_port_vlan(wish->name, wish->vlan) < 0
                   || link_port_lock(wish->name, wish->vlan, wish->mac) < 0
                   || link_up(wish->name) < 0
               ? -1
               : 0;
}

static int route(const struct wish *wish)
{
    /* Answers for every address that is reached another way, so that any gateway will do. */
    return link_sysctl("ipv4/conf/*/rp_filter", wish->name, "1") < 0
                   || link_sysctl("ipv4/conf/*/proxy_arp", wish->name, "1") < 0
                   || link_up(wish->name) < 0 || link_route_host(wish->name, wish->ip) < 0
                   || link_sysctl("ipv4/ip_forward", "", "1") < 0
               ? -1
               : 0;
}

static int nat(const struct wish *wish)
{
    return link_masquerade(UPLINK_BRIDGE) < 0 ? -1 : route(wish);
}

static const struct mode modes[] = {
    { "bridge", 0, bridge, "module bridge" },
    { "route", 1, route, "module xen-netback" },
    { "nat", 1, nat, "fragment net/nat.recipe" },
};

static const struct mode *mode_find(const char *word)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i].word, word) == 0) {
            return &modes[i];
        }
    }
    return NULL;
}

static int mac_parse(const char *text, uint8_t mac[6])
{
    unsigned int byte[6];
    int end = 0;

    if (strspn(text, "0123456789abcdefABCDEF:") != strlen(text) || strlen(text) != 17
        || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3],
                  &byte[4], &byte[5], &end) != 6
        || text[end] != '\0' || (byte[0] & 1) != 0) {
        return -1;
    }
    for (int i = 0; i < 6; i++) {
        mac[i] = (uint8_t)byte[i];
    }
    return 0;
}

/* Read a node; an absent one has the value that is given. @return 0; -1 with errno */
static int read_or(struct store *store, const struct backend *backend, const char *node,
                   const char *absent, char value[BACKEND_VALUE_MAX])
{
    if (backend_read(store, backend, node, value) == 0) {
        return 0;
    }
    snprintf(value, BACKEND_VALUE_MAX, "%s", absent);
    return errno == ENOENT ? 0 : -1;
}

/* @return HOTPLUG_DONE it is complete; HOTPLUG_ERROR told */
static enum hotplug_result wish_read(struct store *store, const struct backend *backend,
                                     struct wish *wish)
{
    char text[BACKEND_VALUE_MAX];

    memset(wish, 0, sizeof(*wish));
    int n = snprintf(wish->name, sizeof(wish->name), "vif%u.%u", backend->domid, backend->device);

    if (n < 0 || (size_t)n >= sizeof(wish->name)) {
        return backend_fail(store, backend, "handle", "number too large");
    }
    if (read_or(store, backend, "net-mode", "bridge", text) < 0
        || (wish->mode = mode_find(text)) == NULL) {
        return backend_fail(store, backend, "mode", "write bridge, route or nat");
    }
    if (backend_read(store, backend, "mac", text) < 0 || mac_parse(text, wish->mac) < 0) {
        return backend_fail(store, backend, "mac", "not the hardware address of one interface");
    }
    if (read_or(store, backend, "vlan", "1", text) < 0
        || options_number(text, VLAN_MAX, &wish->vlan) < 0 || wish->vlan == 0) {
        return backend_fail(store, backend, "vlan", "write a number from 2 to %d", VLAN_MAX);
    }
    if (read_or(store, backend, "ip", "0.0.0.0", text) < 0
        || inet_pton(AF_INET, text, &wish->ip) != 1) {
        return backend_fail(store, backend, "ip", "not an IPv4 address");
    }
    if (wish->mode->wants_ip && wish->ip.s_addr == 0) {
        return backend_fail(store, backend, "ip", "mode %s needs the guest's address; add ip",
                            wish->mode->word);
    }
    return HOTPLUG_DONE;
}

static enum hotplug_result vif_hotplug(struct store *store, struct backend *backend)
{
    struct wish wish;
    char status[BACKEND_VALUE_MAX];
    int known = backend_read(store, backend, "hotplug-status", status) == 0
                && strcmp(status, "connected") == 0;

    if (wish_read(store, backend, &wish) == HOTPLUG_ERROR) {
        return HOTPLUG_ERROR;
    }
    if (if_nametoindex(wish.name) == 0) {
        return HOTPLUG_LATER;
    }
    if (wish.mode->set_up(&wish) < 0) {
        return backend_fail(store, backend, "mode", "%s of %s: %s; is the %s in the image?",
                            wish.mode->word, wish.name, strerror(errno), wish.mode->needs);
    }
    if (backend_write(store, backend, "hotplug-status", "connected") < 0) {
        return backend_fail(store, backend, "hotplug-status", "%s", strerror(errno));
    }
    if (!known) {
        printf("backendd: vif %u/%u: %s connected, mode %s, vlan %u\n", backend->domid,
               backend->device, wish.name, wish.mode->word, wish.vlan);
    }
    return HOTPLUG_DONE;
}

static enum hotplug_result vif_adopt(struct store *store, struct backend *backend)
{
    (void)vif_hotplug(store, backend);
    return HOTPLUG_DONE;
}

static void vif_release(struct backend *backend)
{
    (void)backend; /* its interface goes with netback's device */
}

const struct backend_kind backend_vif = {
    .type = "vif",
    .late = "the kernel made no interface; is the module xen-netback in the image?",
    .start = uplink_start,
    .hotplug = vif_hotplug,
    .adopt = vif_adopt,
    .release = vif_release,
};
