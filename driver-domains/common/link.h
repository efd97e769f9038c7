/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What backendd does to network interfaces. Each function may be called again at any time: what is
 * there already is no mistake. All return 0, or -1 with errno.
 */
#ifndef DRIVER_DOMAINS_LINK_H
#define DRIVER_DOMAINS_LINK_H

#include <netinet/in.h>
#include <stdint.h>

#define LINK_VLAN_UNTAGGED 1 /* what a bridge calls the network of frames without a tag */

struct link_address {
    struct in_addr address;
    unsigned int bits; /* of its network, 0 to 32 */
};

/** A bridge that tells VLANs apart and speaks no spanning tree. */
int link_bridge(const char *name);
int link_up(const char *name);
/** Make an interface a port of a bridge. */
int link_join(const char *name, const char *bridge);

/**
 * Put a port into one VLAN, its frames bearing no tag on the port's side, and out of all others.
 *
 * @param vlan  LINK_VLAN_UNTAGGED: that of the bridge's untagged frames
 */
int link_port_vlan(const char *name, unsigned int vlan);
/** Let a VLAN's frames pass a port with their tag, beside what it passes already. */
int link_port_tagged(const char *name, unsigned int vlan);
/**
 * Let one address alone in by a port: the bridge learns none there, drops frames from any other,
 * and does not believe that the address has moved to another port.
 */
int link_port_lock(const char *name, unsigned int vlan, const uint8_t mac[6]);

int link_address_add(const char *name, const struct link_address *address);
/** A route: to one host by an interface, or (`gateway` given) to everything by a gateway. */
int link_route_host(const char *name, struct in_addr host);
int link_route_default(const char *name, struct in_addr gateway);
/** Rewrite the source of what leaves by an interface, as one address for all. */
int link_masquerade(const char *name);

/** Write /proc/sys/net/`path`, in which the first `*` stands for `name`. */
int link_sysctl(const char *path, const char *name, const char *value);

#endif
