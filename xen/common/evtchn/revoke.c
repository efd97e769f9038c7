/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels that may not be bound any more. Sending needs no look: each send is asked about. An end is
 * found when its label may not be bound to the domain at the other end; closing it leaves the other end
 * unbound, waiting for a bind that is asked about anew.
 */
#include "evtchn.h"

#include <xen/revoke.h>

/* An end as it was seen under its locks. */
struct end {
    uint8_t state;
    xsm_sid_t sid;      /* the port's */
    domid_t remote;     /* at the other end, or to come */
    xsm_sid_t remote_sid;
};

static bool see(const struct domain *d, const struct port *p, const struct revoke_walk *w, struct end *e)
{
    *e = (struct end){ .state = p->state, .sid = p->sid };
    if (p->state == PORT_INTERDOMAIN) {
        e->remote = p->u.peer.dom->id;
        e->remote_sid = revoke_label_of(w, d, p->u.peer.dom);
    } else if (p->state == PORT_UNBOUND) {
        e->remote = p->u.remote;
    } else {
        return false; /* nobody else is at the other end */
    }
    return true;
}

/* The domain that an unbound end waits for: looked up with no lock held. @return false: it does not exist */
static bool waits_for(const struct domain *d, const struct revoke_walk *w, struct end *e)
{
    struct domain *rd = domain_get(e->remote);

    if (rd == NULL) {
        return false; /* whoever gets the number is asked about when it binds */
    }
    e->remote_sid = revoke_label_of(w, d, rd);
    domain_put(rd);
    return true;
}

static void unlock(struct domain *d, struct domain *rd)
{
    tables_unlock(d, rd != NULL ? rd : d);
    if (rd != NULL) {
        domain_put(rd);
    }
}

static bool denied(const struct revoke_walk *w, const struct end *e)
{
    return revoke_denied(w, e->sid, e->remote_sid, SECCLASS_EVENT, EVENT__BIND);
}

/* Close it if it still is what was denied; what it has become since was asked about. */
static void drop(struct domain *d, const struct revoke_walk *w, evtchn_port_t nr, const struct end *e)
{
    struct domain *rd;
    struct port *p;
    struct end now;

    if (port_lock_close(d, nr, &p, &rd) == 0) {
        if (see(d, p, w, &now) && now.state == e->state && now.sid == e->sid && now.remote == e->remote) {
            port_close_locked(d, p);
        }
        unlock(d, rd);
    }
}

static void look(struct domain *d, struct revoke_walk *w, evtchn_port_t nr)
{
    struct xsm_audit audit = { .have = XSM_AUDIT_DOMID | XSM_AUDIT_TARGET | XSM_AUDIT_PORT,
                               .domid = d->id, .port = nr };
    struct domain *rd;
    struct port *p;
    struct end e;
    bool seen;

    if (port_lock_close(d, nr, &p, &rd) != 0) {
        return; /* closed meanwhile */
    }
    seen = see(d, p, w, &e);
    unlock(d, rd);
    if (!seen || (e.state == PORT_UNBOUND && !waits_for(d, w, &e)) || !denied(w, &e)) {
        return;
    }
    if (revoke_drops(w)) {
        drop(d, w, nr, &e);
    }
    audit.target = e.remote;
    w->counts.ports++;
    xsm_audit_revocation(e.sid, e.remote_sid, SECCLASS_EVENT, EVENT__BIND, w->how, &audit);
}

bool evtchn_revoke(struct domain *d, struct revoke_walk *w, uint64_t *cursor, unsigned budget)
{
    evtchn_port_t nr;

    if (d->evtchn == NULL) {
        return true;
    }
    while (budget-- > 0) {
        nr = port_next_used(d, (evtchn_port_t)*cursor + 1);
        if (nr == 0) {
            return true;
        }
        look(d, w, nr);
        *cursor = nr;
    }
    return false;
}
