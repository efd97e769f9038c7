/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches, in one hash table by path: a change looks up each prefix of its path, so its cost grows
 * with the depth of the path and not with the number of watches.
 *
 * Who learns of a change: a domain that may read the node, its parent, or could read the node before
 * the change; and, by policy, whose label may watch the path's.
 */
#include "path.h"
#include "server.h"

#include <public/errno.h>
#include <stdlib.h>
#include <string.h>

static bool may_read(const struct connection *c, const struct node *node)
{
    return node != NULL &&
           (connection_access(c, node->perms, node->perm_count) & ACCESS_READ) != 0;
}

static bool may_learn(const struct connection *c, const char *path, size_t length,
                      const struct perm *former, uint32_t former_count)
{
    struct server *s = c->server;
    const struct node_map *nodes = &s->store.nodes;

    if (mac_check_path(&s->mac, c->domid, path, length, s->mac.perm.watch, false) != 0) {
        return false;
    }
    if (may_read(c, map_find(nodes, path, length))) {
        return true;
    }
    if (path[0] == '/' && length > 1 &&
        may_read(c, map_find(nodes, path, path_parent_len(path, length)))) {
        return true;
    }
    return former_count != 0 && (connection_access(c, former, former_count) & ACCESS_READ) != 0;
}

static void fire_at(struct server *s, const char *at, size_t at_len, const char *path,
                    size_t length, const struct perm *former, uint32_t former_count)
{
    uint32_t hash = node_hash(at, at_len);

    for (struct watch *w = s->watch_buckets[hash % WATCH_BUCKETS]; w != NULL; w = w->chain) {
        if (w->hash == hash && w->path_len == at_len && memcmp(w->text, at, at_len) == 0 &&
            may_learn(w->owner, path, length, former, former_count)) {
            (void)connection_send_event(w->owner, path + w->skip, length - w->skip,
                                        w->text + w->path_len + 1, w->token_len);
        }
    }
}

void watch_fire(struct server *s, const char *path, size_t length, bool exact,
                const struct perm *former, uint32_t former_count)
{
    if (path[0] == '/' && !exact && length > 1) {
        fire_at(s, "/", 1, path, length, former, former_count);
        for (size_t i = 1; i < length; i++) {
            if (path[i] == '/') {
                fire_at(s, path, i, path, length, former, former_count);
            }
        }
    }
    fire_at(s, path, length, path, length, former, former_count);
}

static struct watch *find(struct connection *c, const char *path, size_t length,
                          const char *token, size_t token_len)
{
    for (struct watch *w = c->watches; w != NULL; w = w->next) {
        if (w->path_len == length && w->token_len == token_len &&
            memcmp(w->text, path, length) == 0 &&
            memcmp(w->text + length + 1, token, token_len) == 0) {
            return w;
        }
    }
    return NULL;
}

int watch_add(struct connection *c, const char *path, size_t length, size_t skip,
              const char *token, size_t token_len)
{
    struct server *s = c->server;
    struct account *a = store_account(&s->store, c->domid);
    struct watch *w, **bucket;

    if (a == NULL) {
        return -XEN_ENOMEM;
    }
    if (find(c, path, length, token, token_len) != NULL) {
        return -XEN_EEXIST;
    }
    if (!connection_is_privileged(c) &&
        (a->watch_count >= s->store.quota.watches ||
         length + token_len > s->store.quota.watch_bytes)) {
        return -XEN_ENOSPC;
    }
    w = calloc(1, sizeof(*w) + length + token_len + 2);
    if (w == NULL) {
        return -XEN_ENOMEM;
    }
    memcpy(w->text, path, length);
    memcpy(w->text + length + 1, token, token_len);
    w->owner = c;
    w->hash = node_hash(path, length);
    w->path_len = (uint32_t)length;
    w->token_len = (uint32_t)token_len;
    w->skip = (uint32_t)skip;
    w->next = c->watches;
    c->watches = w;
    bucket = &s->watch_buckets[w->hash % WATCH_BUCKETS];
    w->chain = *bucket;
    *bucket = w;
    a->watch_count++;
    return 0;
}

static void drop(struct connection *c, struct watch *w)
{
    struct account *a = store_account(&c->server->store, c->domid);
    struct watch **at = &c->watches;

    while (*at != w) {
        at = &(*at)->next;
    }
    *at = w->next;
    at = &c->server->watch_buckets[w->hash % WATCH_BUCKETS];
    while (*at != w) {
        at = &(*at)->chain;
    }
    *at = w->chain;
    if (a != NULL && a->watch_count > 0) {
        a->watch_count--;
    }
    free(w);
}

int watch_remove(struct connection *c, const char *path, size_t length, const char *token,
                 size_t token_len)
{
    struct watch *w = find(c, path, length, token, token_len);

    if (w == NULL) {
        return -XEN_ENOENT;
    }
    drop(c, w);
    return 0;
}

void watch_remove_all(struct connection *c)
{
    while (c->watches != NULL) {
        drop(c, c->watches);
    }
}
