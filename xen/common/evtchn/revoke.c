/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels that may not be bound any more. Sending needs no look: each send is asked about. An end is
 * found when its label may not be bound to the domain at the other end; closing it leaves the other end
 * unbound, waiting for a bind that is asked about anew.
 */
#include "evtchn.h"

#include <xen/revoke.h>

/* What is at the other end, for the question; locks of port_lock_close() held. @return false: no domain there */
static bool other_end(const struct port *p, const struct revoke_walk *w, struct xsm_audit *audit,
                      xsm_sid_t *sid)
{
    struct domain *rd;

    if (p->state == PORT_INTERDOMAIN) {
        *sid = revoke_label(w, p->u.peer.dom);
        audit->target = p->u.peer.dom->id;
        return true;
    }
    if (p->state != PORT_UNBOUND || (rd = domain_get(p->u.remote)) == NULL) {
        return false; /* nobody is there who could bind it */
    }
    *sid = revoke_label(w, rd);
    audit->target = rd->id;
    domain_put(rd);
    return true;
}

static void look(struct domain *d, struct revoke_walk *w, evtchn_port_t nr)
{
    struct xsm_audit audit = { .have = XSM_AUDIT_DOMID | XSM_AUDIT_TARGET | XSM_AUDIT_PORT,
                               .domid = d->id, .port = nr };
    xsm_sid_t sid = XSM_SID_NULL, port_sid;
    struct domain *rd;
    struct port *p;
    bool denied;

    if (port_lock_close(d, nr, &p, &rd) != 0) {
        return; /* closed meanwhile */
    }
    port_sid = p->sid;
    denied = other_end(p, w, &audit, &sid) &&
             revoke_denied(w, port_sid, sid, SECCLASS_EVENT, EVENT__BIND);
    if (denied && revoke_drops(w)) {
        port_close_locked(d, p);
    }
    tables_unlock(d, rd != NULL ? rd : d);
    if (rd != NULL) {
        domain_put(rd);
    }
    if (denied) {
        w->counts.ports++;
        xsm_audit_revocation(port_sid, sid, SECCLASS_EVENT, EVENT__BIND, w->how, &audit);
    }
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
