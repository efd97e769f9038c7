/* SPDX-License-Identifier: Apache-2.0 */
/* One-shot software timers. Handlers run in softirq context (interrupts on, no lock held) on the timer's CPU. */
#ifndef XEN_TIMER_H
#define XEN_TIMER_H

#include <xen/list.h>

struct timer {
    struct list link;    /* the CPU's timer lock held */
    uint64_t expires_ns; /* same */
    unsigned cpu;        /* CPU whose queue holds it */
    bool armed;
    void (*fn)(void *arg); /* constant after timer_init() */
    void *arg;
};

void timer_init(struct timer *t, void (*fn)(void *), void *arg);
/** (Re)arm on the calling CPU; a time in the past fires at the next softirq. */
void timer_set(struct timer *t, uint64_t expires_ns);
/** After return the timer is not queued; its handler may still be running on another CPU. */
void timer_stop(struct timer *t);
/** timer_stop() and wait for a running handler. Not from the handler itself. */
void timer_kill(struct timer *t);

#endif
