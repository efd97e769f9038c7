/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests on nodes.
 */
#include "path.h"
#include "request.h"

#include <public/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where changes of this request go. */
static struct transaction *writer(struct request *r)
{
    return r->t != NULL ? r->t : &r->own;
}

static int take_path(struct request *r, bool special_too)
{
    if (special_too && path_is_special(r->args[0], r->arg_len[0])) {
        memcpy(r->path, r->args[0], r->arg_len[0] + 1);
        r->path_len = r->arg_len[0];
        return 0;
    }
    r->path_len = path_canonical(r->c->domid, r->args[0], r->arg_len[0], r->path);
    return r->path_len != 0 ? 0 : -XEN_EINVAL;
}

static int policy(struct request *r, uint32_t requested)
{
    return mac_check_path(&r->c->server->mac, r->c->domid, r->path, r->path_len, requested, true);
}

/* The nearest node above a path that exists; there is always the root. */
static int nearest(struct request *r, const struct node **node)
{
    size_t length = r->path_len;
    int rc;

    if (r->path[0] != '/') {
        *node = NULL;
        return 0;
    }
    do {
        length = path_parent_len(r->path, length);
        rc = store_read(&r->c->server->store, r->t, r->path, length, node);
    } while (rc == 0 && *node == NULL && length > 1);
    return rc;
}

static bool may(const struct request *r, const struct node *node, unsigned int need)
{
    return (connection_access(r->c, node->perms, node->perm_count) & need) == need;
}

/*
 * Find a node and check the client's access. A client that could not look into the place where the
 * node would be does not learn that it is absent.
 */
static int find(struct request *r, unsigned int need, const struct node **node)
{
    const struct node *above;
    int rc = store_read(&r->c->server->store, r->t, r->path, r->path_len, node);

    if (rc != 0) {
        return rc;
    }
    if (*node != NULL) {
        return may(r, *node, need) ? 0 : -XEN_EACCES;
    }
    rc = nearest(r, &above);
    if (rc != 0) {
        return rc;
    }
    return above != NULL && !may(r, above, need) ? -XEN_EACCES : -XEN_ENOENT;
}

int request_directory(struct request *r)
{
    const struct node *node;
    int rc = take_path(r, false);

    rc = rc != 0 ? rc : policy(r, r->c->server->mac.perm.list);
    rc = rc != 0 ? rc : find(r, ACCESS_READ, &node);
    if (rc != 0) {
        return rc;
    }
    if (node->children_len > XENSTORE_PAYLOAD_MAX) {
        return -XEN_E2BIG;
    }
    reply_set(r, node->children, node->children_len);
    return 0;
}

/* "<generation>NUL", then names from the offset on; an empty name ends the list. */
int request_directory_part(struct request *r)
{
    const struct node *node;
    char generation[24];
    unsigned long offset;
    size_t head, length;
    char *end;
    int rc = take_path(r, false);

    rc = rc != 0 ? rc : policy(r, r->c->server->mac.perm.list);
    rc = rc != 0 ? rc : find(r, ACCESS_READ, &node);
    if (rc != 0) {
        return rc;
    }
    offset = strtoul(r->args[1], &end, 10);
    if (r->args[1][0] < '0' || r->args[1][0] > '9' || *end != '\0' || offset > node->children_len) {
        return -XEN_EINVAL;
    }
    head = (size_t)snprintf(generation, sizeof(generation), "%llu",
                            (unsigned long long)node->generation) + 1;
    length = 0;
    while (offset + length < node->children_len) {
        size_t n = strlen(node->children + offset + length) + 1;

        if (head + length + n > XENSTORE_PAYLOAD_MAX) {
            break;
        }
        length += n;
    }
    memcpy(r->c->server->reply, generation, head);
    if (length != 0) {
        memcpy(r->c->server->reply + head, node->children + offset, length);
    }
    r->reply_len = head + length;
    if (offset + length == node->children_len && r->reply_len < XENSTORE_PAYLOAD_MAX) {
        r->c->server->reply[r->reply_len++] = '\0';
    }
    return 0;
}

int request_read(struct request *r)
{
    const struct node *node;
    int rc = take_path(r, false);

    rc = rc != 0 ? rc : policy(r, r->c->server->mac.perm.read);
    rc = rc != 0 ? rc : find(r, ACCESS_READ, &node);
    if (rc == 0) {
        reply_set(r, node->value, node->value_len);
    }
    return rc;
}

int nodes_create(struct transaction *t, const char *path, size_t length, uint16_t creator,
                 struct node **node)
{
    const struct node *above = NULL;
    struct perm *perms;
    uint32_t count;
    size_t have = length, next;
    bool created = false;
    int rc;

    do {
        have = path_parent_len(path, have);
        rc = store_read(t->store, t, path, have, &above);
        if (rc != 0) {
            return rc;
        }
    } while (above == NULL && have > 1);
    if (above == NULL) {
        return -XEN_ENOENT;
    }
    count = above->perm_count;
    perms = malloc(count * sizeof(*perms));
    if (perms == NULL) {
        return -XEN_ENOMEM;
    }
    memcpy(perms, above->perms, count * sizeof(*perms));
    if (creator != DOMID_NONE) {
        perms[0].domid = creator;
    }
    do {
        next = have == 1 ? 1 : have + 1;
        while (next < length && path[next] != '/') {
            next++;
        }
        rc = transaction_create(t, path, next, perms, count, next == length, node);
        if (rc != 0 && created) {
            t->broken = rc;          /* never commit half a path */
        }
        created = true;
        have = next;
    } while (rc == 0 && have < length);
    free(perms);
    return rc;
}

/* Get the node for a write, or create it: questions first. */
static int find_or_create(struct request *r, struct node **node, bool *existed)
{
    struct server *s = r->c->server;
    const struct node *seen, *above;
    int rc = store_read(&s->store, r->t, r->path, r->path_len, &seen);

    if (rc != 0) {
        return rc;
    }
    *existed = seen != NULL;
    rc = policy(r, *existed ? s->mac.perm.write : s->mac.perm.create);
    if (rc != 0) {
        return rc;
    }
    if (*existed) {
        return may(r, seen, ACCESS_WRITE) ? 0 : -XEN_EACCES;
    }
    rc = nearest(r, &above);
    if (rc != 0) {
        return rc;
    }
    if (!may(r, above, ACCESS_WRITE)) {
        return -XEN_EACCES;
    }
    return nodes_create(writer(r), r->path, r->path_len,
                        connection_is_privileged(r->c) ? (uint16_t)DOMID_NONE : r->c->domid,
                        node);
}

int request_write(struct request *r)
{
    struct server *s = r->c->server;
    struct node *node = NULL;
    size_t length = r->length - (r->arg_len[0] + 1);
    bool existed;
    int rc = take_path(r, false);

    if (rc == 0 && length > s->store.quota.value_bytes && !connection_is_privileged(r->c)) {
        rc = -XEN_ENOSPC;
    }
    rc = rc != 0 ? rc : find_or_create(r, &node, &existed);
    if (rc == 0 && existed) {
        rc = transaction_change(writer(r), r->path, r->path_len, &node);
    }
    rc = rc != 0 ? rc : node_set_value(node, r->payload + r->arg_len[0] + 1, length);
    writer(r)->bytes += rc == 0 ? length : 0;
    reply_text(r, "OK");
    return rc;
}

int request_mkdir(struct request *r)
{
    struct node *node;
    bool existed;
    int rc = take_path(r, false);

    rc = rc != 0 ? rc : find_or_create(r, &node, &existed);
    reply_text(r, "OK");
    return rc;
}

int request_rm(struct request *r)
{
    struct server *s = r->c->server;
    const struct node *node, *parent;
    int rc = take_path(r, false);

    if (rc == 0 && r->path_len == 1) {
        rc = -XEN_EINVAL;
    }
    rc = rc != 0 ? rc : policy(r, s->mac.perm.delete);
    rc = rc != 0 ? rc : mac_check_below(&s->mac, r->c->domid, r->path, r->path_len,
                                        s->mac.perm.delete);
    rc = rc != 0 ? rc : find(r, ACCESS_WRITE, &node);
    reply_text(r, "OK");
    if (rc == -XEN_ENOENT) {
        /* Already gone is as good, if its parent is there. */
        rc = store_read(&s->store, r->t, r->path, path_parent_len(r->path, r->path_len), &parent);
        return rc != 0 ? rc : parent != NULL ? 0 : -XEN_ENOENT;
    }
    return rc != 0 ? rc : transaction_delete(writer(r), r->path, r->path_len);
}

int request_get_perms(struct request *r)
{
    const struct node *node;
    size_t at = 0;
    int rc = take_path(r, true);

    rc = rc != 0 ? rc : policy(r, r->c->server->mac.perm.read);
    rc = rc != 0 ? rc : find(r, ACCESS_READ, &node);
    for (uint32_t i = 0; rc == 0 && i < node->perm_count; i++) {
        if (at + 8 > XENSTORE_PAYLOAD_MAX) {
            return -XEN_E2BIG;
        }
        at += perm_format(&node->perms[i], (char *)r->c->server->reply + at) + 1;
    }
    r->reply_len = at;
    return rc;
}

/* The permission strings of the payload, from the second one on; all of it must be strings. */
static int take_perms(const struct request *r, struct perm *perms, uint32_t limit, uint32_t *count)
{
    size_t at = r->arg_len[0] + 1;

    *count = 0;
    while (at < r->length) {
        const uint8_t *end = memchr(r->payload + at, '\0', r->length - at);

        if (end == NULL) {
            return -XEN_EINVAL;
        }
        if (*count == limit) {
            return -XEN_ENOSPC;
        }
        if (!perm_parse((const char *)r->payload + at, (size_t)(end - (r->payload + at)),
                        &perms[*count])) {
            return -XEN_EINVAL;
        }
        at = (size_t)(end - r->payload) + 1;
        (*count)++;
    }
    return *count != 0 ? 0 : -XEN_EINVAL;
}

#define PERMS_MAX 64u

int request_set_perms(struct request *r)
{
    struct server *s = r->c->server;
    bool privileged = connection_is_privileged(r->c);
    struct perm perms[PERMS_MAX];
    const struct node *seen;
    struct node *node;
    uint32_t count, limit = privileged ? PERMS_MAX : s->store.quota.perms;
    int rc = take_path(r, true);

    rc = rc != 0 ? rc : take_perms(r, perms, limit < PERMS_MAX ? limit : PERMS_MAX, &count);
    rc = rc != 0 ? rc : policy(r, s->mac.perm.setperms);
    rc = rc != 0 ? rc : find(r, ACCESS_WRITE | ACCESS_OWNER, &seen);
    if (rc == 0 && !privileged && perms[0].domid != seen->perms[0].domid) {
        rc = -XEN_EPERM;
    }
    rc = rc != 0 ? rc : transaction_change(writer(r), r->path, r->path_len, &node);
    rc = rc != 0 ? rc : node_set_perms(node, perms, count);
    reply_text(r, "OK");
    return rc;
}
