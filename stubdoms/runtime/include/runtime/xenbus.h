/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A XenStore client for stub domains: one request at a time, waiting for its reply; events that
 * arrive meanwhile are kept. Functions return 0 or a negative XEN_E* number, the server's own
 * errors among them.
 */
#ifndef RUNTIME_XENBUS_H
#define RUNTIME_XENBUS_H

#include <runtime/xen.h>
#include <public/io/xs_wire.h>

/**
 * Connect to the service by HVM_PARAM_STORE_PFN and _EVTCHN.
 *
 * @return 0, -XEN_ENOENT when the domain has no XenStore, or an error of the hypervisor
 */
int xenbus_connect(void);

/**
 * Send a request as it is and wait for the reply.
 *
 * @param tx      transaction, 0 for none
 * @param reply   room for @size bytes; a longer reply is cut. May be NULL
 * @param got     out: the reply's whole length, may be NULL
 * @return 0, the server's error, -XEN_EIO when the ring is broken, -XEN_ETIMEDOUT after 10 s
 */
int xenbus_request(uint32_t type, uint32_t tx, const void *payload, size_t length, void *reply,
                   size_t size, size_t *got);

/** Read a node's value as a string; cut to @size - 1 bytes. */
int xenbus_read(uint32_t tx, const char *path, char *value, size_t size);
int xenbus_write(uint32_t tx, const char *path, const char *value);
int xenbus_mkdir(uint32_t tx, const char *path);
int xenbus_rm(uint32_t tx, const char *path);

int xenbus_transaction_start(uint32_t *tx);
/** -XEN_EAGAIN: somebody else changed what was read; start again. */
int xenbus_transaction_end(uint32_t tx, bool commit);

int xenbus_watch(const char *path, const char *token);
int xenbus_unwatch(const char *path, const char *token);

/**
 * Take the oldest event.
 *
 * @param path   out: what changed, as a string
 * @param token  out: the token of the watch
 * @return whether there was one before @deadline_ns of time_now_ns()
 */
bool xenbus_event(char *path, size_t path_size, char *token, size_t token_size,
                  uint64_t deadline_ns);

/** The ring itself, for tests that break its rules; NULL before xenbus_connect(). */
struct xenstore_domain_interface *xenbus_ring(void);

/** Our port of its event channel. */
uint32_t xenbus_port(void);

#endif
