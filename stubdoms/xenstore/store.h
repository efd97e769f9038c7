/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store and its transactions.
 *
 * Every change, also one outside a client's transaction, is made in a transaction's private table
 * and then committed, so that a request either happens in full or not at all. A transaction
 * remembers the generation of each node that it looked at; commit fails with -XEN_EAGAIN when one
 * of them has changed since. Looking at a node that is not there is remembered, too.
 *
 *     transaction_init -> store_read, transaction_change/create/delete... -> transaction_commit
 *     -> report the nodes of `first` to watches -> transaction_destroy
 *
 * Nodes are accounted to their owner. Quotas hold for everybody but the exempt domain.
 */
#ifndef XENSTORE_STORE_H
#define XENSTORE_STORE_H

#include "node.h"

#define DOMID_NONE 0xffffu

/* What one domain has in the store. */
struct account {
    struct account *next;
    uint16_t domid;
    uint32_t node_count;
    uint32_t watch_count;
    uint32_t transaction_count;
    uint64_t node_bytes;
    int64_t node_delta, byte_delta;  /* only during a commit */
};

/* Limits for one domain. */
struct quota {
    uint32_t nodes;                  /* nodes that it owns */
    uint32_t node_bytes;             /* memory of those nodes */
    uint32_t value_bytes;            /* value of one node */
    uint32_t perms;                  /* entries in one permission list */
    uint32_t watches;
    uint32_t watch_bytes;            /* path and token of one watch */
    uint32_t transactions;           /* open at one time */
    uint32_t transaction_bytes;      /* private memory of one transaction */
    uint32_t reply_bytes;            /* replies waiting; beyond, no more requests are read */
    uint32_t event_bytes;            /* events waiting; beyond, the connection is ended */
};

extern const struct quota quota_default;

#define ACCOUNT_BUCKETS 32u

struct store {
    struct node_map nodes;
    uint64_t generation;             /* of the latest change */
    struct account *accounts[ACCOUNT_BUCKETS];
    struct quota quota;
    uint16_t exempt;                 /* domid without quotas, DOMID_NONE: none */
    bool loading;                    /* the seed is being read: no quotas */
};

struct transaction {
    struct store *store;
    struct transaction *next;        /* of the same connection */
    uint32_t id;
    struct node_map table;
    struct node *first;              /* to be reported, in order; filled by changes */
    struct node **last;
    uint32_t created;                /* nodes created here, for an early quota answer */
    size_t bytes;                    /* private memory, about */
    size_t byte_limit;
    int broken;                      /* error that left it half changed: commit returns it */
};

/** A store with a root and the two special nodes, owned by domain 0: 0 or -XEN_ENOMEM. */
int store_init(struct store *store);
void store_destroy(struct store *store);

/** The account of @domid, made if need be; NULL when memory is out. */
struct account *store_account(struct store *store, uint16_t domid);

/**
 * A domain is gone and its number may be given to another one: its nodes become domain 0's, and no
 * permission names it any more.
 */
void store_forget_domain(struct store *store, uint16_t domid);

void transaction_init(struct transaction *t, struct store *store, uint32_t id);
void transaction_destroy(struct transaction *t);

/**
 * See a node, outside (t == NULL) or inside a transaction.
 *
 * @param node  out: NULL when there is none; valid until the next change
 * @return 0, -XEN_ENOMEM, -XEN_ENOSPC (the transaction's memory limit)
 */
int store_read(struct store *store, struct transaction *t, const char *path, size_t length,
               const struct node **node);

/** Get a node that exists for changing its value or permissions; it will be reported. */
int transaction_change(struct transaction *t, const char *path, size_t length, struct node **node);

/**
 * Create a node below a parent that exists.
 *
 * @param perms   its permissions, copied
 * @param report  whether watches are told of this one
 * @return 0, -XEN_ENOMEM, -XEN_ENOSPC
 */
int transaction_create(struct transaction *t, const char *path, size_t length,
                       const struct perm *perms, uint32_t count, bool report,
                       struct node **node);

/** Delete a node that exists, not the root, and all below it. */
int transaction_delete(struct transaction *t, const char *path, size_t length);

/**
 * Make the changes visible.
 *
 * Afterwards the reported nodes hold the *former* data (perms of what was there before).
 *
 * @return 0, -XEN_EAGAIN on conflict, -XEN_ENOSPC when an owner's quota does not allow it,
 *         -XEN_ENOMEM; nothing is changed unless 0
 */
int transaction_commit(struct transaction *t);

#endif
