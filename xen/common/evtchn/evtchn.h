/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the event channel code: ports, the table of a domain, and the handlers that the rows of event_channel_op
 * name (xen/common/hypercalls/event_channel_op.c).
 *
 * Locks. The table lock serialises everything that changes a port's state; of a connected pair both tables' locks
 * are held, lower domid first. A port's own lock is held by whoever sends through it and, beside the table lock(s), by
 * whoever changes its state. So a sender takes exactly one lock, that of its own port, and while it has it
 * the other end stays connected: the peer's domain and port cannot go away.
 */
#ifndef EVTCHN_PRIVATE_H
#define EVTCHN_PRIVATE_H

#include <xen/evtchn.h>
#include <xen/hypercall_row.h>

enum port_state { PORT_FREE, PORT_UNBOUND, PORT_INTERDOMAIN, PORT_VIRQ, PORT_IPI, PORT_CONSUMER };

struct port {
    spinlock_t lock;
    uint8_t state;   /* enum port_state; table lock(s) and lock held to change, either to read */
    uint16_t vcpu;   /* id of the vCPU notified; read_once() without lock */
    uint32_t nr;     /* constant: its own number */
    xsm_sid_t sid;   /* as state; XSM_SID_NULL when free */
    union {          /* as state */
        domid_t remote; /* PORT_UNBOUND: who may bind */
        uint32_t virq;
        struct {
            struct domain *dom;  /* borrowed while connected */
            struct port *port;
        } peer;
        struct {
            void (*fn)(void *arg); /* runs under the port's lock: raises a flag, no more */
            void *arg;
        } consumer;
    } u;
};

#define PORTS_PER_BUCKET 64
#define EVTCHN_BUCKETS (EVTCHN_MAX_PORTS / PORTS_PER_BUCKET)

struct evtchn_table {
    spinlock_t lock;
    bool closed;     /* lock held: the domain is dying, nothing new is bound */
    uint64_t full;   /* lock held: bit b: all ports of bucket b are in use */
    uint64_t used[EVTCHN_BUCKETS]; /* lock held: one bit a port; port 0 always */
    uint64_t pollers; /* atomic: vCPUs in SCHEDOP_poll */
    /* Set once with lock held, freed with the table: may be read without. */
    struct port *bucket[EVTCHN_BUCKETS];
};

/* -- table.c ---------------------------------------------------------------------------------- */

/** The port, whatever its state; NULL when nr is out of range or was never near a used one. */
struct port *port_lookup(const struct evtchn_table *t, evtchn_port_t nr);
/**
 * A free port, table lock held; it stays free until port_take().
 * @param wanted  0: the lowest free one
 * @return 0; -EINVAL the domain is dying or wanted is out of range; -EEXIST wanted is in use; -ENOSPC; -ENOMEM
 */
int port_find_free(struct evtchn_table *t, evtchn_port_t wanted, struct port **out) must_check;
/** Turn a free port into a used one, table lock held; u is set by the caller before. Nothing is pending on it. */
void port_take(struct domain *d, struct port *p, enum port_state state, unsigned vcpu, xsm_sid_t sid);
/** The reverse, table lock and p->lock held. */
void port_release(struct domain *d, struct port *p);
/** Lock two domains' tables (the same one once). */
void tables_lock(struct domain *a, struct domain *b);
void tables_unlock(struct domain *a, struct domain *b);

/* -- deliver.c -------------------------------------------------------------------------------- */

/** Mark port p of d pending and notify. p cannot become free meanwhile (its lock, or its peer's, is held). */
void port_set_pending(struct domain *d, const struct port *p);
/** The same for another domain: its vCPU is told no more often than pace.c allows. */
void port_send_pending(struct domain *d, const struct port *p);
/** Selector bit and upcall flag for the ports of one word. */
void vcpu_mark(struct vcpu *v, unsigned word);

/* -- pace.c ----------------------------------------------------------------------------------- */

/** vcpu_mark(), now or a little later. */
void vcpu_mark_paced(struct vcpu *v, unsigned word);
/** Clear the mask bit; what is pending is delivered. */
void port_unmask(struct domain *d, const struct port *p);

/* -- close.c ---------------------------------------------------------------------------------- */

/**
 * Lock what closing port nr of d needs: d's table and that of the domain at the other end.
 * @param rd  out: NULL, or the other domain with a reference and its table locked
 * @return 0; -EINVAL no such port, or not in use
 */
int port_lock_close(struct domain *d, evtchn_port_t nr, struct port **p, struct domain **rd) must_check;
/** Close; locks as taken by port_lock_close(). */
void port_close_locked(struct domain *d, struct port *p);
/** The first used port from nr on, 0 when there is none. */
evtchn_port_t port_next_used(struct domain *d, evtchn_port_t nr);

/* -- handlers --------------------------------------------------------------------------------- */

call_decode_fn evtchn_alloc_decode, evtchn_interdomain_decode, evtchn_virq_decode, evtchn_ipi_decode;
call_act_fn evtchn_alloc_act, evtchn_interdomain_act, evtchn_virq_act, evtchn_ipi_act;
call_decode_fn evtchn_bind_vcpu_decode;
call_act_fn evtchn_bind_vcpu_act;
call_decode_fn evtchn_send_decode, evtchn_unmask_decode;
call_act_fn evtchn_send_act, evtchn_unmask_act;
call_decode_fn evtchn_close_decode, evtchn_reset_decode;
call_act_fn evtchn_close_act, evtchn_reset_act;
call_decode_fn evtchn_status_decode;
call_act_fn evtchn_status_act;

/** call.release of handlers that hold the target's table lock, or the caller's. */
void release_target_table(struct call *c);
void release_caller_table(struct call *c);

#endif
