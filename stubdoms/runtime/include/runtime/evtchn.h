/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels (2-level) and the event loop.
 *
 * A port gets a handler; event_poll() calls the handlers of what is pending for the calling vCPU
 * and expired timers; event_wait() also sleeps when there is nothing. Handlers run in ordinary
 * context, never inside an interrupt, so they need no locks against the main program.
 *
 * All functions return 0 or a negative XEN_E* number from the hypervisor unless stated.
 */
#ifndef RUNTIME_EVTCHN_H
#define RUNTIME_EVTCHN_H

#include <runtime/xen.h>
#include <public/event_channel.h>

#define EVTCHN_PORT_COUNT 4096u

typedef void evtchn_handler_t(evtchn_port_t port, void *arg);

int evtchn_alloc_unbound(domid_t remote, evtchn_port_t *port);
int evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port, evtchn_port_t *port);
int evtchn_bind_virq(uint32_t virq, uint32_t vcpu, evtchn_port_t *port);
int evtchn_bind_ipi(uint32_t vcpu, evtchn_port_t *port);
int evtchn_bind_vcpu(evtchn_port_t port, uint32_t vcpu);
int evtchn_status(domid_t dom, evtchn_port_t port, struct evtchn_status *status);
int evtchn_send(evtchn_port_t port);

/** Close a port and forget its handler and pending bit. */
int evtchn_close(evtchn_port_t port);

/** Give @port a handler (NULL: none) and unmask it, or mask it without one. */
void evtchn_set_handler(evtchn_port_t port, evtchn_handler_t *handler, void *arg);

void evtchn_mask(evtchn_port_t port);
void evtchn_unmask(evtchn_port_t port);

/** Whether the pending bit is set; take it (return it and clear it). */
bool evtchn_is_pending(evtchn_port_t port);
bool evtchn_take_pending(evtchn_port_t port);

/** The page shared with the hypervisor, and this vCPU's part of it. */
struct shared_info *shared_info(void);
struct vcpu_info *vcpu_info_self(void);

/** Run what is due on this vCPU; returns the number of handlers and timers called. */
unsigned int event_poll(void);

/**
 * event_poll(), and when nothing was due sleep until an event, a timer, or @deadline_ns of
 * time_now_ns() (UINT64_MAX: no limit). A wakeup is never lost, it may be spurious.
 */
unsigned int event_wait(uint64_t deadline_ns);

/** Upcalls taken by vCPU @cpu so far. */
unsigned long event_upcall_count(unsigned int cpu);

#endif
