/* SPDX-License-Identifier: Apache-2.0 */
#include "replug.h"

#include "path.h"
#include "request.h"
#include "seed.h"

#include <public/io/xenbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOMAINS "/local/domain/"

/* -- links of the seed ---------------------------------------------------------------------------- */

/* The domid of /local/domain/<domid>/<rest>, and where the rest begins; 0: it is none. */
static size_t split(const char *path, size_t length, uint16_t *domid)
{
    size_t at = sizeof(DOMAINS) - 1, end;

    if (length <= at || memcmp(path, DOMAINS, at) != 0) {
        return 0;
    }
    for (end = at; end < length && path[end] != '/'; end++) {
    }
    return end < length && domid_parse(path + at, end - at, domid) ? end + 1 : 0;
}

static bool starts(const char *text, size_t length, const char *with)
{
    return length >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static struct replug_client *client_of(struct replug *r, uint16_t domid)
{
    for (unsigned int i = 0; i < r->client_count; i++) {
        if (r->clients[i].domid == domid) {
            return &r->clients[i];
        }
    }
    return NULL;
}

/* Does a path end with this node? Without it, it is so long. */
static bool ends(const char *path, size_t length, const char *node, size_t *folder)
{
    size_t n = strlen(node);

    *folder = length > n ? length - n : 0;
    return length > n && memcmp(path + length - n, node, n) == 0;
}

static bool take_link(struct replug *r, const char *path, size_t folder, const char *value, size_t value_len)
{
    struct replug_link link = { .state = LINK_IDLE };
    size_t rest = split(path, folder, &link.front);

    if (rest == 0 || !starts(path + rest, folder - rest, "device/") || split(value, value_len, &link.back) == 0) {
        return true;
    }
    if (folder >= REPLUG_PATH_MAX || value_len >= REPLUG_PATH_MAX || r->link_count == REPLUG_LINKS_MAX) {
        return false;
    }
    memcpy(link.front_path, path, folder);
    memcpy(link.back_path, value, value_len);
    r->links[r->link_count++] = link;
    if (client_of(r, link.front) == NULL) {
        r->clients[r->client_count++] = (struct replug_client){ .domid = link.front };
    }
    return true;
}

/* .../device/<class>/<number>/backend names the other side; /reconnect comes after it. */
static bool take_node(void *arg, const char *path, size_t length, const char *value, size_t value_len)
{
    struct replug *r = arg;
    size_t folder;

    if (ends(path, length, "/backend", &folder)) {
        return take_link(r, path, folder, value, value_len);
    }
    if (ends(path, length, "/reconnect", &folder) && value_len == 4 && memcmp(value, "ring", 4) == 0) {
        for (unsigned int i = 0; i < r->link_count; i++) {
            struct replug_link *l = &r->links[i];

            l->keeps_ring |= strlen(l->front_path) == folder && memcmp(l->front_path, path, folder) == 0;
        }
    }
    return true;
}

bool replug_init(struct replug *r, struct server *s, const uint8_t *seed, size_t size, const struct replug_ops *ops,
                 void *arg)
{
    memset(r, 0, sizeof(*r));
    r->server = s;
    r->seed = seed;
    r->seed_size = size;
    r->ops = ops;
    r->arg = arg;
    return seed_each(seed, size, take_node, r);
}

/* -- nodes ---------------------------------------------------------------------------------------- */

static uint64_t now_of(const struct replug *r)
{
    return r->server->ops->now_ns(r->server->arg);
}

/* A small number in a node; XenbusStateUnknown when there is none. */
static unsigned long number_at(const struct replug *r, const char *folder, const char *name)
{
    char path[REPLUG_PATH_MAX + 32], text[8];
    int length = snprintf(path, sizeof(path), "%s/%s", folder, name);
    const struct node *n = map_find(&r->server->store.nodes, path, (size_t)length);

    if (n == NULL || n->value_len == 0 || n->value_len >= sizeof(text)) {
        return XenbusStateUnknown;
    }
    memcpy(text, n->value, n->value_len);
    text[n->value_len] = '\0';
    return strtoul(text, NULL, 10);
}

/* Change a node that is there, and tell. */
static void put(struct replug *r, const char *folder, const char *name, const char *value)
{
    char path[REPLUG_PATH_MAX + 32];
    size_t length = (size_t)snprintf(path, sizeof(path), "%s/%s", folder, name);
    struct transaction t;
    struct node *n;
    int rc;

    transaction_init(&t, &r->server->store, 0);
    rc = transaction_change(&t, path, length, &n);
    rc = rc != 0 ? rc : node_set_value(n, (const uint8_t *)value, strlen(value));
    r->server->store.loading = true; /* no quota: it is not its owner who writes */
    rc = rc != 0 ? rc : transaction_commit(&t);
    r->server->store.loading = false;
    if (rc == 0) {
        request_report(r->server, &t);
    } else {
        server_log(r->server, "xenstore: %s cannot be written (error %d)", path, rc);
    }
    transaction_destroy(&t);
}

static void restore(struct replug *r, const char *const *tops, unsigned int count)
{
    struct seed_error error;

    if (!seed_restore(r->server, r->seed, r->seed_size, tops, count, &error)) {
        server_log(r->server, "xenstore: %s: %s", tops[0], error.reason);
    }
}

/* -- links ---------------------------------------------------------------------------------------- */

static unsigned long back_state(const struct replug *r, const struct replug_link *l)
{
    return number_at(r, l->back_path, "state");
}

static void link_set(struct replug *r, struct replug_link *l, enum link_state state)
{
    l->state = state;
    l->since_ns = now_of(r);
}

/* The front end's folder is as at the beginning: a back end that comes, or lets go, waits for it. */
static void link_open(struct replug *r, struct replug_link *l)
{
    const char *top = l->front_path;

    restore(r, &top, 1);
    link_set(r, l, LINK_OPENING);
}

/* Ask a back end that lives to let go of what its front end had; one that never had anything is let be. */
static void link_close(struct replug *r, struct replug_link *l)
{
    unsigned long state = back_state(r, l);

    if (state == XenbusStateInitialising || state == XenbusStateInitWait || state == XenbusStateUnknown) {
        link_open(r, l);
        return;
    }
    put(r, l->front_path, "state", "6"); /* XenbusStateClosed */
    link_set(r, l, LINK_CLOSING);
}

/* A server that is gone may take its time: its client runs on. */
static bool has_limit(const struct replug_link *l)
{
    return l->state == LINK_CLOSING || (l->state == LINK_OPENING && !l->cut);
}

/* @return whether something has changed */
static bool link_run(struct replug *r, struct replug_link *l)
{
    unsigned long state;

    if (l->state == LINK_IDLE || l->state == LINK_READY) {
        return false;
    }
    state = back_state(r, l);
    if (l->state == LINK_CLOSING && state == XenbusStateClosed) {
        link_open(r, l);
        return true;
    }
    if (l->state == LINK_OPENING && state == XenbusStateInitWait) {
        link_set(r, l, LINK_READY);
        return true;
    }
    if (has_limit(l) && now_of(r) - l->since_ns > REPLUG_LINK_NS) {
        server_log(r->server, "xenstore: %s does not answer (state %lu)", l->back_path, state);
        if (l->state == LINK_CLOSING) {
            link_open(r, l);
        }
        link_set(r, l, LINK_READY);
        return true;
    }
    return false;
}

static bool is_connected(const struct replug *r, const struct replug_link *l)
{
    return number_at(r, l->front_path, "state") != XenbusStateInitialising;
}

/* Its server is gone: will the next life of that take the front end up as it is? One that is under way ends as it was begun. */
static bool is_kept(const struct replug *r, struct replug_link *l)
{
    if (back_state(r, l) != XenbusStateInitialising) {
        l->reattach = number_at(r, l->back_path, "reattach") == 1;
    }
    return l->reattach && (l->state == LINK_IDLE || l->state == LINK_READY);
}

/* -- domains -------------------------------------------------------------------------------------- */

void replug_gone(struct replug *r, uint16_t domid)
{
    const char *tops[REPLUG_LINKS_MAX + 1];
    char own[sizeof(DOMAINS) + 8];
    unsigned int count = 1;
    struct replug_client *c = client_of(r, domid);

    snprintf(own, sizeof(own), DOMAINS "%u", domid);
    tops[0] = own;
    for (unsigned int i = 0; i < r->link_count; i++) {
        struct replug_link *l = &r->links[i];

        if (l->back == domid && l->front != domid && !(l->keeps_ring && is_connected(r, l)) && !is_kept(r, l)) {
            l->cut = l->cut || is_connected(r, l);
            tops[count++] = l->front_path;
            link_set(r, l, LINK_OPENING);
        }
    }
    restore(r, tops, count);
    if (c != NULL) {
        c->phase = REPLUG_IDLE;
    }
    for (unsigned int i = 0; i < r->link_count; i++) {
        struct replug_link *l = &r->links[i];

        if (l->front == domid) {
            l->cut = false; /* its next life has no connection to lose */
            if (l->state != LINK_OPENING) {
                link_close(r, l);
            }
        }
    }
}

bool replug_may_serve(const struct replug *r, uint16_t domid)
{
    for (unsigned int i = 0; i < r->link_count; i++) {
        if (r->links[i].front == domid && r->links[i].state == LINK_CLOSING) {
            return false;
        }
    }
    return true;
}

/* Are all of its links, or those that are cut, as they have to be? */
static bool all_ready(const struct replug *r, uint16_t domid, bool only_cut)
{
    for (unsigned int i = 0; i < r->link_count; i++) {
        const struct replug_link *l = &r->links[i];

        if (l->front == domid && (l->cut || !only_cut) && l->state != LINK_READY) {
            return false;
        }
    }
    return true;
}

static bool is_cut(const struct replug *r, uint16_t domid)
{
    for (unsigned int i = 0; i < r->link_count; i++) {
        if (r->links[i].front == domid && r->links[i].cut) {
            return true;
        }
    }
    return false;
}

static void phase_set(struct replug *r, struct replug_client *c, enum replug_phase phase)
{
    c->phase = phase;
    c->since_ns = now_of(r);
}

/* Has its kernel said that it can? */
static bool can_suspend(const struct replug *r, const struct replug_client *c)
{
    char folder[sizeof(DOMAINS) + 16];

    snprintf(folder, sizeof(folder), DOMAINS "%u/control", c->domid);
    return number_at(r, folder, "feature-suspend") == 1;
}

/* Are its links that are not cut connected on both sides, or not in use at all? */
static bool at_rest(const struct replug *r, uint16_t domid)
{
    for (unsigned int i = 0; i < r->link_count; i++) {
        const struct replug_link *l = &r->links[i];
        unsigned long front = number_at(r, l->front_path, "state");

        if (l->front == domid && !l->cut
            && (front == XenbusStateInitialised || (front == XenbusStateConnected && back_state(r, l) != XenbusStateConnected))) {
            return false;
        }
    }
    return true;
}

static void ask(struct replug *r, struct replug_client *c)
{
    char folder[sizeof(DOMAINS) + 16];

    snprintf(folder, sizeof(folder), DOMAINS "%u/control", c->domid);
    server_log(r->server, "xenstore: domain %u is to suspend", c->domid);
    put(r, folder, "shutdown", "suspend");
    phase_set(r, c, REPLUG_ASKED);
}

/* It has stopped: what it had registered here is of its former life; its back ends that live let go. */
static void suspended(struct replug *r, struct replug_client *c)
{
    struct connection *conn = server_find(r->server, c->domid);

    if (conn != NULL) {
        connection_reset(conn);
    }
    for (unsigned int i = 0; i < r->link_count; i++) {
        struct replug_link *l = &r->links[i];

        if (l->front != c->domid) {
            continue;
        }
        l->cut = false; /* nothing is connected any more; a server that goes now costs no further suspension */
        if (l->state == LINK_IDLE) {
            link_close(r, l);
        }
        l->since_ns = now_of(r);
    }
    phase_set(r, c, REPLUG_RESUMING);
}

static void resume(struct replug *r, struct replug_client *c)
{
    int rc = r->ops->resume(r->arg, c->domid);

    server_log(r->server, "xenstore: domain %u goes on%s", c->domid, rc == 0 ? "" : ": refused");
    for (unsigned int i = 0; i < r->link_count; i++) {
        if (r->links[i].front == c->domid && r->links[i].state == LINK_READY) {
            r->links[i].state = LINK_IDLE;
        }
    }
    phase_set(r, c, REPLUG_IDLE);
}

/* @return whether something has changed */
static bool client_run(struct replug *r, struct replug_client *c)
{
    bool wanted = is_cut(r, c->domid) && all_ready(r, c->domid, true);
    enum replug_phase before = c->phase;

    switch (c->phase) {
    case REPLUG_IDLE:
        if (wanted && can_suspend(r, c)) {
            phase_set(r, c, REPLUG_HELD);
        }
        break;
    case REPLUG_HELD:
        if (!wanted) {
            phase_set(r, c, REPLUG_IDLE);
        } else if (at_rest(r, c->domid) || now_of(r) - c->since_ns > REPLUG_REST_NS) {
            ask(r, c);
        }
        break;
    case REPLUG_ASKED:
        if (r->ops->state(r->arg, c->domid) == REPLUG_SUSPENDED) {
            suspended(r, c);
        } else if (now_of(r) - c->since_ns > REPLUG_ASK_NS) {
            server_log(r->server, "xenstore: domain %u does not suspend", c->domid);
            phase_set(r, c, REPLUG_IDLE);
        }
        break;
    case REPLUG_RESUMING:
        if (all_ready(r, c->domid, false)) {
            resume(r, c);
        }
        break;
    }
    return c->phase != before;
}

/* Nobody waits for a link that is ready and belongs to no suspension. */
static void settle(struct replug *r)
{
    for (unsigned int i = 0; i < r->link_count; i++) {
        struct replug_link *l = &r->links[i];
        const struct replug_client *c = client_of(r, l->front);

        if (l->state == LINK_READY && !l->cut && c->phase == REPLUG_IDLE) {
            l->state = LINK_IDLE;
        }
    }
}

bool replug_run(struct replug *r)
{
    bool changed = true, more = false;

    for (unsigned int rounds = 0; changed && rounds < 4; rounds++) {
        changed = false;
        for (unsigned int i = 0; i < r->link_count; i++) {
            changed = link_run(r, &r->links[i]) || changed;
        }
        for (unsigned int i = 0; i < r->client_count; i++) {
            changed = client_run(r, &r->clients[i]) || changed;
        }
        settle(r);
    }
    for (unsigned int i = 0; i < r->link_count; i++) {
        more = more || has_limit(&r->links[i]);
    }
    for (unsigned int i = 0; i < r->client_count; i++) {
        more = more || r->clients[i].phase != REPLUG_IDLE;
    }
    return more;
}
