/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <public/errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPLAIN_NS UINT64_C(1000000000)

int server_init(struct server *s, const struct server_ops *ops, void *arg)
{
    memset(s, 0, sizeof(*s));
    s->ops = ops;
    s->arg = arg;
    s->privileged = DOMID_NONE;
    s->mac.log = ops->log;
    s->mac.now_ns = ops->now_ns;
    s->mac.log_arg = arg;
    return store_init(&s->store);
}

void server_destroy(struct server *s)
{
    while (s->connections != NULL) {
        struct connection *c = s->connections;

        s->connections = c->next;
        connection_reset(c);
        free(c);
    }
    mac_destroy(&s->mac);
    store_destroy(&s->store);
}

void server_log(struct server *s, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    s->ops->log(s->arg, text);
}

void connection_complain(struct connection *c, const char *what)
{
    struct server *s = c->server;
    uint64_t now = s->ops->now_ns(s->arg);

    if (c->complained_ns != 0 && now - c->complained_ns < COMPLAIN_NS) {
        c->complaints_dropped++;
        return;
    }
    if (c->complaints_dropped != 0) {
        server_log(s, "xenstore: domain %u: %u lines like this not shown", c->domid,
                   c->complaints_dropped);
    }
    c->complained_ns = now;
    c->complaints_dropped = 0;
    server_log(s, "xenstore: domain %u: %s", c->domid, what);
}

struct connection *server_find(struct server *s, uint16_t domid)
{
    for (struct connection *c = s->connections; c != NULL; c = c->next) {
        if (c->domid == domid) {
            return c;
        }
    }
    return NULL;
}

struct connection *connection_new(struct server *s, uint16_t domid)
{
    struct connection *c;
    struct connection **at = &s->connections;

    if (server_find(s, domid) != NULL) {
        return NULL;
    }
    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }
    c->server = s;
    c->domid = domid;
    c->target = DOMID_NONE;
    c->out_last = &c->out_first;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = c;
    return c;
}

void connection_reset(struct connection *c)
{
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
    while (c->out_first != NULL) {
        struct message *m = c->out_first;

        c->out_first = m->next;
        free(m);
    }
    c->out_last = &c->out_first;
    c->reply_bytes = 0;
    c->event_bytes = 0;
    c->received = 0;
}

void connection_release(struct connection *c)
{
    struct server *s = c->server;
    struct connection **at = &s->connections;

    connection_reset(c);
    if (s->ops->release != NULL) {
        s->ops->release(s->arg, c);
    }
    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
    store_forget_domain(&s->store, c->domid);
    free(c);
}

bool connection_is_privileged(const struct connection *c)
{
    return c->domid == c->server->privileged;
}

unsigned int connection_access(const struct connection *c, const struct perm *perms,
                               uint32_t count)
{
    const unsigned int all = ACCESS_READ | ACCESS_WRITE | ACCESS_OWNER;

    if (connection_is_privileged(c)) {
        return all;
    }
    if (count == 0) {
        return 0;
    }
    if (perms[0].domid == c->domid || (c->target != DOMID_NONE && perms[0].domid == c->target)) {
        return all;
    }
    for (uint32_t i = 1; i < count; i++) {
        if (perms[i].domid == c->domid ||
            (c->target != DOMID_NONE && perms[i].domid == c->target)) {
            return perms[i].access;
        }
    }
    return perms[0].access;
}

static struct message *message_new(uint32_t type, uint32_t req_id, uint32_t tx_id, size_t length)
{
    struct xsd_sockmsg header = {
        .type = type, .req_id = req_id, .tx_id = tx_id, .len = (uint32_t)length,
    };
    struct message *m = malloc(sizeof(*m) + sizeof(header) + length);

    if (m != NULL) {
        m->next = NULL;
        m->length = (uint32_t)(sizeof(header) + length);
        m->sent = 0;
        m->event = type == XS_WATCH_EVENT;
        memcpy(m->bytes, &header, sizeof(header));
    }
    return m;
}

static void enqueue(struct connection *c, struct message *m)
{
    *(m->event ? &c->event_bytes : &c->reply_bytes) += m->length;
    *c->out_last = m;
    c->out_last = &m->next;
    c->waiting = true;
}

void message_done(struct connection *c)
{
    struct message *m = c->out_first;

    *(m->event ? &c->event_bytes : &c->reply_bytes) -= m->length;
    c->out_first = m->next;
    if (c->out_first == NULL) {
        c->out_last = &c->out_first;
    }
    free(m);
}

int connection_send(struct connection *c, uint32_t type, uint32_t req_id, uint32_t tx_id,
                    const void *payload, size_t length)
{
    struct message *m = message_new(type, req_id, tx_id, length);

    if (m == NULL) {
        return -XEN_ENOMEM;
    }
    memcpy(m->bytes + sizeof(struct xsd_sockmsg), payload, length);
    enqueue(c, m);
    return 0;
}

static bool already_waiting(const struct connection *c, const struct message *event)
{
    for (const struct message *m = c->out_first; m != NULL; m = m->next) {
        if (m->event && m->sent == 0 && m->length == event->length &&
            memcmp(m->bytes, event->bytes, m->length) == 0) {
            return true;
        }
    }
    return false;
}

int connection_send_event(struct connection *c, const char *path, size_t path_len,
                          const char *token, size_t token_len)
{
    struct message *m;
    uint8_t *at;

    if (c->state == CONNECTION_FAILED) {
        return -XEN_EIO;
    }
    m = path_len + token_len + 2 <= XENSTORE_PAYLOAD_MAX
        ? message_new(XS_WATCH_EVENT, 0, 0, path_len + token_len + 2) : NULL;
    if (m == NULL) {
        return -XEN_ENOMEM;
    }
    at = m->bytes + sizeof(struct xsd_sockmsg);
    memcpy(at, path, path_len);
    at[path_len] = '\0';
    memcpy(at + path_len + 1, token, token_len);
    at[path_len + 1 + token_len] = '\0';
    if (already_waiting(c, m)) {
        free(m);
        return 0;
    }
    if (c->event_bytes + m->length > c->server->store.quota.event_bytes &&
        !connection_is_privileged(c)) {
        free(m);
        connection_complain(c, "does not take its events: connection ended");
        c->state = CONNECTION_FAILED;
        c->waiting = true;           /* the ring is told by the next server_turn() */
        return -XEN_ENOSPC;
    }
    enqueue(c, m);
    return 0;
}
