/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time from the PV clock and one-shot timers that the event loop of vCPU 0 runs.
 */
#ifndef RUNTIME_TIME_H
#define RUNTIME_TIME_H

#include <runtime/xen.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/** Nanoseconds since the host started, monotonic on one vCPU. */
uint64_t time_now_ns(void);

/** The time stamp counter, ordered after earlier loads. */
uint64_t time_tsc(void);

/** Spin, without sleeping. */
void time_delay_ns(uint64_t ns);

/** A timer; the memory is the caller's and stays in place while the timer is armed. */
struct timer {
    uint64_t deadline_ns;
    void (*fn)(void *arg);
    void *arg;
    struct timer *next;
    bool armed;
};

/** Call @fn(@arg) once at @deadline_ns, from event_poll(). Re-arms a timer already armed. */
void timer_set(struct timer *timer, uint64_t deadline_ns, void (*fn)(void *arg), void *arg);
void timer_cancel(struct timer *timer);

#endif
