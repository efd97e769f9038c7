/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making ports. A new port is labelled by the type transition of its domain towards the domain at the other end (itself
 * for VIRQs, IPIs and consumers, by its self label) in class event.
 */
#include "evtchn.h"

#include <xen/errno.h>

/* What `other` is to `d`, which need not be the caller. */
static int label_towards(const struct domain *d, const struct domain *other, xsm_sid_t *sid)
{
    return domain_label(d, read_once(d->sid), other, read_once(other->sid), sid);
}

/* -- EVTCHNOP_alloc_unbound ----------------------------------------------------------------------- */

int evtchn_alloc_decode(struct call *c)
{
    const struct evtchn_alloc_unbound *a = c->arg;
    int rc = call_target(c, a->dom);

    rc = rc != 0 ? rc : call_second(c, a->remote_dom);
    rc = rc != 0 ? rc : label_towards(c->target, c->second, &c->sid[PARTY_SECOND]);
    if (rc != 0) {
        return rc;
    }
    spin_lock(&c->target->evtchn->lock);
    c->release = release_target_table;
    return xsm_transition_sid(read_once(c->target->sid), c->sid[PARTY_SECOND], SECCLASS_EVENT,
                              &c->sid[PARTY_OBJECT]);
}

long evtchn_alloc_act(struct call *c)
{
    struct evtchn_alloc_unbound *a = c->arg;
    struct port *p;
    int rc = port_find_free(c->target->evtchn, 0, &p); /* here, since the table may grow for it */

    if (rc != 0) {
        return rc;
    }
    p->u.remote = c->second->id;
    port_take(c->target, p, PORT_UNBOUND, 0, c->sid[PARTY_OBJECT]);
    a->port = p->nr;
    return 0;
}

/* -- EVTCHNOP_bind_interdomain -------------------------------------------------------------------- */

static void interdomain_release(struct call *c)
{
    tables_unlock(c->caller, c->target);
}

int evtchn_interdomain_decode(struct call *c)
{
    const struct evtchn_bind_interdomain *a = c->arg;
    struct port *rp;
    int rc = call_target(c, a->remote_dom);

    rc = rc != 0 ? rc : label_towards(c->target, c->caller, &c->sid[PARTY_SECOND]);
    if (rc != 0) {
        return rc;
    }
    tables_lock(c->caller, c->target);
    c->release = interdomain_release;
    rp = port_lookup(c->target->evtchn, a->remote_port);
    if (rp == NULL || rp->state == PORT_FREE) {
        rp = NULL; /* whoever may not bind does not learn which ports there are */
        c->skip = 1u << 2;
    } else {
        c->sid[PARTY_PEER] = rp->sid;
    }
    c->ptr[1] = rp;
    c->audit.port = a->remote_port;
    c->audit.have |= XSM_AUDIT_PORT;
    return xsm_transition_sid(c->sid[PARTY_CALLER], c->sid[PARTY_TARGET], SECCLASS_EVENT,
                              &c->sid[PARTY_OBJECT]);
}

long evtchn_interdomain_act(struct call *c)
{
    struct evtchn_bind_interdomain *a = c->arg;
    struct port *lp, *rp = c->ptr[1];
    int rc;

    /* After the questions, so that reaching for a port which was made for somebody else is on record. */
    if (rp == NULL || rp->state != PORT_UNBOUND || rp->u.remote != c->caller->id) {
        return -EINVAL;
    }
    rc = port_find_free(c->caller->evtchn, 0, &lp);
    if (rc != 0) {
        return rc;
    }
    lp->u.peer.dom = c->target;
    lp->u.peer.port = rp;
    port_take(c->caller, lp, PORT_INTERDOMAIN, 0, c->sid[PARTY_OBJECT]);
    spin_lock(&rp->lock);
    rp->u.peer.dom = c->caller;
    rp->u.peer.port = lp;
    rp->state = PORT_INTERDOMAIN;
    spin_unlock(&rp->lock);
    /* What the remote sent while nobody was there is not known: let us look. */
    port_set_pending(c->caller, lp);
    a->local_port = lp->nr;
    return 0;
}

/* -- EVTCHNOP_bind_virq, EVTCHNOP_bind_ipi -------------------------------------------------------- */

static bool virq_is_per_vcpu(uint32_t virq)
{
    return virq == VIRQ_TIMER || virq == VIRQ_DEBUG || virq == VIRQ_XENOPROF || virq == VIRQ_XENPMU;
}

/* A free port of the caller and the label of a port that leads to itself; the table stays locked. */
static int own_port_decode(struct call *c, uint32_t vcpu)
{
    struct port *p;
    int rc = call_target(c, DOMID_SELF);

    if (rc != 0) {
        return rc;
    }
    c->v = c->caller->vcpu[array_index_nospec(vcpu, MAX_VCPUS)];
    spin_lock(&c->caller->evtchn->lock);
    c->release = release_caller_table;
    rc = port_find_free(c->caller->evtchn, 0, &p);
    if (rc != 0) {
        return rc;
    }
    c->ptr[0] = p;
    return xsm_transition_sid(c->sid[PARTY_CALLER], c->sid[PARTY_TARGET], SECCLASS_EVENT,
                              &c->sid[PARTY_OBJECT]);
}

int evtchn_virq_decode(struct call *c)
{
    const struct evtchn_bind_virq *a = c->arg;
    int rc;

    if (a->virq >= NR_VIRQS || (!virq_is_per_vcpu(a->virq) && a->vcpu != 0)) {
        return -EINVAL;
    }
    if (a->vcpu >= c->caller->vcpu_count) {
        return -ENOENT;
    }
    rc = own_port_decode(c, a->vcpu);
    if (rc != 0) {
        return rc;
    }
    return c->v->virq_port[array_index_nospec(a->virq, NR_VIRQS)] != 0 ? -EEXIST : 0;
}

long evtchn_virq_act(struct call *c)
{
    struct evtchn_bind_virq *a = c->arg;
    struct port *p = c->ptr[0];

    p->u.virq = a->virq;
    port_take(c->caller, p, PORT_VIRQ, c->v->id, c->sid[PARTY_OBJECT]);
    write_once(c->v->virq_port[array_index_nospec(a->virq, NR_VIRQS)], p->nr);
    a->port = p->nr;
    return 0;
}

int evtchn_ipi_decode(struct call *c)
{
    const struct evtchn_bind_ipi *a = c->arg;

    return a->vcpu >= c->caller->vcpu_count ? -ENOENT : own_port_decode(c, a->vcpu);
}

long evtchn_ipi_act(struct call *c)
{
    struct evtchn_bind_ipi *a = c->arg;
    struct port *p = c->ptr[0];

    port_take(c->caller, p, PORT_IPI, c->v->id, c->sid[PARTY_OBJECT]);
    a->port = p->nr;
    return 0;
}

/* -- EVTCHNOP_bind_vcpu --------------------------------------------------------------------------- */

int evtchn_bind_vcpu_decode(struct call *c)
{
    const struct evtchn_bind_vcpu *a = c->arg;
    struct port *p = port_lookup(c->caller->evtchn, a->port);

    if (a->vcpu >= c->caller->vcpu_count) {
        return -ENOENT;
    }
    if (p == NULL) {
        return -EINVAL;
    }
    spin_lock(&c->caller->evtchn->lock);
    c->release = release_caller_table;
    c->ptr[0] = p;
    switch (p->state) {
    case PORT_UNBOUND:
    case PORT_INTERDOMAIN:
    case PORT_CONSUMER:
        return 0;
    case PORT_VIRQ:
        return virq_is_per_vcpu(p->u.virq) ? -EINVAL : 0;
    default:
        return -EINVAL;
    }
}

long evtchn_bind_vcpu_act(struct call *c)
{
    const struct evtchn_bind_vcpu *a = c->arg;
    struct port *p = c->ptr[0];

    write_once(p->vcpu, (uint16_t)a->vcpu);
    return 0;
}
