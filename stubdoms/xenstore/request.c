/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row per request type: how its payload is cut up, and what handles it. A handler first finds
 * and refuses, then changes; the reply goes out before the events that the change causes.
 *
 * Order of questions: is the request well formed, does the policy allow it (EACCES, with an audit
 * line), do the node's permissions allow it.
 */
#include "request.h"

#include "path.h"

#include <public/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int number;
    const char *name;
} error_names[] = {
    { XEN_EINVAL, "EINVAL" }, { XEN_EACCES, "EACCES" }, { XEN_EEXIST, "EEXIST" },
    { XEN_EISDIR, "EISDIR" }, { XEN_ENOENT, "ENOENT" }, { XEN_ENOMEM, "ENOMEM" },
    { XEN_ENOSPC, "ENOSPC" }, { XEN_EIO, "EIO" }, { XEN_ENOTEMPTY, "ENOTEMPTY" },
    { XEN_ENOSYS, "ENOSYS" }, { XEN_EROFS, "EROFS" }, { XEN_EBUSY, "EBUSY" },
    { XEN_EAGAIN, "EAGAIN" }, { XEN_EISCONN, "EISCONN" }, { XEN_E2BIG, "E2BIG" },
    { XEN_EPERM, "EPERM" },
};

static const char *error_name(int rc)
{
    for (size_t i = 0; i < sizeof(error_names) / sizeof(error_names[0]); i++) {
        if (error_names[i].number == -rc) {
            return error_names[i].name;
        }
    }
    return "EINVAL";
}

void reply_set(struct request *r, const void *bytes, size_t length)
{
    if (length != 0) {
        memcpy(r->c->server->reply, bytes, length);
    }
    r->reply_len = length;
}

void reply_text(struct request *r, const char *text)
{
    reply_set(r, text, strlen(text) + 1);
}

/* Cut the payload into NUL-terminated strings. What follows the last NUL is not among them. */
static void split(struct request *r)
{
    size_t at = 0;

    r->arg_count = 0;
    while (at < r->length && r->arg_count < REQUEST_ARGS) {
        const void *end = memchr(r->payload + at, '\0', r->length - at);

        if (end == NULL) {
            break;
        }
        r->args[r->arg_count] = (const char *)r->payload + at;
        r->arg_len[r->arg_count] = (size_t)((const uint8_t *)end - (r->payload + at));
        at += r->arg_len[r->arg_count] + 1;
        r->arg_count++;
    }
    r->rest = at;
}

static struct transaction *transaction_find(struct connection *c, uint32_t id)
{
    for (struct transaction *t = c->transactions; t != NULL; t = t->next) {
        if (t->id == id) {
            return t;
        }
    }
    return NULL;
}

static int transaction_start(struct request *r)
{
    struct connection *c = r->c;
    struct store *s = &c->server->store;
    struct account *a = store_account(s, c->domid);
    struct transaction *t;
    char text[16];

    if (r->t != NULL) {
        return -XEN_EBUSY;
    }
    if (a == NULL) {
        return -XEN_ENOMEM;
    }
    if (!connection_is_privileged(c) && a->transaction_count >= s->quota.transactions) {
        return -XEN_ENOSPC;
    }
    t = malloc(sizeof(*t));
    if (t == NULL) {
        return -XEN_ENOMEM;
    }
    do {
        c->transaction_id++;
    } while (c->transaction_id == 0 || transaction_find(c, c->transaction_id) != NULL);
    transaction_init(t, s, c->transaction_id);
    if (!connection_is_privileged(c)) {
        t->byte_limit = s->quota.transaction_bytes;
    }
    t->next = c->transactions;
    c->transactions = t;
    a->transaction_count++;
    snprintf(text, sizeof(text), "%u", t->id);
    reply_text(r, text);
    return 0;
}

static int transaction_end(struct request *r)
{
    struct connection *c = r->c;
    struct account *a = store_account(&c->server->store, c->domid);
    struct transaction **at = &c->transactions;
    bool commit = strcmp(r->args[0], "T") == 0;

    if (r->t == NULL) {
        return -XEN_ENOENT;
    }
    if (!commit && strcmp(r->args[0], "F") != 0) {
        return -XEN_EINVAL;
    }
    while (*at != r->t) {
        at = &(*at)->next;
    }
    *at = r->t->next;
    if (a != NULL && a->transaction_count > 0) {
        a->transaction_count--;
    }
    r->ended = r->t;
    r->t = NULL;
    reply_text(r, "OK");
    if (!commit) {
        return 0;
    }
    r->committed = true;
    return transaction_commit(r->ended);
}

static int watch(struct request *r)
{
    struct connection *c = r->c;
    const char *path = r->args[0];
    size_t length = r->arg_len[0], skip = 0;
    int rc;

    if (!path_is_special(path, length)) {
        length = path_canonical(c->domid, r->args[0], r->arg_len[0], r->path);
        if (length == 0) {
            return -XEN_EINVAL;
        }
        skip = r->args[0][0] == '/' ? 0 : length - r->arg_len[0];
        path = r->path;
    }
    rc = mac_check_path(&c->server->mac, c->domid, path, length, c->server->mac.perm.watch, true);
    rc = rc != 0 ? rc : watch_add(c, path, length, skip, r->args[1], r->arg_len[1]);
    if (rc == 0) {
        reply_text(r, "OK");
        r->first_event = true;
    }
    return rc;
}

static int unwatch(struct request *r)
{
    const char *path = r->args[0];
    size_t length = r->arg_len[0];

    if (!path_is_special(path, length)) {
        length = path_canonical(r->c->domid, r->args[0], r->arg_len[0], r->path);
        if (length == 0) {
            return -XEN_EINVAL;
        }
        path = r->path;
    }
    reply_text(r, "OK");
    return watch_remove(r->c, path, length, r->args[1], r->arg_len[1]);
}

static int reset_watches(struct request *r)
{
    struct connection *c = r->c;
    struct account *a = store_account(&c->server->store, c->domid);

    watch_remove_all(c);
    while (c->transactions != NULL) {
        struct transaction *t = c->transactions;

        c->transactions = t->next;
        transaction_destroy(t);
        free(t);
    }
    if (a != NULL) {
        a->transaction_count = 0;
    }
    r->t = NULL;
    reply_text(r, "OK");
    return 0;
}

#define ROW_TX 1u                    /* may name a transaction */

static const struct row {
    int (*handle)(struct request *r);
    const char *name;
    uint8_t args;                    /* strings that it needs */
    uint8_t flags;
} rows[XS_TYPE_COUNT] = {
    [XS_CONTROL] = { request_control, "control", 1, 0 },
    [XS_DIRECTORY] = { request_directory, "directory", 1, ROW_TX },
    [XS_READ] = { request_read, "read", 1, ROW_TX },
    [XS_GET_PERMS] = { request_get_perms, "get_perms", 1, ROW_TX },
    [XS_WATCH] = { watch, "watch", 2, 0 },
    [XS_UNWATCH] = { unwatch, "unwatch", 2, 0 },
    [XS_TRANSACTION_START] = { transaction_start, "transaction_start", 0, ROW_TX },
    [XS_TRANSACTION_END] = { transaction_end, "transaction_end", 1, ROW_TX },
    [XS_INTRODUCE] = { request_introduce, "introduce", 3, 0 },
    [XS_RELEASE] = { request_release, "release", 1, 0 },
    [XS_GET_DOMAIN_PATH] = { request_get_domain_path, "get_domain_path", 1, 0 },
    [XS_WRITE] = { request_write, "write", 1, ROW_TX },
    [XS_MKDIR] = { request_mkdir, "mkdir", 1, ROW_TX },
    [XS_RM] = { request_rm, "rm", 1, ROW_TX },
    [XS_SET_PERMS] = { request_set_perms, "set_perms", 2, ROW_TX },
    [XS_IS_DOMAIN_INTRODUCED] = { request_is_introduced, "is_domain_introduced", 1, 0 },
    [XS_RESUME] = { request_resume, "resume", 1, 0 },
    [XS_SET_TARGET] = { request_set_target, "set_target", 2, 0 },
    [XS_RESET_WATCHES] = { reset_watches, "reset_watches", 0, 0 },
    [XS_DIRECTORY_PART] = { request_directory_part, "directory_part", 2, ROW_TX },
};

static int dispatch(struct request *r, uint32_t type, uint32_t tx_id)
{
    const struct row *row = type < XS_TYPE_COUNT ? &rows[type] : NULL;

    if (row == NULL || row->handle == NULL) {
        return -XEN_ENOSYS;
    }
    split(r);
    if (r->arg_count < row->args) {
        return -XEN_EINVAL;
    }
    if (tx_id != 0 && (row->flags & ROW_TX) != 0) {
        r->t = transaction_find(r->c, tx_id);
        if (r->t == NULL) {
            return -XEN_ENOENT;
        }
    }
    return row->handle(r);
}

void request_report(struct server *s, const struct transaction *t)
{
    for (const struct node *n = t->first; n != NULL; n = n->order) {
        watch_fire(s, n->path, n->path_len, (n->flags & NODE_EXACT) != 0, n->perms,
                   n->perm_count);
    }
}

static void trace(struct connection *c, const struct xsd_sockmsg *h, const uint8_t *payload, int rc)
{
    const char *name = h->type < XS_TYPE_COUNT && rows[h->type].name != NULL ? rows[h->type].name
                                                                            : "?";

    server_log(c->server, "xenstore: d%u %s tx=%u %.*s: %s", c->domid, name, h->tx_id,
               (int)(h->len < 200 ? h->len : 200), (const char *)payload,
               rc == 0 ? "ok" : error_name(rc));
}

void request_handle(struct connection *c, const struct xsd_sockmsg *h, const uint8_t *payload)
{
    struct server *s = c->server;
    struct request r;
    int rc;

    r.c = c;
    r.t = NULL;
    r.ended = NULL;
    r.committed = false;
    r.first_event = false;
    r.fire = NULL;
    r.payload = payload;
    r.length = h->len;
    r.reply_len = 0;
    transaction_init(&r.own, &s->store, 0);
    c->request_count++;
    rc = dispatch(&r, h->type, h->tx_id);
    if (rc == 0 && r.t == NULL && r.own.table.count != 0) {
        rc = transaction_commit(&r.own);
    }
    if (s->trace) {
        trace(c, h, payload, rc);
    }
    if (rc != 0) {
        const char *name = error_name(rc);

        rc = connection_send(c, XS_ERROR, h->req_id, h->tx_id, name, strlen(name) + 1) == 0
             ? rc : -XEN_ENOMEM;
    } else if (connection_send(c, h->type, h->req_id, h->tx_id, s->reply, r.reply_len) != 0) {
        connection_complain(c, "out of memory for a reply");
    }
    if (rc == 0) {
        request_report(s, &r.own);
        if (r.committed) {
            request_report(s, r.ended);
        }
        if (r.first_event) {
            (void)connection_send_event(c, r.args[0], r.arg_len[0], r.args[1], r.arg_len[1]);
        }
        if (r.fire != NULL) {
            watch_fire(s, r.fire, strlen(r.fire), true, NULL, 0);
        }
    }
    transaction_destroy(&r.own);
    if (r.ended != NULL) {
        transaction_destroy(r.ended);
        free(r.ended);
    }
}
