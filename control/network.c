/* SPDX-License-Identifier: Apache-2.0 */
#include <control/network.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <net/if.h>
#include <net/route.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define INTERFACE "eth0"
#define WAIT_MS 60000
#define POLL_MS 100

static void address_set(struct sockaddr *to, struct in_addr address)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = address };

    memcpy(to, &in, sizeof(in));
}

static int interface_set(int sock, unsigned long request, struct in_addr address)
{
    struct ifreq r = { .ifr_name = INTERFACE };

    address_set(&r.ifr_addr, address);
    return ioctl(sock, request, &r);
}

static int interface_up(int sock)
{
    struct ifreq r = { .ifr_name = INTERFACE };

    if (ioctl(sock, SIOCGIFFLAGS, &r) < 0) {
        return -1;
    }
    r.ifr_flags = (short)(r.ifr_flags | IFF_UP);
    return ioctl(sock, SIOCSIFFLAGS, &r);
}

static int route_add(int sock, struct in_addr gateway)
{
    struct rtentry r = { .rt_flags = RTF_UP | RTF_GATEWAY };
    const struct in_addr any = { 0 };

    if (gateway.s_addr == 0) {
        return 0;
    }
    address_set(&r.rt_dst, any);
    address_set(&r.rt_genmask, any);
    address_set(&r.rt_gateway, gateway);
    return ioctl(sock, SIOCADDRT, &r) < 0 && errno != EEXIST ? -1 : 0;
}

const char *network_parse(struct network *n, char *address, const char *gateway)
{
    char *slash = strchr(address, '/'), *end = NULL;
    unsigned long bits = slash != NULL ? strtoul(slash + 1, &end, 10) : 0;

    if (slash != NULL) {
        *slash = '\0';
    }
    if (bits < 1 || bits > 32 || *end != '\0' || inet_pton(AF_INET, address, &n->address) != 1
        || (gateway != NULL && inet_pton(AF_INET, gateway, &n->gateway) != 1)) {
        return "an IPv4 address with its bits expected, and a gateway's";
    }
    n->mask.s_addr = htonl(~0u << (32 - bits));
    return NULL;
}

int network_up(const struct network *n, struct attest_error *err)
{
    int sock, rc;

    if (n->address.s_addr == 0) {
        return 0; /* as it is: nothing is said */
    }
    for (unsigned int ms = 0; if_nametoindex(INTERFACE) == 0; ms += POLL_MS) {
        if (ms >= WAIT_MS) {
            return attest_fail(err, -ENODEV, "no interface " INTERFACE " within %d s", WAIT_MS / 1000);
        }
        nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000L }, NULL);
    }
    sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    rc = sock >= 0 && interface_set(sock, SIOCSIFADDR, n->address) == 0
                 && interface_set(sock, SIOCSIFNETMASK, n->mask) == 0 && interface_up(sock) == 0
                 && route_add(sock, n->gateway) == 0 ? 0 : -errno;
    if (sock >= 0) {
        close(sock);
    }
    return rc == 0 ? 0 : attest_fail(err, rc, INTERFACE ": %s", strerror(-rc));
}

int network_listen(const char *address, const char *port, int backlog, struct attest_error *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    int fd = -1, one = 1, code;

    if (getaddrinfo(address, port, &hints, &list) != 0 || list == NULL) {
        return attest_fail(err, -EINVAL, "%s:%s: expected an address of this machine, in numbers, and a port", address != NULL ? address : "", port);
    }
    fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0
        && bind(fd, list->ai_addr, list->ai_addrlen) == 0 && listen(fd, backlog) == 0) {
        freeaddrinfo(list);
        return fd;
    }
    code = -errno;
    freeaddrinfo(list);
    if (fd >= 0) {
        close(fd);
    }
    return attest_fail(err, code, "port %s: %s", port, strerror(-code));
}
