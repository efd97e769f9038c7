/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backendd: what hotplug scripts do elsewhere, for the domain it runs in. It watches the domain's
 * own `backend` directory in XenStore, and when a kernel backend waits (state InitWait) it supplies
 * what the kernel cannot know: which block device, which address. It needs XenStore and ordinary
 * Linux calls, and no hypercall.
 *
 * The directory is this domain's own, but the frontend domid in it is only used as a number, values
 * are bounded and printable or refused, and a device that fails does not stop the others.
 *
 *   backendd [--vif-address A.B.C.D/BITS]
 */
#include "backend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/io/xenbus.h>

#define DEVICES_MAX 64
#define RETRY_MS 100
#define RETRIES_MAX 300 /* 30 s for the kernel to make an interface */

struct known {
    struct backend backend;
    int is_vif;
    int settled;          /* hotplug is done or has failed for this life of the backend */
    unsigned int retries;
};

static struct known devices[DEVICES_MAX];
static unsigned int device_count;

static int number_parse(const char *text, unsigned int max, unsigned int *out)
{
    char *end;

    if (text[0] < '0' || text[0] > '9') {
        return -1;
    }
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);

    if (errno != 0 || *end != '\0' || value > max) {
        return -1;
    }
    *out = (unsigned int)value;
    return 0;
}

static struct known *device_find(const char *path)
{
    for (unsigned int i = 0; i < device_count; i++) {
        if (strcmp(devices[i].backend.path, path) == 0) {
            return &devices[i];
        }
    }
    return NULL;
}

static void device_add(const char *type, const char *domid, const char *device)
{
    struct known fresh = { .is_vif = strcmp(type, "vif") == 0 };
    int n = snprintf(fresh.backend.path, sizeof(fresh.backend.path), "backend/%s/%s/%s", type, domid,
                     device);

    if (n < 0 || (size_t)n >= sizeof(fresh.backend.path)
        || number_parse(domid, 0x7fef, &fresh.backend.domid) < 0
        || number_parse(device, 0x7fffffff, &fresh.backend.device) < 0) {
        fprintf(stderr, "backendd: %.10s/%.10s/%.20s: not a device, ignored\n", type, domid, device);
        return;
    }
    if (device_find(fresh.backend.path) != NULL) {
        return;
    }
    if (device_count == DEVICES_MAX) {
        fprintf(stderr, "backendd: more than %d devices, %s ignored\n", DEVICES_MAX,
                fresh.backend.path);
        return;
    }
    devices[device_count++] = fresh;
}

static void scan_domain(struct store *store, const char *type, const char *domid)
{
    char path[BACKEND_PATH_MAX];
    char names[STORE_PAYLOAD_MAX + 2];

    snprintf(path, sizeof(path), "backend/%s/%.10s", type, domid);
    if (store_list(store, path, names, sizeof(names)) == 0) {
        for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
            device_add(type, domid, name);
        }
    }
}

static void scan_type(struct store *store, const char *type)
{
    char path[BACKEND_PATH_MAX];
    char names[STORE_PAYLOAD_MAX + 2];

    snprintf(path, sizeof(path), "backend/%s", type);
    if (store_list(store, path, names, sizeof(names)) == 0) {
        for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
            scan_domain(store, type, name);
        }
    }
}

static int device_state(struct store *store, const struct known *known)
{
    char text[BACKEND_VALUE_MAX];
    unsigned int state;

    if (backend_read(store, &known->backend, "state", text) < 0
        || number_parse(text, XenbusStateReconfigured, &state) < 0) {
        return XenbusStateUnknown;
    }
    return (int)state;
}

/* @return 1 if the device wants to be asked again soon */
static int device_step(struct store *store, struct known *known,
                       const struct backend_options *options)
{
    int state = device_state(store, known);

    if (state == XenbusStateClosed || state == XenbusStateUnknown) {
        known->settled = 0;
        known->retries = 0;
        return 0;
    }
    if (!known->is_vif && state == XenbusStateConnected) {
        known->settled = 1; /* an earlier life of this daemon did it */
    }
    if (known->settled || (state != XenbusStateInitWait && state != XenbusStateConnected)) {
        return 0;
    }
    enum hotplug_result result = known->is_vif ? vif_hotplug(store, &known->backend, options)
                                               : vbd_hotplug(store, &known->backend);

    if (result == HOTPLUG_LATER) {
        if (known->retries++ < RETRIES_MAX) {
            return 1;
        }
        (void)backend_fail(store, &known->backend, "the kernel made no interface", ETIMEDOUT);
    }
    known->settled = 1;
    return 0;
}

static int options_parse(int argc, char **argv, struct backend_options *options)
{
    struct in_addr address;

    for (int i = 1; i < argc; i++) {
        char *slash;

        if (strcmp(argv[i], "--vif-address") != 0 || i + 1 == argc
            || (slash = strchr(argv[i + 1], '/')) == NULL) {
            return -1;
        }
        *slash = '\0';
        options->vif_address = argv[++i];
        if (number_parse(slash + 1, 32, &options->vif_prefix) < 0
            || inet_pton(AF_INET, options->vif_address, &address) != 1) {
            return -1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct store store;
    struct backend_options options = { NULL, 0 };

    setlinebuf(stdout);
    if (options_parse(argc, argv, &options) < 0) {
        fprintf(stderr, "usage: backendd [--vif-address A.B.C.D/BITS]\n");
        return 2;
    }
    if (store_open(&store) < 0 || store_watch(&store, "backend") < 0) {
        fprintf(stderr, "backendd: XenStore: %s\n", strerror(errno));
        return 1;
    }
    for (int soon = 0;;) {
        if (store_changed(&store, soon ? RETRY_MS : -1) < 0) {
            fprintf(stderr, "backendd: XenStore: %s\n", strerror(errno));
            return 1;
        }
        scan_type(&store, "vbd");
        scan_type(&store, "vif");
        soon = 0;
        for (unsigned int i = 0; i < device_count; i++) {
            soon |= device_step(&store, &devices[i], &options);
        }
    }
}
