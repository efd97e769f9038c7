/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network devices. netback makes the interface vif<domid>.<handle> in its own time, and connects
 * only when hotplug-status says so; between the two the interface gets its address.
 */
#include "backend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int address_set(int sock, const char *name, unsigned long request, in_addr_t address)
{
    struct ifreq request_data;
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = address };

    memset(&request_data, 0, sizeof(request_data));
    snprintf(request_data.ifr_name, sizeof(request_data.ifr_name), "%s", name);
    memcpy(&request_data.ifr_addr, &in, sizeof(in));
    return ioctl(sock, request, &request_data);
}

static int interface_up(int sock, const char *name)
{
    struct ifreq request;

    memset(&request, 0, sizeof(request));
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (ioctl(sock, SIOCGIFFLAGS, &request) < 0) {
        return -1;
    }
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    return ioctl(sock, SIOCSIFFLAGS, &request);
}

static int interface_configure(const char *name, const struct backend_options *options)
{
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int rc = sock < 0 ? -1 : 0;

    if (rc == 0 && options->vif_address != NULL) {
        in_addr_t address = inet_addr(options->vif_address);
        in_addr_t mask = htonl(options->vif_prefix == 0 ? 0 : ~0U << (32 - options->vif_prefix));

        rc = address_set(sock, name, SIOCSIFADDR, address);
        if (rc == 0) {
            rc = address_set(sock, name, SIOCSIFNETMASK, mask);
        }
    }
    if (rc == 0) {
        rc = interface_up(sock, name);
    }
    int error = errno;

    if (sock >= 0) {
        close(sock);
    }
    errno = error;
    return rc;
}

enum hotplug_result vif_hotplug(struct store *store, const struct backend *backend,
                                const struct backend_options *options)
{
    char name[IFNAMSIZ];
    char status[BACKEND_VALUE_MAX];
    int known = backend_read(store, backend, "hotplug-status", status) == 0
                && strcmp(status, "connected") == 0;
    int n = snprintf(name, sizeof(name), "vif%u.%u", backend->domid, backend->device);

    if (n < 0 || (size_t)n >= sizeof(name)) {
        return backend_fail(store, backend, "interface name", ENAMETOOLONG);
    }
    if (if_nametoindex(name) == 0) {
        return HOTPLUG_LATER;
    }
    if (interface_configure(name, options) < 0) {
        return backend_fail(store, backend, name, errno);
    }
    if (backend_write(store, backend, "hotplug-status", "connected") < 0) {
        return backend_fail(store, backend, "writing hotplug-status", errno);
    }
    if (!known) {
        printf("backendd: vif %u/%u: %s %s connected\n", backend->domid, backend->device, name,
               options->vif_address != NULL ? options->vif_address : "without address");
    }
    return HOTPLUG_DONE;
}
