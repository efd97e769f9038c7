/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The XenStore server: store, connections, watches. Nothing in here knows where it runs; what it
 * needs of the world comes through struct server_ops.
 *
 *     server_init -> mac and quota set up -> seed_load -> connection_new for each domain
 *     -> connection_attach when its ring is mapped -> server_turn on each notification
 */
#ifndef XENSTORE_SERVER_H
#define XENSTORE_SERVER_H

#include "label.h"
#include "store.h"

#include <public/io/xs_wire.h>

struct connection;
struct server;

struct server_ops {
    /** Print a line (without a newline). */
    void (*log)(void *arg, const char *text);
    /** Nanoseconds, monotonic. */
    uint64_t (*now_ns)(void *arg);
    /** Tell the peer that its ring changed. */
    void (*notify)(void *arg, struct connection *c);
    /** Connect a domain by ring frame and event channel (XS_INTRODUCE): 0 or negative XEN_E*. */
    int (*introduce)(void *arg, struct connection *c, uint64_t gfn, uint32_t port);
    /** Unmap the ring and close the channel of a connection that goes. */
    void (*release)(void *arg, struct connection *c);
};

/* A reply or event on its way out. */
struct message {
    struct message *next;
    uint32_t length;                 /* header and payload */
    uint32_t sent;
    bool event;
    uint8_t bytes[];
};

struct watch {
    struct watch *chain;             /* same hash bucket, all connections */
    struct watch *next;              /* same connection */
    struct connection *owner;
    uint32_t hash;
    uint32_t path_len;
    uint32_t token_len;
    uint32_t skip;                   /* bytes of the path not shown: it was given as relative */
    char text[];                     /* path NUL token NUL */
};

/* Why a connection is no longer served. */
enum connection_state {
    CONNECTION_NEW,                  /* no ring yet */
    CONNECTION_OPEN,
    CONNECTION_FAILED,               /* peer broke the protocol; waits for reconnection or release */
};

/* One domain's connection. */
struct connection {
    struct connection *next;
    struct server *server;
    uint16_t domid;
    uint16_t target;                 /* domain it acts for (XS_SET_TARGET), DOMID_NONE */
    enum connection_state state;
    bool waiting;                    /* has more to do, see server_run() */
    void *transport;                 /* of server_ops' owner */

    struct xenstore_domain_interface *ring;     /* shared with the peer: hostile */
    uint32_t req_cons, rsp_prod;     /* our indexes; the ring only gets copies */
    struct xsd_sockmsg header;       /* of the request being read */
    uint8_t payload[XENSTORE_PAYLOAD_MAX + 1];
    uint32_t received;               /* bytes of header and payload so far */

    struct message *out_first, **out_last;
    uint32_t reply_bytes, event_bytes;
    struct watch *watches;
    struct transaction *transactions;
    uint32_t transaction_id;         /* last one given out */
    uint64_t request_count;
    uint64_t complained_ns;          /* when a line about this peer was last printed, 0: never */
    uint32_t complaints_dropped;
};

#define WATCH_BUCKETS 256u

struct server {
    struct store store;
    struct mac mac;
    struct connection *connections;
    struct watch *watch_buckets[WATCH_BUCKETS];
    const struct server_ops *ops;
    void *arg;
    uint16_t privileged;             /* exempt from permissions and quotas; DOMID_NONE: nobody */
    bool trace;                      /* log each request */
    uint8_t reply[XENSTORE_PAYLOAD_MAX];
};

int server_init(struct server *s, const struct server_ops *ops, void *arg);
void server_destroy(struct server *s);

/** Log a formatted line. */
void server_log(struct server *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Log what a peer did wrong, at most once a second and peer: it may do it as often as it likes.
 */
void connection_complain(struct connection *c, const char *what);

/** The connection of a domain, NULL if none. */
struct connection *server_find(struct server *s, uint16_t domid);

/** Add a connection without a ring: NULL when memory is out or the domain has one. */
struct connection *connection_new(struct server *s, uint16_t domid);

/** Drop watches, transactions and messages; the connection stays. */
void connection_reset(struct connection *c);

/**
 * End a connection for good. Its nodes stay, as domain 0's; the caller reports @releaseDomain.
 */
void connection_release(struct connection *c);

/** What @c may do to a node with these permissions: ACCESS_* bits. */
unsigned int connection_access(const struct connection *c, const struct perm *perms,
                               uint32_t count);

/** Whether @c has no limits. */
bool connection_is_privileged(const struct connection *c);

/**
 * Queue a message: 0, -XEN_ENOMEM. An event equal to one still waiting is not queued again; too
 * many events end the connection.
 */
int connection_send(struct connection *c, uint32_t type, uint32_t req_id, uint32_t tx_id,
                    const void *payload, size_t length);
int connection_send_event(struct connection *c, const char *path, size_t path_len,
                          const char *token, size_t token_len);

/** Forget the first message of the queue: it has been sent. */
void message_done(struct connection *c);

/** Handle one complete request; the reply is queued. @payload has @header->len bytes. */
void request_handle(struct connection *c, const struct xsd_sockmsg *header,
                    const uint8_t *payload);

/** Report one changed path to all watches on it, above it (and if @exact only on it). */
void watch_fire(struct server *s, const char *path, size_t length, bool exact,
                const struct perm *former, uint32_t former_count);

/** Add a watch and send its first event: 0, -XEN_EEXIST, -XEN_ENOSPC, -XEN_ENOMEM. */
int watch_add(struct connection *c, const char *path, size_t length, size_t skip,
              const char *token, size_t token_len);

/** Remove a watch: 0, -XEN_ENOENT. */
int watch_remove(struct connection *c, const char *path, size_t length, const char *token,
                 size_t token_len);
void watch_remove_all(struct connection *c);

#endif
