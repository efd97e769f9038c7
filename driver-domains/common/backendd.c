/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backendd: what hotplug scripts do elsewhere, for the domain it runs in. It watches the domain's
 * own `backend` directory in XenStore, and when a kernel backend waits (state InitWait) it supplies
 * what the kernel cannot know: which block device, which network. It needs XenStore and ordinary
 * Linux calls, and no hypercall.
 *
 * The directory is this domain's own, but the frontend domid in it is only used as a number, values
 * are bounded and printable or refused, and a device that fails does not stop the others.
 *
 *   backendd [KEY=VALUE]...       options.h
 */
#include "backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <public/io/xenbus.h>

#include "functions.h"
#include "options.h"
#include "uplink.h"

#define DEVICES_MAX 64
#define RETRY_MS 100
#define RETRIES_MAX 300 /* 30 s for the kernel to find a disk or make an interface */
#define FOLLOW_MS 2000  /* how long a network card that comes later, or a tool that ends, may go unnoticed */

static const struct backend_kind *const kinds[] = { &backend_vbd, &backend_vif };

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

enum again {
    AGAIN_ON_CHANGE, /* of XenStore */
    AGAIN_LATER,     /* after FOLLOW_MS too */
    AGAIN_SOON,      /* after RETRY_MS too */
};

struct known {
    const struct backend_kind *kind; /* NULL: the place is free */
    struct backend backend;
    int settled;          /* hotplug is done or has failed for this life of the backend */
    unsigned int retries;
};

static struct known devices[DEVICES_MAX];
static int started[KIND_COUNT]; /* a kind starts with its first device's folder */

static struct known *device_place(const char *path)
{
    struct known *place = NULL;

    for (unsigned int i = 0; i < DEVICES_MAX; i++) {
        if (devices[i].kind == NULL) {
            place = place != NULL ? place : &devices[i];
        } else if (strcmp(devices[i].backend.path, path) == 0) {
            return &devices[i];
        }
    }
    return place;
}

static void device_add(const struct backend_kind *kind, const char *domid, const char *device)
{
    struct known fresh = { .kind = kind };
    int n = snprintf(fresh.backend.path, sizeof(fresh.backend.path), "backend/%s/%s/%s", kind->type,
                     domid, device);

    if (n < 0 || (size_t)n >= sizeof(fresh.backend.path)
        || options_number(domid, 0x7fef, &fresh.backend.domid) < 0
        || options_number(device, 0x7fffffff, &fresh.backend.device) < 0) {
        fprintf(stderr, "backendd: %s/%.10s/%.20s: not a device, ignored\n", kind->type, domid,
                device);
        return;
    }
    struct known *place = device_place(fresh.backend.path);

    if (place == NULL) {
        fprintf(stderr, "backendd: more than %d devices, %s ignored\n", DEVICES_MAX,
                fresh.backend.path);
    } else if (place->kind == NULL) {
        *place = fresh;
    }
}

static void scan_domain(struct store *store, const struct backend_kind *kind, const char *domid)
{
    char path[BACKEND_PATH_MAX];
    char names[STORE_PAYLOAD_MAX + 2];

    snprintf(path, sizeof(path), "backend/%s/%.10s", kind->type, domid);
    if (store_list(store, path, names, sizeof(names)) == 0) {
        for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
            device_add(kind, domid, name);
        }
    }
}

/* @return 0; -1 the kind is there and cannot work */
static int scan_kind(struct store *store, size_t index, const struct options *options)
{
    const struct backend_kind *kind = kinds[index];
    char path[BACKEND_PATH_MAX];
    char names[STORE_PAYLOAD_MAX + 2];

    snprintf(path, sizeof(path), "backend/%s", kind->type);
    if (store_list(store, path, names, sizeof(names)) < 0) {
        return 0;
    }
    if (!started[index] && kind->start != NULL && kind->start(options) < 0) {
        return -1;
    }
    started[index] = 1;
    for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
        scan_domain(store, kind, name);
    }
    return 0;
}

/* XenbusStateUnknown: unreadable. -1: the device's folder is gone. */
static int device_state(struct store *store, const struct known *known)
{
    char text[BACKEND_VALUE_MAX];
    unsigned int state;

    if (backend_read(store, &known->backend, "state", text) < 0) {
        return errno == ENOENT ? -1 : XenbusStateUnknown;
    }
    return options_number(text, XenbusStateReconfigured, &state) < 0 ? XenbusStateUnknown
                                                                     : (int)state;
}

/* Closed for good: nobody means to connect it again. A guest that restarts closes it too. */
static int is_offline(struct store *store, const struct known *known)
{
    char text[BACKEND_VALUE_MAX];

    return backend_read(store, &known->backend, "online", text) == 0 && strcmp(text, "0") == 0;
}

/*
 * Let the front end close: it would wait for the device for minutes, and a guest's start with it.
 * The kernel's backend follows when the front end has closed; one that comes again is tried again.
 */
static void device_give_up(struct store *store, const struct known *known)
{
    char closing[4];

    snprintf(closing, sizeof(closing), "%d", XenbusStateClosing);
    (void)backend_write(store, &known->backend, "state", closing);
}

/* @return how soon the device wants to be looked at again */
static enum again device_settled(struct store *store, struct known *known)
{
    if (known->kind->look == NULL) {
        return AGAIN_ON_CHANGE;
    }
    enum hotplug_result result = known->kind->look(store, &known->backend);

    if (result == HOTPLUG_ERROR) {
        device_give_up(store, known);
    }
    return result == HOTPLUG_LATER ? AGAIN_LATER : AGAIN_ON_CHANGE;
}

/* @return how soon the device wants to be looked at again */
static enum again device_step(struct store *store, struct known *known)
{
    int state = device_state(store, known);

    if (state == -1 || (state == XenbusStateClosed && is_offline(store, known))) {
        known->kind->release(&known->backend);
        known->kind = NULL;
        return AGAIN_ON_CHANGE;
    }
    if (state == XenbusStateClosed || state == XenbusStateUnknown) {
        known->settled = 0;
        known->retries = 0;
        return AGAIN_ON_CHANGE;
    }
    if (!known->settled && state == XenbusStateConnected) {
        if (known->kind->adopt(store, &known->backend) == HOTPLUG_ERROR) {
            device_give_up(store, known);
        }
        known->settled = 1;
    }
    if (known->settled) {
        return device_settled(store, known);
    }
    if (state != XenbusStateInitWait) {
        return AGAIN_ON_CHANGE;
    }
    enum hotplug_result result = known->kind->hotplug(store, &known->backend);

    if (result == HOTPLUG_LATER) {
        if (known->retries++ < RETRIES_MAX) {
            return AGAIN_SOON;
        }
        result = backend_fail(store, &known->backend, known->kind->type, "%s", known->kind->late);
    }
    if (result == HOTPLUG_ERROR) {
        device_give_up(store, known);
    }
    known->settled = 1;
    return device_settled(store, known);
}

static int options_read(int argc, char **argv, struct options *options)
{
    static char line[4096];
    const char *bad = NULL, *wrong = NULL;
    int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);

    if (fd >= 0) {
        close(fd);
    }
    line[n > 0 ? n : 0] = '\0';
    for (int i = 1; i < argc && wrong == NULL; i++) {
        bad = argv[i];
        wrong = options_word(options, argv[i]);
    }
    if (wrong == NULL) {
        wrong = options_cmdline(options, line, &bad);
    }
    if (wrong != NULL) {
        fprintf(stderr, "backendd: %s: %s\n", bad, wrong);
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct store store;
    static struct options options;

    setlinebuf(stdout);
    if (options_read(argc, argv, &options) < 0) {
        return 2;
    }
    if (store_open(&store) < 0 || store_watch(&store, "backend") < 0) {
        fprintf(stderr, "backendd: XenStore: %s\n", strerror(errno));
        return 1;
    }
    functions_start(&store);
    for (enum again again = functions_step(&store) ? AGAIN_SOON : AGAIN_ON_CHANGE;;) {
        int serves_nets = started[1];

        if (store_changed(&store, again == AGAIN_SOON ? RETRY_MS : serves_nets || again == AGAIN_LATER ? FOLLOW_MS : -1) < 0) {
            fprintf(stderr, "backendd: XenStore: %s\n", strerror(errno));
            return 1;
        }
        for (size_t i = 0; i < KIND_COUNT; i++) {
            if (scan_kind(&store, i, &options) < 0) {
                return 1;
            }
        }
        if (serves_nets) {
            uplink_follow();
        }
        again = functions_step(&store) ? AGAIN_SOON : AGAIN_ON_CHANGE;
        for (unsigned int i = 0; i < DEVICES_MAX; i++) {
            enum again wish = devices[i].kind != NULL ? device_step(&store, &devices[i]) : AGAIN_ON_CHANGE;

            again = wish > again ? wish : again;
        }
    }
}
