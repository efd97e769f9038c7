/* SPDX-License-Identifier: Apache-2.0 */
/* Ports that the hypervisor makes itself: at launch, for one domain to be bound by another, and with itself as the end. */
#include "evtchn.h"

#include <xen/errno.h>

int evtchn_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port)
{
    struct xsm_audit audit = { .have = XSM_AUDIT_DOMID | XSM_AUDIT_TARGET | XSM_AUDIT_OP,
                               .domid = d->id, .source = &d->audit, .target = remote, .op = "launch" };
    struct domain *rd = domain_get(remote);
    xsm_sid_t sid;
    struct port *p;
    int rc;

    if (rd == NULL) {
        return -ESRCH;
    }
    rc = xsm_transition_sid(read_once(d->sid), read_once(rd->sid), SECCLASS_EVENT, &sid);
    if (rc == 0) {
        rc = xsm_check(sid, read_once(rd->sid), SECCLASS_EVENT, EVENT__BIND, &audit);
    }
    domain_put(rd);
    if (rc != 0) {
        return rc;
    }
    spin_lock(&d->evtchn->lock);
    rc = port_find_free(d->evtchn, *port, &p);
    if (rc == 0) {
        p->u.remote = remote;
        port_take(d, p, PORT_UNBOUND, 0, sid);
        *port = p->nr;
    }
    spin_unlock(&d->evtchn->lock);
    return rc;
}

int evtchn_bind_consumer(struct domain *d, evtchn_port_t *port, void (*fn)(void *arg), void *arg)
{
    xsm_sid_t own = read_once(d->sid), self, sid;
    struct port *p;
    int rc = xsm_transition_sid(own, own, SECCLASS_DOMAIN, &self);

    /*
     * Labelled as the domain's channels with itself, as its VIRQs are. Xen's policy has type transitions towards
     * domains only; one towards the hypervisor would leave the port with the hypervisor's type: nobody may send there.
     */
    rc = rc != 0 ? rc : xsm_transition_sid(own, self, SECCLASS_EVENT, &sid);
    if (rc != 0) {
        return rc;
    }
    spin_lock(&d->evtchn->lock);
    rc = port_find_free(d->evtchn, *port, &p);
    if (rc == 0) {
        p->u.consumer.fn = fn;
        p->u.consumer.arg = arg;
        port_take(d, p, PORT_CONSUMER, 0, sid);
        *port = p->nr;
    }
    spin_unlock(&d->evtchn->lock);
    return rc;
}

void evtchn_unbind_consumer(struct domain *d, evtchn_port_t nr)
{
    struct port *p = port_lookup(d->evtchn, nr);

    if (p == NULL) {
        return;
    }
    spin_lock(&d->evtchn->lock);
    if (p->state == PORT_CONSUMER) {
        port_close_locked(d, p); /* waits for a send that is under way: fn is not called any more */
    }
    spin_unlock(&d->evtchn->lock);
}

int evtchn_peer_sid(struct domain *d, evtchn_port_t nr, xsm_sid_t *out)
{
    struct port *p = port_lookup(d->evtchn, nr);
    int rc = -EINVAL;

    if (p == NULL) {
        return rc;
    }
    spin_lock(&p->lock); /* keeps the peer connected */
    if (p->state == PORT_INTERDOMAIN) {
        *out = read_once(p->u.peer.dom->sid);
        rc = 0;
    }
    spin_unlock(&p->lock);
    return rc;
}
