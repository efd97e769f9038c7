/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What backendd knows of a backend device, and the kinds of it: one plug-in each, listed in
 * backendd.c. A kind's steps run when the kernel's backend driver waits for it, and may be run
 * again at any time: they lead to the same values.
 */
#ifndef DRIVER_DOMAINS_BACKEND_H
#define DRIVER_DOMAINS_BACKEND_H

#include <stddef.h>

#include "store.h"

#define BACKEND_PATH_MAX 128
#define BACKEND_VALUE_MAX 256

struct claim;
struct options;

/* One directory backend/<type>/<frontend domid>/<device>. */
struct backend {
    char path[BACKEND_PATH_MAX];
    unsigned int domid;  /* frontend's domain */
    unsigned int device; /* number of the device in that domain */
    unsigned int attempts; /* how often it was not ready */
    struct claim *claim;   /* what a block device is served from; NULL: nothing yet */
};

enum hotplug_result {
    HOTPLUG_DONE,  /* connected, or already was */
    HOTPLUG_LATER, /* the kernel is not ready: ask again soon */
    HOTPLUG_ERROR, /* told in the node hotplug-error */
};

struct backend_kind {
    const char *type; /* its folder below backend/ */
    const char *late; /* what is missing when HOTPLUG_LATER came too often, and what to do */

    /** Once, before any device. NULL: nothing to do. @return 0; -1 with errno, after telling */
    int (*start)(const struct options *options);

    /** Supply what the kernel's backend waits for. */
    enum hotplug_result (*hotplug)(struct store *store, struct backend *backend);

    /** A device that an earlier life of this daemon connected: know it again. @return HOTPLUG_ERROR it is of no use */
    enum hotplug_result (*adopt)(struct store *store, struct backend *backend);

    /**
     * A device that is connected: is it served still? NULL: it always is.
     *
     * @return HOTPLUG_DONE yes, no need to ask again; HOTPLUG_LATER yes, ask again; HOTPLUG_ERROR no, after telling
     */
    enum hotplug_result (*look)(struct store *store, struct backend *backend);

    /** The device is gone. */
    void (*release)(struct backend *backend);
};

extern const struct backend_kind backend_vbd;
extern const struct backend_kind backend_vif;

/**
 * Read a node below the backend's directory.
 *
 * @param value  out: NUL-terminated, without control characters
 * @return 0; -1 with errno: ENOENT absent, EINVAL holding bytes that no such value has, E2BIG
 */
int backend_read(struct store *store, const struct backend *backend, const char *node,
                 char value[BACKEND_VALUE_MAX]);

/** Write a node below the backend's directory. @return 0; -1 with errno */
int backend_write(struct store *store, const struct backend *backend, const char *node,
                  const char *value);

/**
 * Report an error in the log and in hotplug-error, and set hotplug-status to `error`.
 *
 * @param key   the key of host.conf, or the node, that it is about
 * @param what  what is wrong and what to do
 * @return HOTPLUG_ERROR
 */
enum hotplug_result backend_fail(struct store *store, const struct backend *backend,
                                 const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
