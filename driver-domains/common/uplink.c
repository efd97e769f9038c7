/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card is real when the device behind it sits on a bus that carries hardware: what Xen's netback
 * makes hangs on xen-backend, and the bridge on nothing. Which is first: by name.
 */
#include "uplink.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VLANS_MAX 64

static const char *const buses[] = { "pci", "virtio", "usb" };

static struct options settings;
static unsigned int vlans[VLANS_MAX];
static unsigned int vlan_count;
static unsigned int joined; /* index of the card that is a port; 0: none */

static int is_real(const char *name)
{
    char path[300], target[256];

    snprintf(path, sizeof(path), "/sys/class/net/%.64s/device/subsystem", name);
    ssize_t n = readlink(path, target, sizeof(target) - 1);

    if (n <= 0) {
        return 0;
    }
    target[n] = '\0';
    const char *bus = strrchr(target, '/');

    for (size_t i = 0; bus != NULL && i < sizeof(buses) / sizeof(buses[0]); i++) {
        if (strcmp(bus + 1, buses[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* @return 0; -1 there is no card */
static int card_find(char name[IFNAMSIZ])
{
    DIR *folder = opendir("/sys/class/net");
    const struct dirent *entry;

    name[0] = '\0';
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.' && strlen(entry->d_name) < IFNAMSIZ
            && (name[0] == '\0' || strcmp(entry->d_name, name) < 0) && is_real(entry->d_name)) {
            strcpy(name, entry->d_name);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return name[0] != '\0' ? 0 : -1;
}

int uplink_start(const struct options *options)
{
    settings = *options;
    /* The domain speaks IPv4 alone, or a guest's router advertisement would give it addresses. */
    if (link_sysctl("ipv6/conf/all/disable_ipv6", "", "1") < 0 && errno != ENOENT) {
        fprintf(stderr, "backendd: IPv6 stays on: %s\n", strerror(errno));
    }
    (void)link_sysctl("ipv6/conf/default/disable_ipv6", "", "1");
    if (link_bridge(UPLINK_BRIDGE) < 0 || link_up(UPLINK_BRIDGE) < 0) {
        fprintf(stderr, "backendd: bridge " UPLINK_BRIDGE ": %s; is the module `bridge` in the image?\n",
                strerror(errno));
        return -1;
    }
    for (unsigned int i = 0; i < options->address_count; i++) {
        if (link_address_add(UPLINK_BRIDGE, &options->address[i]) < 0) {
            fprintf(stderr, "backendd: address: %s\n", strerror(errno));
            return -1;
        }
    }
    if (options->gateway.s_addr != 0 && link_route_default(UPLINK_BRIDGE, options->gateway) < 0) {
        fprintf(stderr, "backendd: gateway: %s; it must be in the network of an address\n",
                strerror(errno));
        return -1;
    }
    uplink_follow();
    return 0;
}

void uplink_follow(void)
{
    char name[IFNAMSIZ];

    if (card_find(name) < 0) {
        joined = 0;
        return;
    }
    if (if_nametoindex(name) == joined) {
        return;
    }
    if (link_join(name, UPLINK_BRIDGE) < 0 || link_up(name) < 0) {
        fprintf(stderr, "backendd: uplink %s: %s\n", name, strerror(errno));
        return;
    }
    joined = if_nametoindex(name);
    for (unsigned int i = 0; i < vlan_count; i++) {
        if (link_port_tagged(name, vlans[i]) < 0) {
            fprintf(stderr, "backendd: uplink %s: vlan %u: %s\n", name, vlans[i], strerror(errno));
        }
    }
    printf("backendd: uplink %s joined to " UPLINK_BRIDGE "\n", name);
}

int uplink_vlan(unsigned int vlan)
{
    char name[IFNAMSIZ];

    for (unsigned int i = 0; i < vlan_count; i++) {
        if (vlans[i] == vlan) {
            return 0;
        }
    }
    if (vlan_count == VLANS_MAX) {
        errno = ENOSPC;
        return -1;
    }
    if (joined != 0 && if_indextoname(joined, name) != NULL && link_port_tagged(name, vlan) < 0) {
        return -1;
    }
    vlans[vlan_count++] = vlan;
    return 0;
}
