/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces, bridge ports, addresses and routes: rtnetlink(7). */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"

/* Begin a message about an interface. @return 0; -1 with errno, there is none of this name */
static int about(struct netlink *nl, uint16_t type, unsigned char family, const char *name,
                 unsigned int flags)
{
    struct ifinfomsg head = { .ifi_family = family, .ifi_index = (int)if_nametoindex(name),
                              .ifi_flags = flags, .ifi_change = flags };

    netlink_clear(nl);
    if (head.ifi_index == 0) {
        return -1;
    }
    netlink_begin(nl, type, NLM_F_ACK, &head, sizeof(head));
    return 0;
}

static int send_or_there(struct netlink *nl)
{
    return netlink_send(nl, NETLINK_ROUTE) == 0 || errno == EEXIST ? 0 : -1;
}

int link_bridge(const char *name)
{
    struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
    struct netlink nl;

    netlink_clear(&nl);
    netlink_begin(&nl, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
    netlink_put_text(&nl, IFLA_IFNAME, name);
    size_t info = netlink_open(&nl, IFLA_LINKINFO);

    netlink_put_text(&nl, IFLA_INFO_KIND, "bridge");
    size_t data = netlink_open(&nl, IFLA_INFO_DATA);
    const uint8_t on = 1;

    netlink_put_u32(&nl, IFLA_BR_FORWARD_DELAY, 0);
    netlink_put_u32(&nl, IFLA_BR_STP_STATE, 0);
    netlink_put(&nl, IFLA_BR_VLAN_FILTERING, &on, sizeof(on));
    netlink_close(&nl, data);
    netlink_close(&nl, info);
    return send_or_there(&nl);
}

int link_up(const char *name)
{
    struct netlink nl;

    return about(&nl, RTM_NEWLINK, AF_UNSPEC, name, IFF_UP) < 0
                   || netlink_send(&nl, NETLINK_ROUTE) < 0
               ? -1
               : 0;
}

int link_join(const char *name, const char *bridge)
{
    struct netlink nl;

    if (about(&nl, RTM_NEWLINK, AF_UNSPEC, name, 0) < 0) {
        return -1;
    }
    netlink_put_u32(&nl, IFLA_MASTER, if_nametoindex(bridge));
    return netlink_send(&nl, NETLINK_ROUTE);
}

static int port_vlans(const char *name, uint16_t type, uint16_t flags, uint16_t first,
                      uint16_t last)
{
    const struct bridge_vlan_info from = {
        .flags = (uint16_t)(flags | (first != last ? BRIDGE_VLAN_INFO_RANGE_BEGIN : 0)),
        .vid = first
    };
    const struct bridge_vlan_info to = { .flags = BRIDGE_VLAN_INFO_RANGE_END, .vid = last };
    struct netlink nl;

    if (about(&nl, type, AF_BRIDGE, name, 0) < 0) {
        return -1;
    }
    size_t spec = netlink_open(&nl, IFLA_AF_SPEC);

    netlink_put(&nl, IFLA_BRIDGE_VLAN_INFO, &from, sizeof(from));
    if (first != last) {
        netlink_put(&nl, IFLA_BRIDGE_VLAN_INFO, &to, sizeof(to));
    }
    netlink_close(&nl, spec);
    return netlink_send(&nl, NETLINK_ROUTE);
}

int link_port_vlan(const char *name, unsigned int vlan)
{
    int rc = port_vlans(name, RTM_DELLINK, 0, 1, 4094);

    if (rc < 0 && errno != ENOENT) {
        return -1;
    }
    return port_vlans(name, RTM_SETLINK, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED,
                      (uint16_t)vlan, (uint16_t)vlan);
}

int link_port_tagged(const char *name, unsigned int vlan)
{
    return port_vlans(name, RTM_SETLINK, 0, (uint16_t)vlan, (uint16_t)vlan);
}

int link_port_lock(const char *name, unsigned int vlan, const uint8_t mac[6])
{
    const uint8_t on = 1, off = 0;
    const uint16_t vid = (uint16_t)vlan;
    struct ndmsg head = { .ndm_family = AF_BRIDGE, .ndm_ifindex = (int)if_nametoindex(name),
                          .ndm_state = NUD_NOARP, .ndm_flags = NTF_MASTER | NTF_STICKY };
    struct netlink nl;

    /* Locked before the address is known: there is no time in which any address passes. */
    if (about(&nl, RTM_SETLINK, AF_BRIDGE, name, 0) < 0) {
        return -1;
    }
    size_t port = netlink_open(&nl, IFLA_PROTINFO);

    netlink_put(&nl, IFLA_BRPORT_LEARNING, &off, sizeof(off));
    netlink_put(&nl, IFLA_BRPORT_LOCKED, &on, sizeof(on));
    netlink_close(&nl, port);
    if (netlink_send(&nl, NETLINK_ROUTE) < 0) {
        return -1;
    }
    netlink_clear(&nl);
    netlink_begin(&nl, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
    netlink_put(&nl, NDA_LLADDR, mac, 6);
    netlink_put(&nl, NDA_VLAN, &vid, sizeof(vid));
    return send_or_there(&nl);
}

int link_address_add(const char *name, const struct link_address *address)
{
    struct ifaddrmsg head = { .ifa_family = AF_INET, .ifa_prefixlen = (uint8_t)address->bits,
                              .ifa_index = if_nametoindex(name) };
    struct netlink nl;

    netlink_clear(&nl);
    netlink_begin(&nl, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
    netlink_put(&nl, IFA_LOCAL, &address->address, sizeof(address->address));
    netlink_put(&nl, IFA_ADDRESS, &address->address, sizeof(address->address));
    return send_or_there(&nl);
}

static int route(const char *name, const struct in_addr *host, const struct in_addr *gateway)
{
    struct rtmsg head = { .rtm_family = AF_INET, .rtm_dst_len = host != NULL ? 32 : 0,
                          .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC,
                          .rtm_scope = gateway != NULL ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
                          .rtm_type = RTN_UNICAST };
    struct netlink nl;

    netlink_clear(&nl);
    netlink_begin(&nl, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
    netlink_put_u32(&nl, RTA_OIF, if_nametoindex(name));
    if (host != NULL) {
        netlink_put(&nl, RTA_DST, host, sizeof(*host));
    }
    if (gateway != NULL) {
        netlink_put(&nl, RTA_GATEWAY, gateway, sizeof(*gateway));
    }
    return send_or_there(&nl);
}

int link_route_host(const char *name, struct in_addr host)
{
    return route(name, &host, NULL);
}

int link_route_default(const char *name, struct in_addr gateway)
{
    return route(name, NULL, &gateway);
}

int link_sysctl(const char *path, const char *name, const char *value)
{
    char file[128];
    size_t before = strcspn(path, "*");
    const char *after = path[before] == '*' ? path + before + 1 : path + before;
    int n = snprintf(file, sizeof(file), "/proc/sys/net/%.*s%s%s", (int)before, path,
                     path[before] == '*' ? name : "", after);

    if (n < 0 || (size_t)n >= sizeof(file)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open(file, O_WRONLY | O_CLOEXEC);

    if (fd < 0) {
        return -1;
    }
    ssize_t done = write(fd, value, strlen(value));
    int error = errno;

    close(fd);
    errno = error;
    return done == (ssize_t)strlen(value) ? 0 : -1;
}
