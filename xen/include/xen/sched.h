/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler: one queue of runnable vCPUs ordered by weighted run time, shared by all CPUs. A policy is a few functions
 * over that order (sched/fair.c); core.c does states, wake-ups, preemption and the switch.
 */
#ifndef XEN_SCHED_H
#define XEN_SCHED_H

#include <xen/vcpu.h>

void sched_init(void);
void sched_vcpu_init(struct vcpu *v, uint32_t weight);
void sched_vcpu_destroy(struct vcpu *v);

/* -- contract between core.c and a policy; the scheduler lock is held ----------------------------- */
void fair_enqueue(struct vcpu *v, bool woken);
void fair_dequeue(struct vcpu *v);
/** The vCPU that should run on cpu next, still queued; NULL none. */
struct vcpu *fair_pick(unsigned cpu);
/** Charge run time. */
void fair_account(struct vcpu *v, uint64_t ran_ns);
/** From when on should woken take the CPU from running? A time, past or to come; FAIR_NEVER: not before its slice ends. */
uint64_t fair_preempt_at(const struct vcpu *woken, const struct vcpu *running, uint64_t now);
/** Until when a vCPU that does not yield keeps its CPU, whoever waits. */
uint64_t fair_keeps_until(const struct vcpu *running);
#define FAIR_NEVER UINT64_MAX
#define SCHED_SLICE_NS (10 * 1000000ull)

/* -- duties of the architecture ------------------------------------------------------------------- */
/** Leave prev's and enter next's register state on this CPU; either may be NULL (idle). */
void arch_context_switch(struct vcpu *prev, struct vcpu *next);

#endif
