/* SPDX-License-Identifier: Apache-2.0 */
/* Closing: one port, all of a domain's (EVTCHNOP_reset), or for good (the domain dies). */
#include "evtchn.h"

#include <xen/errno.h>
#include <xen/softirq.h>

/* Is p still the end of a pair with rd (or of none, when rd is NULL or d itself)? Both tables are locked. */
static bool still_paired(const struct domain *d, const struct port *p, const struct domain *rd)
{
    if (p->state != PORT_INTERDOMAIN) {
        return rd == NULL;
    }
    return p->u.peer.dom == (rd != NULL ? rd : d);
}

int port_lock_close(struct domain *d, evtchn_port_t nr, struct port **out, struct domain **rd_out)
{
    struct port *p = port_lookup(d->evtchn, nr);

    if (p == NULL) {
        return -EINVAL;
    }
    for (;;) {
        struct domain *rd = NULL;

        spin_lock(&d->evtchn->lock);
        if (p->state == PORT_FREE) {
            spin_unlock(&d->evtchn->lock);
            return -EINVAL;
        }
        if (p->state == PORT_INTERDOMAIN && p->u.peer.dom != d) {
            rd = p->u.peer.dom; /* alive: its ports cannot be closed without our lock */
            domain_get_more(rd);
            if (d->id < rd->id) {
                spin_lock_second(&rd->evtchn->lock);
            } else {
                spin_unlock(&d->evtchn->lock);
                tables_lock(d, rd);
            }
        }
        if (still_paired(d, p, rd) && p->state != PORT_FREE) {
            *out = p;
            *rd_out = rd;
            return 0;
        }
        tables_unlock(d, rd != NULL ? rd : d);
        if (rd != NULL) {
            domain_put(rd);
        }
    }
}

static void virq_forget(struct domain *d, const struct port *p)
{
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpu[i]->virq_port[p->u.virq] == p->nr) {
            write_once(d->vcpu[i]->virq_port[p->u.virq], 0);
        }
    }
}

void port_close_locked(struct domain *d, struct port *p)
{
    if (p->state == PORT_INTERDOMAIN) {
        struct port *rp = p->u.peer.port;

        /* The other end waits for us again; it gets no event, as in the ABI. */
        spin_lock(&rp->lock);
        rp->state = PORT_UNBOUND;
        memset(&rp->u, 0, sizeof(rp->u));
        rp->u.remote = d->id;
        spin_unlock(&rp->lock);
    } else if (p->state == PORT_VIRQ) {
        virq_forget(d, p);
    }
    spin_lock(&p->lock);
    port_release(d, p);
    spin_unlock(&p->lock);
}

/* -- EVTCHNOP_close ----------------------------------------------------------------------------- */

static void close_release(struct call *c)
{
    tables_unlock(c->caller, c->second != NULL ? c->second : c->caller);
}

int evtchn_close_decode(struct call *c)
{
    const struct evtchn_close *a = c->arg;
    struct port *p;
    int rc = port_lock_close(c->caller, a->port, &p, &c->second);

    if (rc != 0) {
        return rc;
    }
    c->release = close_release;
    c->ptr[0] = p;
    return p->state == PORT_CONSUMER ? -EINVAL : 0;
}

long evtchn_close_act(struct call *c)
{
    port_close_locked(c->caller, c->ptr[0]);
    return 0;
}

/* -- all of them -------------------------------------------------------------------------------- */

evtchn_port_t port_next_used(struct domain *d, evtchn_port_t nr)
{
    struct evtchn_table *t = d->evtchn;

    spin_lock(&t->lock);
    while (nr < EVTCHN_MAX_PORTS) {
        uint64_t word = t->used[nr / 64] >> (nr % 64);

        if (word != 0) {
            nr += (unsigned)__builtin_ctzll(word);
            spin_unlock(&t->lock);
            return nr;
        }
        nr = (nr / 64 + 1) * 64;
    }
    spin_unlock(&t->lock);
    return 0;
}

/* @return 0, or -ERESTART after at least one port when the CPU has other work. */
static int close_all(struct domain *d, bool consumers, bool preemptible)
{
    evtchn_port_t nr = 0;

    while ((nr = port_next_used(d, nr + 1)) != 0) {
        struct domain *rd;
        struct port *p;

        if (port_lock_close(d, nr, &p, &rd) != 0) {
            continue; /* closed by someone else meanwhile */
        }
        if (consumers || p->state != PORT_CONSUMER) {
            port_close_locked(d, p);
        }
        tables_unlock(d, rd != NULL ? rd : d);
        if (rd != NULL) {
            domain_put(rd);
        }
        if (preemptible && preempt_wanted()) {
            return -ERESTART;
        }
    }
    return 0;
}

void evtchn_destroy(struct domain *d)
{
    if (d->evtchn == NULL) {
        return;
    }
    spin_lock(&d->evtchn->lock);
    d->evtchn->closed = true;
    spin_unlock(&d->evtchn->lock);
    (void)close_all(d, true, false);
    /* Nothing can become pending any more: the places where it was written go back. */
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        struct vcpu *v = d->vcpu[i];

        if (v != NULL) {
            timer_kill(&v->pace.late);
        }
        if (v != NULL && v->info_page != NULL) {
            __atomic_store_n(&v->info, NULL, __ATOMIC_RELEASE);
            page_put(v->info_page);
            v->info_page = NULL;
        }
    }
}

void evtchn_new_life(struct domain *d)
{
    uint64_t store, console; /* at a domain's start these channels are there before it runs */
    evtchn_port_t nr = 0;

    spin_lock(&d->hvm_lock);
    store = d->hvm_params[HVM_PARAM_STORE_EVTCHN];
    console = d->hvm_params[HVM_PARAM_CONSOLE_EVTCHN];
    spin_unlock(&d->hvm_lock);
    while ((nr = port_next_used(d, nr + 1)) != 0) {
        struct domain *rd;
        struct port *p;

        if (port_lock_close(d, nr, &p, &rd) != 0) {
            continue;
        }
        if (nr == store || nr == console) {
            write_once(p->vcpu, 0);
        } else if (p->state != PORT_CONSUMER) {
            port_close_locked(d, p);
        }
        tables_unlock(d, rd != NULL ? rd : d);
        if (rd != NULL) {
            domain_put(rd);
        }
    }
    /* What is pending on the channels that stay is seen when their ports are bound to an interrupt again. */
    for (unsigned i = 0; i < ARRAY_SIZE(d->shared_info->evtchn_mask); i++) {
        __atomic_store_n(&d->shared_info->evtchn_mask[i], 0, __ATOMIC_SEQ_CST);
    }
}

void evtchn_settle(struct domain *d)
{
    evtchn_port_t nr = 0;

    while ((nr = port_next_used(d, nr + 1)) != 0) {
        struct domain *rd;
        struct port *p;

        if (port_lock_close(d, nr, &p, &rd) != 0) {
            continue;
        }
        spin_lock(&p->lock);
        spin_unlock(&p->lock);
        if (p->state == PORT_INTERDOMAIN) {
            spin_lock(&p->u.peer.port->lock);
            spin_unlock(&p->u.peer.port->lock);
        }
        tables_unlock(d, rd != NULL ? rd : d);
        if (rd != NULL) {
            domain_put(rd);
        }
    }
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        timer_kill(&d->vcpu[i]->pace.late);
        evtchn_late(d->vcpu[i]); /* what it was for: else nobody would set it again */
    }
}

int evtchn_reset_decode(struct call *c)
{
    const struct evtchn_reset *a = c->arg;

    return call_target(c, a->dom);
}

long evtchn_reset_act(struct call *c)
{
    /* Another domain has to be paused for it, else it would see its ports vanish while it uses them. */
    if (c->target != c->caller &&
        (read_once(c->target->pause_count) == 0 || !domain_is_quiet(c->target))) {
        return -EINVAL;
    }
    return close_all(c->target, false, true);
}
