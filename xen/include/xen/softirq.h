/* SPDX-License-Identifier: Apache-2.0 */
/* Deferred work of a CPU, run before it returns to a guest and from its idle loop. */
#ifndef XEN_SOFTIRQ_H
#define XEN_SOFTIRQ_H

#include <xen/types.h>

enum softirq { SOFTIRQ_TIMER, SOFTIRQ_SCHEDULE, SOFTIRQ_CONSOLE, SOFTIRQ_RECLAIM, SOFTIRQ_LAUNCH, SOFTIRQ_QUIESCE,
               SOFTIRQ_REVOKE, SOFTIRQ_DEVICE, SOFTIRQ_COUNT };

void softirq_register(enum softirq nr, void (*fn)(void));
void softirq_raise(enum softirq nr);                   /* on this CPU */
void softirq_raise_on(unsigned cpu, enum softirq nr);  /* with an IPI when it is another */
bool softirq_pending(void);
void softirq_run(void);

/** Should a long-running hypercall stop at its next safe point? */
static inline bool preempt_wanted(void)
{
    return softirq_pending();
}

#endif
