/* SPDX-License-Identifier: Apache-2.0 */
/* Sending and unmasking: the calls on every I/O path. One lock, one question, no allocation. */
#include "evtchn.h"

#include <xen/errno.h>

static void send_release(struct call *c)
{
    struct port *p = c->ptr[0];

    spin_unlock(&p->lock);
}

int evtchn_send_decode(struct call *c)
{
    const struct evtchn_send *a = c->arg;
    struct port *p = port_lookup(c->caller->evtchn, a->port);

    if (unlikely(p == NULL)) {
        return -EINVAL;
    }
    spin_lock(&p->lock);
    c->ptr[0] = p;
    c->release = send_release;
    c->audit.port = a->port;
    c->audit.have |= XSM_AUDIT_PORT;
    c->sid[PARTY_OBJECT] = p->sid;
    return p->state == PORT_FREE || p->state == PORT_VIRQ ? -EINVAL : 0;
}

long evtchn_send_act(struct call *c)
{
    struct port *p = c->ptr[0];

    switch (p->state) {
    case PORT_INTERDOMAIN:
        if (likely(p->u.peer.dom != c->caller)) {
            port_send_pending(p->u.peer.dom, p->u.peer.port);
        } else {
            port_set_pending(c->caller, p->u.peer.port);
        }
        break;
    case PORT_IPI:
        port_set_pending(c->caller, p);
        break;
    case PORT_CONSUMER:
        p->u.consumer.fn(p->u.consumer.arg);
        break;
    default: /* unbound: nobody is there yet */
        break;
    }
    return 0;
}

int evtchn_unmask_decode(struct call *c)
{
    const struct evtchn_unmask *a = c->arg;
    struct port *p = port_lookup(c->caller->evtchn, a->port);

    if (p == NULL) {
        return -EINVAL;
    }
    spin_lock(&p->lock);
    c->ptr[0] = p;
    c->release = send_release;
    return 0;
}

long evtchn_unmask_act(struct call *c)
{
    port_unmask(c->caller, c->ptr[0]);
    return 0;
}
