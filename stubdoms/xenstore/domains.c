/* SPDX-License-Identifier: Apache-2.0 */
#include "domains.h"

#include "flask.h"
#include "path.h"
#include "replug.h"
#include "ring.h"

#include <runtime/evtchn.h>
#include <runtime/grant.h>
#include <runtime/hypercall.h>
#include <runtime/time.h>
#include <stdlib.h>
#include <string.h>

/* The transport of a connection. */
struct channel {
    evtchn_port_t port;              /* our end, 0: none */
    uint32_t remote_port;
    struct grant_map ring;
    bool refused;                    /* not to be tried again */
    bool reported;                   /* a failure has been printed */
    bool served;                     /* has been connected before */
};

#define TURN_NS (20 * NS_PER_MS)     /* while connections are re-made */

static struct timer check_timer, turn_timer;
static struct replug *replug;

static struct channel *channel_of(struct connection *c)
{
    if (c->transport == NULL) {
        c->transport = calloc(1, sizeof(struct channel));
    }
    return c->transport;
}

static void on_event(evtchn_port_t port, void *arg)
{
    struct connection *c = arg;

    (void)port;
    c->waiting = true;
}

void domains_notify(void *arg, struct connection *c)
{
    const struct channel *ch = c->transport;

    (void)arg;
    if (ch != NULL && ch->port != 0) {
        (void)evtchn_send(ch->port);
    }
}

static void disconnect(struct connection *c)
{
    struct channel *ch = c->transport;

    connection_detach(c);
    if (ch == NULL) {
        return;
    }
    if (ch->port != 0) {
        (void)evtchn_close(ch->port);
        ch->port = 0;
    }
    if (ch->ring.page != NULL && grant_unmap(&ch->ring) != 0) {
        server_log(c->server, "xenstore: domain %u: unmapping its ring: status %d", c->domid,
                   ch->ring.status);
        ch->ring.page = NULL;
    }
}

/* The label that the hypervisor knows counts; a seed that says otherwise is for another host. */
static int check_label(struct connection *c, const struct channel *ch)
{
    struct mac *mac = &c->server->mac;
    sid_t sid, expected = mac_domain_sid(mac, c->domid);

    if (!mac->enabled || flask_peer_sid(ch->port, &sid) != 0) {
        return 0;
    }
    if (expected == SID_NONE) {
        return mac_label_domain(mac, c->domid, sid);
    }
    if (sid != expected) {
        server_log(c->server, "xenstore: domain %u has not the label that the seed gives it",
                   c->domid);
        return -XEN_EPERM;
    }
    return 0;
}

static void report_failure(struct connection *c, struct channel *ch, const char *what, int rc)
{
    ch->refused = rc == -XEN_EACCES || rc == -XEN_EPERM;
    if (!ch->reported) {
        server_log(c->server, "xenstore: domain %u: %s: error %d, status %d%s", c->domid, what, rc,
                   ch->ring.status, ch->refused ? "" : "; will try again");
        ch->reported = true;
    }
}

static int connect(struct connection *c)
{
    struct channel *ch = channel_of(c);
    const char *what = "binding the event channel";
    int rc;

    if (ch == NULL) {
        return -XEN_ENOMEM;
    }
    ch->ring.status = 0;
    rc = evtchn_bind_interdomain(c->domid, ch->remote_port, &ch->port);
    if (rc == 0) {
        what = "checking the label";
        rc = check_label(c, ch);
    }
    if (rc == 0) {
        what = "mapping the ring";
        rc = grant_map(c->domid, GNTTAB_RESERVED_XENSTORE, false, &ch->ring);
    }
    if (rc != 0) {
        report_failure(c, ch, what, rc);
        disconnect(c);
        return rc;
    }
    connection_attach(c, ch->ring.page);
    evtchn_set_handler(ch->port, on_event, c);
    ch->reported = false;
    server_log(c->server, "xenstore: serving domain %u%s", c->domid, ch->served ? " again" : "");
    ch->served = true;
    return 0;
}

int domains_introduce(void *arg, struct connection *c, uint64_t gfn, uint32_t port)
{
    struct channel *ch = channel_of(c);

    (void)arg;
    (void)gfn;                       /* the domain's grant says which frame it is */
    if (ch == NULL) {
        return -XEN_ENOMEM;
    }
    ch->remote_port = port;
    return connect(c);
}

void domains_release(void *arg, struct connection *c)
{
    (void)arg;
    disconnect(c);
    free(c->transport);
    c->transport = NULL;
}

/* A domain that died leaves our end of the channel unbound. */
static bool peer_is_gone(const struct channel *ch)
{
    struct evtchn_status status;

    return ch->port != 0 && evtchn_status(DOMID_SELF, ch->port, &status) == 0 &&
           status.status != EVTCHNSTAT_interdomain;
}

static void check(struct server *s)
{
    for (struct connection *c = s->connections; c != NULL; c = c->next) {
        struct channel *ch = c->transport;

        if (ch == NULL) {
            continue;
        }
        if (peer_is_gone(ch)) {
            server_log(s, "xenstore: domain %u is gone", c->domid);
            disconnect(c);
            replug_gone(replug, c->domid);
            watch_fire(s, PATH_RELEASE, sizeof(PATH_RELEASE) - 1, true, NULL, 0);
        }
        if (c->state == CONNECTION_NEW && !ch->refused && replug_may_serve(replug, c->domid) && connect(c) == 0) {
            watch_fire(s, PATH_INTRODUCE, sizeof(PATH_INTRODUCE) - 1, true, NULL, 0);
        }
    }
    domains_turn(s);
}

static void check_all(void *arg)
{
    check(arg);
    timer_set(&check_timer, time_now_ns() + NS_PER_S, check_all, arg);
}

static void domain_changed(evtchn_port_t port, void *arg)
{
    (void)port;
    check(arg);
}

static void turn(void *arg)
{
    check(arg);
}

void domains_turn(struct server *s)
{
    if (replug_run(replug)) {
        timer_set(&turn_timer, time_now_ns() + TURN_NS, turn, s);
    }
}

void domains_start(struct server *s, struct replug *r)
{
    const struct mac *mac = &s->mac;
    domid_t self = domain_self();
    evtchn_port_t port = 0;
    int rc;

    replug = r;

    for (struct connection *c = s->connections; c != NULL; c = c->next) {
        struct channel *ch = channel_of(c);

        if (ch == NULL) {
            server_log(s, "xenstore: out of memory for domain %u", c->domid);
            continue;
        }
        ch->remote_port = STORE_PORT;
        if (mac_check_domain(&s->mac, self, c->domid, mac->perm.introduce) != 0) {
            ch->refused = true;
            continue;
        }
        (void)connect(c);
    }
    timer_set(&check_timer, time_now_ns() + NS_PER_S, check_all, s);
    rc = evtchn_bind_virq(VIRQ_DOM_EXC, 0, &port);
    if (rc == 0) {
        evtchn_set_handler(port, domain_changed, s);
    } else {
        server_log(s, "xenstore: not told of domains that come and go (error %d): looking once a second", rc);
    }
}
