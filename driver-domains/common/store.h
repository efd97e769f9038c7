/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A XenStore client over /dev/xen/xenbus, no more than backendd needs: read, write, list, watch. One
 * request at a time, no threads (libxenstore starts one for watches, with a stack too small for a
 * static program). Answers are bounded; events that arrive between an answer and its question are
 * remembered as "something changed".
 */
#ifndef DRIVER_DOMAINS_STORE_H
#define DRIVER_DOMAINS_STORE_H

#include <stddef.h>
#include <stdint.h>

#define STORE_PAYLOAD_MAX 4096 /* XENSTORE_PAYLOAD_MAX of public/io/xs_wire.h */

struct store {
    int fd;
    int changed;      /* a watch has fired since store_changed() was last called */
    uint32_t request; /* number of the last request */
    int patience_ms;  /* how long an answer may take; 0: for ever. After ETIMEDOUT only store_close() is possible */
    char payload[STORE_PAYLOAD_MAX + 1];
};

/**
 * Open the device, waiting until XenStore is there.
 *
 * @return 0; -1 with errno, the device cannot be opened for another reason than absence
 */
int store_open(struct store *store);

void store_close(struct store *store);

/**
 * Read a node.
 *
 * @param value  out: its bytes and a NUL; binary values may hold NULs of their own
 * @param size   bytes in value
 * @return length; -1 with errno: ENOENT, EACCES, ... as XenStore says, E2BIG too long for value,
 *         EPROTO the other side does not keep the protocol
 */
int store_read(struct store *store, const char *path, char *value, size_t size);

/** Write a node. @return 0; -1 with errno */
int store_write(struct store *store, const char *path, const char *value);

/** Remove a node and all below. @return 0; -1 with errno */
int store_remove(struct store *store, const char *path);

/**
 * Say whose a node is: letters and domids as XenStore has them, separated by commas, the owner first ("n5,r2").
 * @return 0; -1 with errno
 */
int store_permit(struct store *store, const char *path, const char *permissions);

/**
 * List a node's children.
 *
 * @param names  out: child names one after the other, each with its NUL, then an empty name
 * @param size   bytes in names
 * @return 0; -1 with errno
 */
int store_list(struct store *store, const char *path, char *names, size_t size);

/** Ask for events of a node and all below. @return 0; -1 with errno */
int store_watch(struct store *store, const char *path);

/**
 * Wait for an event.
 *
 * @param timeout  milliseconds, -1 for ever
 * @return 1 something changed; 0 nothing within the time; -1 with errno, the connection is unusable
 */
int store_changed(struct store *store, int timeout);

#endif
