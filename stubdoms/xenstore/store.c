/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "path.h"

#include <public/errno.h>
#include <public/io/xs_wire.h>
#include <stdlib.h>
#include <string.h>

const struct quota quota_default = {
    .nodes = 1000,
    .node_bytes = 512u << 10,
    .value_bytes = 2048,
    .perms = 16,
    .watches = 128,
    .watch_bytes = XENSTORE_ABS_PATH_MAX + 1024,
    .transactions = 10,
    .transaction_bytes = 128u << 10,
    .reply_bytes = 16384,
    .event_bytes = 65536,
};

static int add_basic(struct store *store, const char *path)
{
    static const struct perm nobody = { .domid = 0, .access = 0 };
    struct node *node = node_new(path, strlen(path));

    if (node == NULL || node_set_perms(node, &nobody, 1) != 0) {
        free(node);
        return -XEN_ENOMEM;
    }
    node->flags |= NODE_DATA;
    node->generation = store->generation;
    map_insert(&store->nodes, node);
    return 0;
}

int store_init(struct store *store)
{
    memset(store, 0, sizeof(*store));
    store->quota = quota_default;
    store->exempt = DOMID_NONE;
    store->generation = 1;
    if (map_prepare(&store->nodes) != 0 || add_basic(store, "/") != 0 ||
        add_basic(store, PATH_INTRODUCE) != 0 || add_basic(store, PATH_RELEASE) != 0) {
        map_destroy(&store->nodes);
        return -XEN_ENOMEM;
    }
    return 0;
}

void store_destroy(struct store *store)
{
    map_destroy(&store->nodes);
    for (unsigned int i = 0; i < ACCOUNT_BUCKETS; i++) {
        while (store->accounts[i] != NULL) {
            struct account *a = store->accounts[i];

            store->accounts[i] = a->next;
            free(a);
        }
    }
}

struct account *store_account(struct store *store, uint16_t domid)
{
    struct account **bucket = &store->accounts[domid % ACCOUNT_BUCKETS];
    struct account *a;

    for (a = *bucket; a != NULL; a = a->next) {
        if (a->domid == domid) {
            return a;
        }
    }
    a = calloc(1, sizeof(*a));
    if (a != NULL) {
        a->domid = domid;
        a->next = *bucket;
        *bucket = a;
    }
    return a;
}

/* Take a domain out of one permission list; the first entry stays, with an owner nobody is. */
static bool forget_in(struct node *n, uint16_t domid)
{
    bool owned = n->perm_count != 0 && n->perms[0].domid == domid;
    uint32_t kept = 1;

    for (uint32_t i = 1; i < n->perm_count; i++) {
        if (n->perms[i].domid != domid) {
            n->perms[kept++] = n->perms[i];
        }
    }
    n->perm_count = n->perm_count != 0 ? kept : 0;
    if (owned) {
        n->perms[0].domid = 0;
    }
    return owned;
}

void store_forget_domain(struct store *store, uint16_t domid)
{
    struct account *old = store_account(store, domid);
    struct account *heir = store_account(store, 0);

    if (domid == 0) {
        return;
    }
    for (uint32_t i = 0; i < store->nodes.bucket_count; i++) {
        for (struct node *n = store->nodes.buckets[i]; n != NULL; n = n->chain) {
            size_t cost = node_cost(n);
            bool owned = forget_in(n, domid);

            if (owned && old != NULL) {
                old->node_count--;
                old->node_bytes -= cost;
            }
            if (owned && heir != NULL) {
                heir->node_count++;
                heir->node_bytes += node_cost(n);
            }
        }
    }
}

void transaction_init(struct transaction *t, struct store *store, uint32_t id)
{
    memset(t, 0, sizeof(*t));
    t->store = store;
    t->id = id;
    t->last = &t->first;
    t->byte_limit = SIZE_MAX;
}

void transaction_destroy(struct transaction *t)
{
    map_destroy(&t->table);
}

static int charge(struct transaction *t, size_t bytes)
{
    if (bytes > t->byte_limit || t->bytes > t->byte_limit - bytes) {
        return -XEN_ENOSPC;
    }
    t->bytes += bytes;
    return 0;
}

/* The transaction's own entry for a path; made on first sight with the store's generation. */
static int entry_get(struct transaction *t, const char *path, size_t length, struct node **out)
{
    struct node *e = map_find(&t->table, path, length);
    const struct node *base;
    int rc;

    if (e == NULL) {
        rc = charge(t, sizeof(*e) + length + 1);
        if (rc != 0) {
            return rc;
        }
        e = map_prepare(&t->table) == 0 ? node_new(path, length) : NULL;
        if (e == NULL) {
            return -XEN_ENOMEM;
        }
        base = map_find(&t->store->nodes, path, length);
        e->generation = base != NULL ? base->generation : 0;
        map_insert(&t->table, e);
    }
    *out = e;
    return 0;
}

/* What the transaction sees at the place of an entry. */
static const struct node *entry_view(const struct transaction *t, const struct node *e)
{
    if ((e->flags & NODE_DELETED) != 0) {
        return NULL;
    }
    return (e->flags & NODE_DATA) != 0 ? e : map_find(&t->store->nodes, e->path, e->path_len);
}

int store_read(struct store *store, struct transaction *t, const char *path, size_t length,
               const struct node **node)
{
    struct node *e;
    int rc;

    if (t == NULL) {
        *node = map_find(&store->nodes, path, length);
        return 0;
    }
    rc = entry_get(t, path, length, &e);
    if (rc != 0) {
        return rc;
    }
    *node = entry_view(t, e);
    return 0;
}

static void report(struct transaction *t, struct node *e, uint32_t flags)
{
    if ((e->flags & NODE_EVENT) == 0) {
        e->flags |= NODE_EVENT | flags;
        e->order = NULL;
        *t->last = e;
        t->last = &e->order;
    } else if ((flags & NODE_EXACT) == 0) {
        e->flags &= ~NODE_EXACT;
    }
}

/* Give an entry private data to change. */
static int entry_own(struct transaction *t, struct node *e)
{
    const struct node *view = entry_view(t, e);
    int rc;

    if (view == NULL) {
        return -XEN_ENOENT;
    }
    if (view == e) {
        return 0;
    }
    rc = charge(t, node_cost(view));
    return rc != 0 ? rc : node_copy_data(e, view);
}

int transaction_change(struct transaction *t, const char *path, size_t length, struct node **node)
{
    struct node *e;
    int rc = entry_get(t, path, length, &e);

    rc = rc != 0 ? rc : entry_own(t, e);
    if (rc != 0) {
        return rc;
    }
    report(t, e, 0);
    *node = e;
    return 0;
}

/* Early answer to a domain that creates without end in one transaction; commit decides. */
static bool over_node_quota(struct transaction *t, uint16_t owner)
{
    struct store *s = t->store;
    const struct account *a = store_account(s, owner);

    return !s->loading && owner != s->exempt &&
           (a == NULL || a->node_count + t->created >= s->quota.nodes);
}

int transaction_create(struct transaction *t, const char *path, size_t length,
                       const struct perm *perms, uint32_t count, bool do_report,
                       struct node **node)
{
    size_t parent_len = path_parent_len(path, length);
    size_t name_at = parent_len == 1 ? 1 : parent_len + 1;
    struct node *e, *parent;
    int rc;

    if (over_node_quota(t, perms[0].domid)) {
        return -XEN_ENOSPC;
    }
    rc = entry_get(t, path, length, &e);
    rc = rc != 0 ? rc : entry_get(t, path, parent_len, &parent);
    rc = rc != 0 ? rc : entry_own(t, parent);
    rc = rc != 0 ? rc : charge(t, length + 1 + count * sizeof(*perms));
    if (rc != 0) {
        return rc;
    }
    if (entry_view(t, e) != NULL) {
        return -XEN_EEXIST;
    }
    node_drop_data(e);
    rc = node_set_perms(e, perms, count);
    rc = rc != 0 ? rc : node_add_child(parent, path + name_at, length - name_at);
    if (rc != 0) {
        node_drop_data(e);
        return rc;
    }
    e->flags = (e->flags & ~NODE_DELETED) | NODE_DATA;
    t->created++;
    if (do_report) {
        report(t, e, 0);
    }
    *node = e;
    return 0;
}

/* Enter the children of a node that goes into the work list. */
static int delete_children(struct transaction *t, const struct node *view, struct node ***tail)
{
    static char path[XENSTORE_ABS_PATH_MAX + 1];
    uint32_t at = 0;

    while (at < view->children_len) {
        const char *name = view->children + at;
        size_t n = strlen(name);
        size_t length = view->path_len + 1 + n;
        struct node *e;
        int rc;

        at += (uint32_t)n + 1;
        memcpy(path, view->path, view->path_len);
        path[view->path_len] = '/';
        memcpy(path + view->path_len + 1, name, n);
        rc = entry_get(t, path, length, &e);
        if (rc != 0) {
            return rc;
        }
        e->todo = NULL;
        **tail = e;
        *tail = &e->todo;
    }
    return 0;
}

int transaction_delete(struct transaction *t, const char *path, size_t length)
{
    size_t parent_len = path_parent_len(path, length);
    size_t name_at = parent_len == 1 ? 1 : parent_len + 1;
    struct node *top, *parent, *e, **tail;
    int rc = entry_get(t, path, length, &top);

    rc = rc != 0 ? rc : entry_get(t, path, parent_len, &parent);
    rc = rc != 0 ? rc : entry_own(t, parent);
    if (rc != 0) {
        return rc;
    }
    node_remove_child(parent, path + name_at, length - name_at);
    top->todo = NULL;
    tail = &top->todo;
    for (e = top; e != NULL; e = e->todo) {
        const struct node *view = entry_view(t, e);

        if (view == NULL) {
            continue;                /* a doomed transaction may see children that left */
        }
        rc = delete_children(t, view, &tail);
        if (rc != 0) {
            t->broken = rc;
            return rc;
        }
        if ((e->flags & NODE_DATA) != 0 && map_find(&t->store->nodes, e->path, e->path_len) == NULL &&
            t->created > 0) {
            t->created--;
        }
        report(t, e, e == top ? 0 : NODE_EXACT);
        node_drop_data(e);
        e->flags |= NODE_DELETED;
    }
    return 0;
}

static int check_conflicts(const struct transaction *t)
{
    for (uint32_t i = 0; i < t->table.bucket_count; i++) {
        for (const struct node *e = t->table.buckets[i]; e != NULL; e = e->chain) {
            const struct node *base = map_find(&t->store->nodes, e->path, e->path_len);

            if ((base != NULL ? base->generation : 0) != e->generation) {
                return -XEN_EAGAIN;
            }
        }
    }
    return 0;
}

/* Whether an entry changes the store. */
static bool entry_changes(const struct node *e, const struct node *base)
{
    return (e->flags & NODE_DELETED) != 0 ? base != NULL : (e->flags & NODE_DATA) != 0;
}

static int add_delta(struct store *s, const struct node *n, int sign)
{
    struct account *a = store_account(s, n->perms[0].domid);

    if (a == NULL) {
        return -XEN_ENOMEM;
    }
    a->node_delta += sign;
    a->byte_delta += sign * (int64_t)node_cost(n);
    return 0;
}

static int sum_deltas(const struct transaction *t)
{
    int rc = 0;

    for (uint32_t i = 0; i < t->table.bucket_count && rc == 0; i++) {
        for (const struct node *e = t->table.buckets[i]; e != NULL && rc == 0; e = e->chain) {
            const struct node *base = map_find(&t->store->nodes, e->path, e->path_len);

            if (!entry_changes(e, base)) {
                continue;
            }
            rc = base != NULL ? add_delta(t->store, base, -1) : 0;
            if (rc == 0 && (e->flags & NODE_DELETED) == 0) {
                rc = add_delta(t->store, e, 1);
            }
        }
    }
    return rc;
}

/* Check the sums against the quotas; then either make them count or forget them. */
static int settle_deltas(struct store *s, int rc)
{
    for (unsigned int pass = 0; pass < 2; pass++) {
        for (unsigned int i = 0; i < ACCOUNT_BUCKETS; i++) {
            for (struct account *a = s->accounts[i]; a != NULL; a = a->next) {
                int64_t nodes = a->node_count + a->node_delta;
                int64_t bytes = (int64_t)a->node_bytes + a->byte_delta;

                if (pass == 0) {
                    if (rc == 0 && !s->loading && a->domid != s->exempt &&
                        ((a->node_delta > 0 && nodes > s->quota.nodes) ||
                         (a->byte_delta > 0 && bytes > s->quota.node_bytes))) {
                        rc = -XEN_ENOSPC;
                    }
                    continue;
                }
                if (rc == 0) {
                    a->node_count = (uint32_t)nodes;
                    a->node_bytes = (uint64_t)bytes;
                }
                a->node_delta = 0;
                a->byte_delta = 0;
            }
        }
    }
    return rc;
}

/* Move one entry's change into the store; the entry is left with the former data. */
static void apply(struct transaction *t, struct node *e)
{
    struct store *s = t->store;
    struct node *base = map_find(&s->nodes, e->path, e->path_len);

    if (!entry_changes(e, base)) {
        return;
    }
    if ((e->flags & NODE_DELETED) != 0) {
        map_remove(&s->nodes, base);
        node_swap_data(e, base);
        node_free(base);
        return;
    }
    node_swap_data(e, base);
    base->generation = s->generation;
}

/* New nodes need a structure in the store's table: all are made before anything changes. */
static int make_new_nodes(struct transaction *t, struct node **fresh)
{
    for (uint32_t i = 0; i < t->table.bucket_count; i++) {
        for (const struct node *e = t->table.buckets[i]; e != NULL; e = e->chain) {
            struct node *n;

            if ((e->flags & (NODE_DATA | NODE_DELETED)) != NODE_DATA ||
                map_find(&t->store->nodes, e->path, e->path_len) != NULL) {
                continue;
            }
            n = node_new(e->path, e->path_len);
            if (n == NULL) {
                return -XEN_ENOMEM;
            }
            n->flags = NODE_DATA;
            n->todo = *fresh;
            *fresh = n;
        }
    }
    return 0;
}

int transaction_commit(struct transaction *t)
{
    struct node *fresh = NULL;
    int rc = t->broken != 0 ? t->broken : check_conflicts(t);

    if (rc != 0) {
        return rc;
    }
    rc = make_new_nodes(t, &fresh);
    if (rc == 0) {
        rc = settle_deltas(t->store, sum_deltas(t));
    }
    while (fresh != NULL) {
        struct node *n = fresh;

        fresh = n->todo;
        n->todo = NULL;
        if (rc == 0) {
            map_insert(&t->store->nodes, n);
        } else {
            node_free(n);
        }
    }
    if (rc != 0) {
        return rc;
    }
    t->store->generation++;
    for (uint32_t i = 0; i < t->table.bucket_count; i++) {
        for (struct node *e = t->table.buckets[i]; e != NULL; e = e->chain) {
            apply(t, e);
        }
    }
    return 0;
}
