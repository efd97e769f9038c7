/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PV clock, and the list of armed timers in order of their deadlines.
 */
#include <runtime/time.h>

#include <runtime/evtchn.h>

#include "internal.h"

static struct timer *timers;
static uint64_t latest_ns;

uint64_t time_tsc(void)
{
    uint32_t lo, hi;

    __asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
    return ((uint64_t)hi << 32) | lo;
}

/* 64 by 32 bit product, shifted right by 32, without overflow. */
static uint64_t scale(uint64_t ticks, uint32_t mul)
{
    return (uint64_t)(((unsigned __int128)ticks * mul) >> 32);
}

uint64_t time_now_ns(void)
{
    const struct vcpu_time_info *t = &vcpu_info_self()->time;
    uint32_t version, mul;
    uint64_t stamp, base, ticks, now;
    int8_t shift;

    do {
        version = READ_ONCE(t->version);
        smp_rmb();
        stamp = READ_ONCE(t->tsc_timestamp);
        base = READ_ONCE(t->system_time);
        mul = READ_ONCE(t->tsc_to_system_mul);
        shift = READ_ONCE(t->tsc_shift);
        ticks = time_tsc() - stamp;
        smp_rmb();
    } while ((version & 1) != 0 || version != READ_ONCE(t->version));
    if (shift < 0) {
        ticks >>= (unsigned int)-shift & 63;
    } else {
        ticks <<= (unsigned int)shift & 63;
    }
    now = base + scale(ticks, mul);
    if (cpu_self() == &cpu0) {
        latest_ns = now > latest_ns ? now : latest_ns;
        now = latest_ns;
    }
    return now;
}

void time_delay_ns(uint64_t ns)
{
    uint64_t end = time_now_ns() + ns;

    while (time_now_ns() < end) {
        cpu_relax();
    }
}

void timer_cancel(struct timer *timer)
{
    for (struct timer **at = &timers; *at != NULL; at = &(*at)->next) {
        if (*at == timer) {
            *at = timer->next;
            break;
        }
    }
    timer->armed = false;
}

void timer_set(struct timer *timer, uint64_t deadline_ns, void (*fn)(void *arg), void *arg)
{
    struct timer **at = &timers;

    if (timer->armed) {
        timer_cancel(timer);
    }
    timer->deadline_ns = deadline_ns;
    timer->fn = fn;
    timer->arg = arg;
    timer->armed = true;
    while (*at != NULL && (*at)->deadline_ns <= deadline_ns) {
        at = &(*at)->next;
    }
    timer->next = *at;
    *at = timer;
}

uint64_t timer_next(void)
{
    return timers != NULL ? timers->deadline_ns : UINT64_MAX;
}

unsigned int timer_run(void)
{
    unsigned int count = 0;

    while (timers != NULL && timers->deadline_ns <= time_now_ns()) {
        struct timer *t = timers;

        timers = t->next;
        t->armed = false;
        t->fn(t->arg);
        count++;
    }
    return count;
}
