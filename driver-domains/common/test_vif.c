/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network devices, with the kernel's own bridge in a network namespace of its own: pairs of virtual
 * cables stand for netback's interfaces, whose far ends send frames as a guest does and see what
 * arrives. Needs root and a kernel whose bridges know VLANs, as Debian's; where it runs for certain
 * is the step that boots Debian's kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend.h"
#include "fake_store.h"
#include "link.h"
#include "netlink.h"
#include "options.h"
#include "uplink.h"

#define PROBE 0x88b5 /* an EtherType for experiments */
#define QUIET_MS 150 /* what has not arrived by then, and is not sent again, does not come */
#define PATIENCE 50  /* how often what must arrive is sent */

static struct store store;
static int ready; /* the kernel can do what this test needs */

static void veth(const char *name, const char *peer)
{
    struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
    struct netlink nl;

    netlink_clear(&nl);
    netlink_begin(&nl, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
    netlink_put_text(&nl, IFLA_IFNAME, name);
    size_t info = netlink_open(&nl, IFLA_LINKINFO);

    netlink_put_text(&nl, IFLA_INFO_KIND, "veth");
    size_t data = netlink_open(&nl, IFLA_INFO_DATA), inner = netlink_open(&nl, VETH_INFO_PEER);

    nl.used += sizeof(head); /* the peer's header is all zero, as is the buffer */
    netlink_put_text(&nl, IFLA_IFNAME, peer);
    netlink_close(&nl, inner);
    netlink_close(&nl, data);
    netlink_close(&nl, info);
    assert_int_equal(netlink_send(&nl, NETLINK_ROUTE), 0);
    assert_int_equal(link_up(peer), 0);
}

static void guest_mac(unsigned int domid, uint8_t mac[6])
{
    const uint8_t value[6] = { 0x00, 0x16, 0x3e, 0, (uint8_t)domid, 0 };

    memcpy(mac, value, 6);
}

static struct backend device(unsigned int domid, const char *const nodes[][2])
{
    struct backend b = { .domid = domid };
    char path[BACKEND_PATH_MAX + 32], mac[20];

    snprintf(b.path, sizeof(b.path), "backend/vif/%u/0", domid);
    snprintf(path, sizeof(path), "%s/mac", b.path);
    snprintf(mac, sizeof(mac), "00:16:3e:00:%02x:00", domid);
    fake_store_set(path, mac, strlen(mac));
    for (size_t i = 0; nodes != NULL && nodes[i][0] != NULL; i++) {
        snprintf(path, sizeof(path), "%s/%s", b.path, nodes[i][0]);
        fake_store_set(path, nodes[i][1], strlen(nodes[i][1]));
    }
    return b;
}

static const char *node(const struct backend *b, const char *name)
{
    static char path[BACKEND_PATH_MAX + 32];

    snprintf(path, sizeof(path), "%s/%s", b->path, name);
    return fake_store_get(path);
}

/* A guest with its interface set up. */
static void guest(unsigned int domid, const char *const nodes[][2])
{
    char vif[IFNAMSIZ], peer[IFNAMSIZ];
    struct backend b = device(domid, nodes);

    snprintf(vif, sizeof(vif), "vif%u.0", domid);
    snprintf(peer, sizeof(peer), "g%u", domid);
    veth(vif, peer);
    assert_int_equal(backend_vif.hotplug(&store, &b), HOTPLUG_DONE);
    assert_string_equal(node(&b, "hotplug-status"), "connected");
}

static int listener(const char *name)
{
    struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
                              .sll_ifindex = (int)if_nametoindex(name) };
    const int on = 1;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

    assert_true(fd >= 0 && at.sll_ifindex > 0);
    assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)), 0);
    assert_int_equal(bind(fd, (void *)&at, sizeof(at)), 0);
    return fd;
}

/* Send a frame out of an interface. */
static void frame_send(const char *name, const uint8_t to[6], const uint8_t from[6], uint16_t type,
                       const void *payload, size_t size)
{
    struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_halen = 6,
                              .sll_ifindex = (int)if_nametoindex(name) };
    uint8_t frame[256] = { 0 };
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    memcpy(frame, to, 6);
    memcpy(frame + 6, from, 6);
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
    memcpy(frame + 14, payload, size);
    assert_int_equal(sendto(fd, frame, 100, 0, (void *)&at, sizeof(at)), 100);
    close(fd);
}

/*
 * Wait for a frame of a type, and say with which VLAN tag it came.
 * @return 0 none; 1 without tag; else the tag
 */
static unsigned int frame_wait(int fd, uint16_t type, uint8_t frame[256])
{
    memset(frame, 0, 256);
    struct pollfd pfd = { .fd = fd, .events = POLLIN };

    while (poll(&pfd, 1, QUIET_MS) == 1) {
        uint8_t control[256];
        struct iovec part = { frame, 256 };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                                  .msg_controllen = sizeof(control) };
        ssize_t n = recvmsg(fd, &message, 0);
        unsigned int tag = 1;

        if (n < 14 || (frame[12] << 8 | frame[13]) != type) {
            continue;
        }
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
            struct tpacket_auxdata aux;

            memcpy(&aux, CMSG_DATA(c), sizeof(aux));
            if ((aux.tp_status & TP_STATUS_VLAN_VALID) != 0) {
                tag = aux.tp_vlan_tci & 0xfff;
            }
        }
        return tag;
    }
    return 0;
}

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static uint8_t question; /* number of what is being sent: what comes late must not answer the next */

/* Does a broadcast that `from` sends, with some guest's address, arrive at `to`? Tried `tries` times. */
static unsigned int broadcast(const char *from, unsigned int address, const char *to, int tries)
{
    uint8_t mac[6], frame[256];
    int fd = listener(to);
    unsigned int tag = 0;

    question++;
    guest_mac(address, mac);
    while (tag == 0 && tries-- > 0) {
        frame_send(from, everybody, mac, PROBE, &question, 1);
        do {
            tag = frame_wait(fd, PROBE, frame);
        } while (tag != 0 && frame[14] != question);
    }
    close(fd);
    return tag;
}

/* What is expected to arrive may take its time: a port forwards when its cable has been noticed. */
static unsigned int reaches(const char *from, unsigned int address, const char *to)
{
    return broadcast(from, address, to, PATIENCE);
}

static unsigned int leaks(const char *from, unsigned int address, const char *to)
{
    return broadcast(from, address, to, 2);
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0) {
        close(fd);
    }
    return good;
}

static int setup(void **state)
{
    struct options options = { 0 };

    (void)state;
    fake_store_clear();
    ready = 0;
    if (geteuid() != 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) < 0
        || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
        || mount("sysfs", "/sys", "sysfs", 0, NULL) < 0
        || options_word(&options, "address=10.5.0.1/24") != NULL) {
        return 0;
    }
    ready = uplink_start(&options) == 0;
    return 0;
}

static void need_bridge(void)
{
    if (!ready) {
        skip();
    }
}

static void hostile_nodes_refused(void **state)
{
    static const char *const bad[][3] = {
        { "mac", "01:16:3e:00:00:01", "mac: " },   { "mac", "00:16:3e:00:00", "mac: " },
        { "mac", "00:16:3e:00:00:0g", "mac: " },   { "mac", "00:16:3e:00:00:001", "mac: " },
        { "mac", "", "mac: " },                    { "net-mode", "shell", "mode: write bridge" },
        { "net-mode", "", "mode: write bridge" },  { "vlan", "0", "vlan: write a number" },
        { "vlan", "4095", "vlan: write a number" }, { "vlan", "-1", "vlan: write a number" },
        { "vlan", "7x", "vlan: write a number" },  { "ip", "10.0.0", "ip: not an IPv4" },
        { "ip", "10.0.0.1/24", "ip: not an IPv4" }, { "net-mode", "route", "ip: mode route needs" },
        { "net-mode", "nat", "ip: mode nat needs" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *const nodes[][2] = { { bad[i][0], bad[i][1] }, { NULL, NULL } };

        fake_store_clear();
        struct backend b = device(5, nodes);

        assert_int_equal(backend_vif.hotplug(&store, &b), HOTPLUG_ERROR);
        assert_string_equal(node(&b, "hotplug-status"), "error");
        assert_ptr_equal(strstr(node(&b, "hotplug-error"), bad[i][2]), node(&b, "hotplug-error"));
    }
    struct backend late = device(6, NULL);

    assert_int_equal(backend_vif.hotplug(&store, &late), HOTPLUG_LATER);
}

static void options_are_told_apart(void **state)
{
    struct options o = { 0 };
    char line[] = "console=hvc0 backendd.address=192.0.2.5/24 panic=1 backendd.gateway=192.0.2.1\n";
    char wrong[] = "backendd.adress=1.2.3.4/8";
    const char *bad = NULL;

    (void)state;
    assert_null(options_cmdline(&o, line, &bad));
    assert_int_equal(o.address_count, 1);
    assert_int_equal(o.address[0].bits, 24);
    assert_int_equal(o.gateway.s_addr, inet_addr("192.0.2.1"));
    assert_non_null(options_cmdline(&o, wrong, &bad));
    assert_string_equal(bad, "backendd.adress=1.2.3.4/8");
    assert_non_null(options_word(&o, "address=1.2.3.4"));
    assert_non_null(options_word(&o, "address=1.2.3.4/33"));
    assert_non_null(options_word(&o, "address=1.2.3/8"));
    assert_non_null(options_word(&o, "address"));
    for (int i = 1; i < OPTIONS_ADDRESSES_MAX; i++) {
        assert_null(options_word(&o, "address=10.0.0.1/8"));
    }
    assert_non_null(options_word(&o, "address=10.0.0.1/8"));
}

static void netlink_message_that_does_not_fit_is_not_sent(void **state)
{
    static const uint8_t big[1000];
    struct netlink nl;
    const struct ifinfomsg head = { 0 };

    (void)state;
    netlink_clear(&nl);
    netlink_begin(&nl, RTM_NEWLINK, NLM_F_ACK, &head, sizeof(head));
    for (int i = 0; i < 5; i++) {
        netlink_put(&nl, 1, big, sizeof(big));
    }
    assert_true(nl.used <= NETLINK_BUFFER);
    assert_int_equal(netlink_send(&nl, NETLINK_ROUTE), -1);
    assert_int_equal(errno, E2BIG);
}

static void bridged_guests_meet_under_their_own_address(void **state)
{
    (void)state;
    need_bridge();
    guest(5, NULL);
    guest(6, NULL);
    assert_int_equal(reaches("g5", 5, "g6"), 1);
    assert_int_equal(reaches("g6", 6, "g5"), 1);
    assert_int_equal(leaks("g5", 6, "g6"), 0); /* another's address */
    assert_int_equal(leaks("g5", 99, "g6"), 0); /* nobody's */
    assert_int_equal(reaches("g6", 6, "g5"), 1); /* and 6 has not moved */
}

static void vlans_are_apart_and_tagged_outside(void **state)
{
    static const char *const seven[][2] = { { "vlan", "7" }, { NULL, NULL } };

    (void)state;
    need_bridge();
    veth("up0", "wire");
    assert_int_equal(link_join("up0", UPLINK_BRIDGE), 0);
    assert_int_equal(link_port_tagged("up0", 7), 0);
    assert_int_equal(link_up("up0"), 0);
    guest(5, NULL);
    guest(7, seven);
    guest(8, seven);
    assert_int_equal(reaches("g7", 7, "g8"), 1);
    assert_int_equal(leaks("g7", 7, "g5"), 0);
    assert_int_equal(leaks("g5", 5, "g7"), 0);
    assert_int_equal(reaches("g7", 7, "wire"), 7);
    assert_int_equal(reaches("g5", 5, "wire"), 1);
    assert_int_equal(leaks("g7", 5, "g5"), 0);
}

/* An IPv4 packet without payload, protocol 253 (experiments). */
static void packet(uint8_t out[20], const char *from, const char *to)
{
    const uint8_t head[20] = { 0x45, 0, 0, 20, 0, question, 0, 0, 64, 253 };
    uint32_t sum = 0;

    memcpy(out, head, 20);
    inet_pton(AF_INET, from, out + 12);
    inet_pton(AF_INET, to, out + 16);
    for (int i = 0; i < 20; i += 2) {
        sum += (uint32_t)(out[i] << 8 | out[i + 1]);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    out[10] = (uint8_t)(~sum >> 8);
    out[11] = (uint8_t)~sum;
}

static void neighbour(const char *name, const char *address, const uint8_t mac[6])
{
    struct ndmsg head = { .ndm_family = AF_INET, .ndm_ifindex = (int)if_nametoindex(name),
                          .ndm_state = NUD_PERMANENT };
    struct in_addr in = { inet_addr(address) };
    struct netlink nl;

    netlink_clear(&nl);
    netlink_begin(&nl, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE, &head, sizeof(head));
    netlink_put(&nl, NDA_DST, &in, sizeof(in));
    netlink_put(&nl, NDA_LLADDR, mac, 6);
    assert_int_equal(netlink_send(&nl, NETLINK_ROUTE), 0);
}

/* Send a packet as guest 9 to 10.5.0.9 outside. @return its source address there; "" none arrives */
static const char *outside(const char *from, int tries)
{
    static char text[INET_ADDRSTRLEN];
    uint8_t frame[256], data[20], mac[6];
    struct ifreq request = { 0 };
    int wire = listener("wire");

    strcpy(request.ifr_name, "vif9.0");
    assert_int_equal(ioctl(wire, SIOCGIFHWADDR, &request), 0);
    guest_mac(9, mac);
    question++;
    packet(data, from, "10.5.0.9");
    text[0] = '\0';
    while (text[0] == '\0' && tries-- > 0) {
        frame_send("g9", (const uint8_t *)request.ifr_hwaddr.sa_data, mac, ETH_P_IP, data,
                   sizeof(data));
        while (text[0] == '\0' && frame_wait(wire, ETH_P_IP, frame) != 0) {
            if (frame[14 + 5] == question) {
                inet_ntop(AF_INET, frame + 14 + 12, text, sizeof(text));
            }
        }
    }
    close(wire);
    return text;
}

static void routed(const char *mode)
{
    const char *const nodes[][2] = { { "net-mode", mode }, { "ip", "10.9.0.2" }, { NULL, NULL } };
    const uint8_t somebody[6] = { 2, 0, 0, 0, 0, 9 };

    veth("up0", "wire");
    assert_int_equal(link_join("up0", UPLINK_BRIDGE), 0);
    assert_int_equal(link_up("up0"), 0);
    guest(9, nodes);
    neighbour(UPLINK_BRIDGE, "10.5.0.9", somebody);
}

static void routed_guest_has_one_address(void **state)
{
    (void)state;
    need_bridge();
    routed("route");
    assert_string_equal(outside("10.9.0.2", PATIENCE), "10.9.0.2");
    assert_string_equal(outside("10.9.0.3", 2), "");
    assert_string_equal(outside("10.5.0.7", 2), "");
}

static void translated_guest_is_seen_as_the_domain(void **state)
{
    (void)state;
    need_bridge();
    routed("nat");
    assert_string_equal(outside("10.9.0.2", PATIENCE), "10.5.0.1");
    assert_string_equal(outside("10.9.0.3", 2), "");
}

static void proxy_answers_for_any_gateway(void **state)
{
    uint8_t request[28] = { 0, 1, 8, 0, 6, 4, 0, 1 }, frame[256], mac[6];

    (void)state;
    need_bridge();
    routed("route");
    int fd = listener("g9");

    guest_mac(9, mac);
    memcpy(request + 8, mac, 6);
    inet_pton(AF_INET, "10.9.0.2", request + 14);
    inet_pton(AF_INET, "10.5.0.77", request + 24);
    (void)write_file("/proc/sys/net/ipv4/neigh/vif9.0/proxy_delay", "0");
    frame[14 + 7] = 0;
    for (int i = 0; i < PATIENCE && frame[14 + 7] != 2; i++) {
        frame_send("g9", everybody, mac, ETH_P_ARP, request, sizeof(request));
        while (frame_wait(fd, ETH_P_ARP, frame) != 0 && frame[14 + 7] != 2) {
        }
    }
    assert_int_equal(frame[14 + 7], 2);
    assert_memory_equal(frame + 14 + 14, request + 24, 4);
    close(fd);
}

/* Where there are cards: the step that boots Debian's kernel. Last, for it leaves the bridge there. */
static void first_card_is_the_uplink(void **state)
{
    struct options options = { 0 };

    (void)state;
    if (access("/etc/lab", F_OK) < 0) {
        skip();
    }
    int space = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);

    assert_int_equal(setns(space, CLONE_NEWNET), 0);
    assert_int_equal(mount("sysfs", "/sys", "sysfs", 0, NULL), 0);
    assert_int_equal(uplink_vlan(9), 0);
    assert_int_equal(uplink_start(&options), 0);
    assert_int_equal(access("/sys/class/net/" UPLINK_BRIDGE "/brif/eth0", F_OK), 0);
    assert_int_equal(access("/sys/class/net/" UPLINK_BRIDGE "/brif/eth1", F_OK), -1);
    uplink_follow();
    close(space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(hostile_nodes_refused, setup),
        cmocka_unit_test(options_are_told_apart),
        cmocka_unit_test(netlink_message_that_does_not_fit_is_not_sent),
        cmocka_unit_test_setup(bridged_guests_meet_under_their_own_address, setup),
        cmocka_unit_test_setup(vlans_are_apart_and_tagged_outside, setup),
        cmocka_unit_test_setup(routed_guest_has_one_address, setup),
        cmocka_unit_test_setup(translated_guest_is_seen_as_the_domain, setup),
        cmocka_unit_test_setup(proxy_answers_for_any_gateway, setup),
        cmocka_unit_test(first_card_is_the_uplink),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
