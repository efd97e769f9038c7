/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

#include <string.h>

#define RING_MASK (XENSTORE_RING_SIZE - 1u)

/* One access of exactly this width, in program order with other such accesses. */
static uint32_t load(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *p, uint32_t value)
{
    __atomic_store_n(p, value, __ATOMIC_RELEASE);
}

/* End a connection; @why NULL: that has been said. */
static void tell_error(struct connection *c, uint32_t error, const char *why)
{
    c->state = CONNECTION_FAILED;
    if (why != NULL) {
        connection_complain(c, why);
    }
    connection_reset(c);
    store(&c->ring->error, error);
    c->server->ops->notify(c->server->arg, c);
}

void connection_attach(struct connection *c, struct xenstore_domain_interface *page)
{
    connection_reset(c);
    c->ring = page;
    c->state = CONNECTION_OPEN;
    c->req_cons = load(&page->req_cons);
    c->rsp_prod = load(&page->rsp_prod);
    store(&page->server_features, XENSTORE_SERVER_FEATURE_RECONNECTION |
                                  XENSTORE_SERVER_FEATURE_ERROR);
    store(&page->error, XENSTORE_ERROR_NONE);
    store(&page->connection, XENSTORE_CONNECTED);
    c->waiting = true;
    c->server->ops->notify(c->server->arg, c);
}

void connection_detach(struct connection *c)
{
    connection_reset(c);
    c->ring = NULL;
    c->state = CONNECTION_NEW;
    c->waiting = false;
}

/* The peer asked to start over: both sides at index 0, nothing remembered. */
static void reconnect(struct connection *c)
{
    struct xenstore_domain_interface *ring = c->ring;

    connection_reset(c);
    c->req_cons = 0;
    c->rsp_prod = 0;
    store(&ring->req_cons, 0);
    store(&ring->req_prod, 0);
    store(&ring->rsp_cons, 0);
    store(&ring->rsp_prod, 0);
    store(&ring->error, XENSTORE_ERROR_NONE);
    store(&ring->connection, XENSTORE_CONNECTED);
    c->state = CONNECTION_OPEN;
    c->server->ops->notify(c->server->arg, c);
}

/* Copy up to @want bytes of the request stream; the number copied, or -1 for impossible indexes. */
static int take(struct connection *c, uint8_t *to, uint32_t want)
{
    uint32_t there = load(&c->ring->req_prod) - c->req_cons;
    uint32_t count = there < want ? there : want;
    uint32_t at = c->req_cons & RING_MASK;
    uint32_t first = count < XENSTORE_RING_SIZE - at ? count : XENSTORE_RING_SIZE - at;

    if (there > XENSTORE_RING_SIZE) {
        return -1;
    }
    memcpy(to, c->ring->req + at, first);
    memcpy(to + first, c->ring->req, count - first);
    c->req_cons += count;
    if (count != 0) {
        store(&c->ring->req_cons, c->req_cons);
    }
    return (int)count;
}

enum progress { PROGRESS_NONE, PROGRESS_SOME, PROGRESS_REQUEST, PROGRESS_FAILED };

/* Go on reading the current request. */
static enum progress receive(struct connection *c, bool *moved)
{
    uint32_t head = sizeof(c->header);
    int n;

    if (c->received < head) {
        n = take(c, (uint8_t *)&c->header + c->received, head - c->received);
        if (n < 0) {
            tell_error(c, XENSTORE_ERROR_RINGIDX, "impossible request index: connection ended");
            return PROGRESS_FAILED;
        }
        c->received += (uint32_t)n;
        *moved |= n != 0;
        if (c->received < head) {
            return PROGRESS_NONE;
        }
        if (c->header.len > XENSTORE_PAYLOAD_MAX) {
            tell_error(c, XENSTORE_ERROR_PROTO, "request longer than the protocol allows: connection ended");
            return PROGRESS_FAILED;
        }
    }
    n = take(c, c->payload + (c->received - head), c->header.len - (c->received - head));
    if (n < 0) {
        tell_error(c, XENSTORE_ERROR_RINGIDX, "impossible request index: connection ended");
        return PROGRESS_FAILED;
    }
    c->received += (uint32_t)n;
    *moved |= n != 0;
    if (c->received < head + c->header.len) {
        return PROGRESS_NONE;
    }
    c->payload[c->header.len] = '\0';
    c->received = 0;
    return PROGRESS_REQUEST;
}

/* Write out what fits; false when the peer's index cannot be. */
static bool transmit(struct connection *c, bool *moved)
{
    while (c->out_first != NULL) {
        struct message *m = c->out_first;
        uint32_t used = c->rsp_prod - load(&c->ring->rsp_cons);
        uint32_t left = m->length - m->sent;
        uint32_t at = c->rsp_prod & RING_MASK;
        uint32_t count, first;

        if (used > XENSTORE_RING_SIZE) {
            tell_error(c, XENSTORE_ERROR_RINGIDX, "impossible response index: connection ended");
            return false;
        }
        count = left < XENSTORE_RING_SIZE - used ? left : XENSTORE_RING_SIZE - used;
        if (count == 0) {
            return true;
        }
        first = count < XENSTORE_RING_SIZE - at ? count : XENSTORE_RING_SIZE - at;
        memcpy(c->ring->rsp + at, m->bytes + m->sent, first);
        memcpy(c->ring->rsp, m->bytes + m->sent + first, count - first);
        c->rsp_prod += count;
        store(&c->ring->rsp_prod, c->rsp_prod);
        m->sent += count;
        *moved = true;
        if (m->sent == m->length) {
            message_done(c);
        }
    }
    return true;
}

bool connection_turn(struct connection *c)
{
    enum progress progress = PROGRESS_NONE;
    bool moved = false, more = false;

    if (c->ring == NULL) {
        return false;
    }
    if (load(&c->ring->connection) == XENSTORE_RECONNECT) {
        reconnect(c);
    }
    if (c->state == CONNECTION_FAILED) {
        if (c->out_first != NULL || c->watches != NULL) {
            tell_error(c, XENSTORE_ERROR_COMM, NULL);
        }
        return false;
    }
    for (unsigned int i = 0; ; i++) {
        if (!transmit(c, &moved)) {
            return false;
        }
        if (c->reply_bytes > c->server->store.quota.reply_bytes) {
            break;                   /* it must read its replies first; its next event resumes */
        }
        if (i == TURN_REQUESTS) {
            more = true;
            break;
        }
        progress = receive(c, &moved);
        if (progress != PROGRESS_REQUEST) {
            break;
        }
        request_handle(c, &c->header, c->payload);
    }
    if (c->state == CONNECTION_OPEN && moved) {
        c->server->ops->notify(c->server->arg, c);
    }
    return more && progress != PROGRESS_FAILED;
}

bool server_run(struct server *s)
{
    bool again = false;

    for (struct connection *c = s->connections; c != NULL; c = c->next) {
        if (c->waiting) {
            c->waiting = false;
            c->waiting = connection_turn(c);
        }
    }
    for (const struct connection *c = s->connections; c != NULL; c = c->next) {
        again = again || c->waiting;
    }
    return again;
}
