/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What backendd knows of a backend device, and the two kinds of it. Each kind's hotplug step runs
 * when the kernel's backend driver waits for it, and may be run again at any time: it writes the
 * same values.
 */
#ifndef DRIVER_DOMAINS_BACKEND_H
#define DRIVER_DOMAINS_BACKEND_H

#include <stddef.h>

#include "store.h"

#define BACKEND_PATH_MAX 128
#define BACKEND_VALUE_MAX 256

/* One directory backend/<type>/<frontend domid>/<device>. */
struct backend {
    char path[BACKEND_PATH_MAX];
    unsigned int domid;  /* frontend's domain */
    unsigned int device; /* number of the device in that domain */
};

enum hotplug_result {
    HOTPLUG_DONE,  /* connected, or already was */
    HOTPLUG_LATER, /* the kernel is not ready: ask again soon */
    HOTPLUG_ERROR, /* told in the node hotplug-error */
};

/* What the daemon was told on its command line. */
struct backend_options {
    const char *vif_address; /* dotted IPv4 address for network interfaces, or NULL */
    unsigned int vif_prefix; /* bits of its network, 0..32 */
};

/** Give blkback the device that the node `params` names. */
enum hotplug_result vbd_hotplug(struct store *store, const struct backend *backend);

/** Bring up netback's interface vif<domid>.<device>, with the configured address. */
enum hotplug_result vif_hotplug(struct store *store, const struct backend *backend,
                                const struct backend_options *options);

/**
 * Read a node below the backend's directory.
 *
 * @param value  out: NUL-terminated, without control characters
 * @return 0; -1 absent, too long, or holding bytes that no such value has
 */
int backend_read(struct store *store, const struct backend *backend, const char *node,
                 char value[BACKEND_VALUE_MAX]);

/** Write a node below the backend's directory. @return 0; -1 with errno */
int backend_write(struct store *store, const struct backend *backend, const char *node,
                  const char *value);

/** Report an error in the log and in hotplug-error. @return HOTPLUG_ERROR */
enum hotplug_result backend_fail(struct store *store, const struct backend *backend,
                                 const char *what, int error);

#endif
