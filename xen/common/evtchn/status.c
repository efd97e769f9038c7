/* SPDX-License-Identifier: Apache-2.0 */
/* EVTCHNOP_status: what a port is, as the ABI names it. */
#include "evtchn.h"

#include <xen/errno.h>

int evtchn_status_decode(struct call *c)
{
    const struct evtchn_status *a = c->arg;
    struct port *p;
    int rc = call_target(c, a->dom);

    if (rc != 0) {
        return rc;
    }
    p = port_lookup(c->target->evtchn, a->port);
    if (p == NULL) {
        return -EINVAL;
    }
    c->audit.port = a->port;
    c->audit.have |= XSM_AUDIT_PORT;
    spin_lock(&c->target->evtchn->lock);
    c->release = release_target_table;
    c->ptr[0] = p;
    /* A free port of one's own has no label to ask about. */
    c->skip = p->state == PORT_FREE && c->target == c->caller ? 1u << 0 : 1u << 1;
    c->sid[PARTY_OBJECT] = p->state == PORT_FREE ? c->sid[PARTY_TARGET] : p->sid;
    return 0;
}

long evtchn_status_act(struct call *c)
{
    struct evtchn_status *a = c->arg;
    const struct port *p = c->ptr[0];

    memset(&a->u, 0, sizeof(a->u));
    a->vcpu = p->vcpu;
    switch (p->state) {
    case PORT_UNBOUND:
        a->status = EVTCHNSTAT_unbound;
        a->u.unbound.dom = p->u.remote;
        break;
    case PORT_INTERDOMAIN:
        a->status = EVTCHNSTAT_interdomain;
        a->u.interdomain.dom = p->u.peer.dom->id;
        a->u.interdomain.port = p->u.peer.port->nr;
        break;
    case PORT_CONSUMER:
        a->status = EVTCHNSTAT_interdomain;
        a->u.interdomain.dom = DOMID_XEN;
        break;
    case PORT_VIRQ:
        a->status = EVTCHNSTAT_virq;
        a->u.virq = p->u.virq;
        break;
    case PORT_IPI:
        a->status = EVTCHNSTAT_ipi;
        break;
    default:
        a->status = EVTCHNSTAT_closed;
        break;
    }
    return 0;
}
