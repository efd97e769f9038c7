/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels, 2-level ABI (4096 ports); FIFO comes behind the same contract.
 *
 * A port is free, unbound (waits for a named remote domain), interdomain (connected pair), VIRQ, IPI, or consumed by
 * the hypervisor. Each non-free port carries a SID. State changes under the table lock of the port's domain; of pairs under
 * both (lower domid first). Sending takes the lock of the one port: see evtchn/README.md for why that suffices.
 */
#ifndef XEN_EVTCHN_H
#define XEN_EVTCHN_H

#include <xen/domain.h>

#define EVTCHN_MAX_PORTS 4096

int evtchn_init(struct domain *d) must_check;
/**
 * Close everything and let go of the pages that hold vcpu_info. Ports only disappear, so it may be called again; no vCPU
 * of d runs any more.
 */
void evtchn_destroy(struct domain *d);
/**
 * A new life of a domain that does not run: all ports are closed but those that the parameters name as XenStore's and the
 * console's, and those of the hypervisor; none is masked.
 */
void evtchn_new_life(struct domain *d);
/** Every sender to d that could see what was in vcpu.info before is through when this returns. */
void evtchn_settle(struct domain *d);
/** Give the table's memory back: with the domain's last reference, after evtchn_destroy(). */
void evtchn_free(struct domain *d);

/**
 * Port of d for remote to bind to; used by hypercall and by launch code.
 * @param port  in: wanted port, 0 = any; out: the port
 * @return 0; -ENOSPC; -EEXIST wanted port not free; -ESRCH no remote; -EACCES policy (labels the new port, asks
 *         whether that label may be bound to remote)
 */
int evtchn_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port) must_check;
/**
 * A port whose other end is the hypervisor: when d sends, fn(arg) runs, with the port's lock held: it may raise a
 * softirq, nothing slower. For the console ring.
 */
int evtchn_bind_consumer(struct domain *d, evtchn_port_t *port, void (*fn)(void *arg), void *arg) must_check;
/** Close it; fn does not run any more after the return. */
void evtchn_unbind_consumer(struct domain *d, evtchn_port_t port);
/** The hypervisor signals such a port, or a port of d by number (virq-like use). */
void evtchn_notify(struct domain *d, evtchn_port_t port);
/** Per-vCPU VIRQ (VIRQ_TIMER) or global one; no effect when unbound. */
void evtchn_send_vcpu_virq(struct vcpu *v, uint32_t virq);
void evtchn_send_global_virq(struct domain *d, uint32_t virq);
/** Any port pending and unmasked for v? */
bool evtchn_vcpu_pending(struct vcpu *v);

/** Label of the domain at the other end of d's port. @return 0; -EINVAL not an interdomain port */
int evtchn_peer_sid(struct domain *d, evtchn_port_t port, xsm_sid_t *out) must_check;

/* SCHEDOP_poll: begin, look at the ports, then end or leave the vCPU asleep. only: the port waited for, 0: several. */
void evtchn_poll_begin(struct vcpu *v, evtchn_port_t only);
void evtchn_poll_end(struct vcpu *v);
/** @return false when there is no such port; else *pending is set. */
bool evtchn_port_pending(struct domain *d, evtchn_port_t port, bool *pending);
/** Announce what came too fast for v (arg): the handler of v->pace.late. */
void evtchn_late(void *arg);
/** v's vcpu_info moved: make it look at every port. */
void evtchn_mark_all(struct vcpu *v);

#endif
