/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a pending port to an upcall, in the 2-level layout of the ABI: pending bit of the port, selector bit of the
 * vCPU, upcall flag of the vCPU. All three are in memory that the guest writes at any time, so they
 * are only touched by single atomic operations, and nothing but the guest's own wake-up depends on them.
 */
#include "evtchn.h"

void vcpu_mark(struct vcpu *v, unsigned word)
{
    struct vcpu_info *info = read_once(v->info);
    uint64_t bit = 1ull << word;

    if (info == NULL) { /* none yet; registering one makes up for it */
        return;
    }
    if (__atomic_fetch_or(&info->evtchn_pending_sel, bit, __ATOMIC_SEQ_CST) & bit) {
        return;
    }
    if (__atomic_exchange_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST) == 0) {
        vcpu_events_raise(v);
    }
}

/* End the SCHEDOP_poll of those that wait for this port, or for more than one, or that just got an event. */
static void pollers_wake(struct domain *d, const struct port *p, unsigned notified)
{
    uint64_t left = __atomic_load_n(&d->evtchn->pollers, __ATOMIC_SEQ_CST);

    while (left != 0) {
        uint64_t bit = left & (0 - left);
        unsigned i = (unsigned)__builtin_ctzll(left);
        struct vcpu *v = d->vcpu[i];
        uint32_t port = read_once(v->poll_port);

        left &= ~bit;
        if ((port == 0 || port == p->nr || i == notified) &&
            (__atomic_fetch_and(&d->evtchn->pollers, ~bit, __ATOMIC_SEQ_CST) & bit)) {
            vcpu_wake(v, VCPU_PAUSE_POLL);
        }
    }
}

static void port_notify(struct domain *d, const struct port *p, void (*mark)(struct vcpu *v, unsigned word))
{
    unsigned word = p->nr / 64, vcpu = read_once(p->vcpu);
    uint64_t bit = 1ull << (p->nr % 64);
    bool masked =
        (__atomic_load_n(&d->shared_info->evtchn_mask[word], __ATOMIC_SEQ_CST) & bit) != 0;

    if (!masked) {
        mark(d->vcpu[vcpu], word);
    }
    if (unlikely(__atomic_load_n(&d->evtchn->pollers, __ATOMIC_SEQ_CST) != 0)) {
        pollers_wake(d, p, masked ? MAX_VCPUS : vcpu);
    }
}

/* @return whether it was not pending before */
static bool port_pend(struct domain *d, const struct port *p)
{
    uint64_t bit = 1ull << (p->nr % 64);

    return !(__atomic_fetch_or(&d->shared_info->evtchn_pending[p->nr / 64], bit, __ATOMIC_SEQ_CST) & bit);
}

void port_set_pending(struct domain *d, const struct port *p)
{
    if (port_pend(d, p)) {
        port_notify(d, p, vcpu_mark);
    }
}

void port_send_pending(struct domain *d, const struct port *p)
{
    if (port_pend(d, p)) {
        port_notify(d, p, vcpu_mark_paced);
    }
}

void port_unmask(struct domain *d, const struct port *p)
{
    unsigned word = p->nr / 64;
    uint64_t bit = 1ull << (p->nr % 64);
    struct shared_info *s = d->shared_info;

    if ((__atomic_fetch_and(&s->evtchn_mask[word], ~bit, __ATOMIC_SEQ_CST) & bit) &&
        (__atomic_load_n(&s->evtchn_pending[word], __ATOMIC_SEQ_CST) & bit)) {
        port_notify(d, p, vcpu_mark);
    }
}

void evtchn_mark_all(struct vcpu *v)
{
    struct vcpu_info *info = read_once(v->info);

    __atomic_store_n(&info->evtchn_pending_sel, ~0ul, __ATOMIC_SEQ_CST);
    __atomic_store_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
    vcpu_events_raise(v);
}

bool evtchn_vcpu_pending(struct vcpu *v)
{
    struct vcpu_info *info = read_once(v->info);

    return info != NULL && __atomic_load_n(&info->evtchn_upcall_pending, __ATOMIC_SEQ_CST) != 0;
}

void evtchn_notify(struct domain *d, evtchn_port_t nr)
{
    struct port *p = port_lookup(d->evtchn, nr);

    if (p == NULL) {
        return;
    }
    spin_lock(&p->lock);
    if (p->state != PORT_FREE) {
        port_set_pending(d, p);
    }
    spin_unlock(&p->lock);
}

static void virq_send(struct vcpu *holder, uint32_t virq)
{
    struct domain *d = holder->domain;
    struct port *p = port_lookup(d->evtchn, read_once(holder->virq_port[virq]));

    if (p == NULL) {
        return;
    }
    spin_lock(&p->lock);
    if (p->state == PORT_VIRQ && p->u.virq == virq) {
        port_set_pending(d, p);
    }
    spin_unlock(&p->lock);
}

void evtchn_send_vcpu_virq(struct vcpu *v, uint32_t virq)
{
    ASSERT(virq < NR_VIRQS);
    virq_send(v, virq);
}

void evtchn_send_global_virq(struct domain *d, uint32_t virq)
{
    ASSERT(virq < NR_VIRQS);
    virq_send(d->vcpu[0], virq); /* where global ones are recorded, whoever is notified */
}

/* -- SCHEDOP_poll ------------------------------------------------------------------------------- */

bool evtchn_port_pending(struct domain *d, evtchn_port_t nr, bool *pending)
{
    const struct port *p = port_lookup(d->evtchn, nr);

    if (p == NULL) {
        return false;
    }
    *pending = (__atomic_load_n(&d->shared_info->evtchn_pending[p->nr / 64], __ATOMIC_SEQ_CST) &
                (1ull << (p->nr % 64))) != 0;
    return true;
}

void evtchn_poll_begin(struct vcpu *v, evtchn_port_t only)
{
    write_once(v->poll_port, only);
    vcpu_sleep(v, VCPU_PAUSE_POLL);
    __atomic_fetch_or(&v->domain->evtchn->pollers, 1ull << v->id, __ATOMIC_SEQ_CST);
}

void evtchn_poll_end(struct vcpu *v)
{
    uint64_t bit = 1ull << v->id;

    if (__atomic_fetch_and(&v->domain->evtchn->pollers, ~bit, __ATOMIC_SEQ_CST) & bit) {
        vcpu_wake(v, VCPU_PAUSE_POLL);
    }
}
