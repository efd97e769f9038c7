/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue of timers on each CPU, ordered by expiry; the local timer is armed for the first. The interrupt only raises
 * SOFTIRQ_TIMER, so queues need no protection from interrupts.
 */
#include <xen/timer.h>

#include <asm/cpu.h>
#include <asm/lapic.h>
#include <asm/trap.h>
#include <xen/softirq.h>
#include <xen/time.h>

#include "timer.h"

static void arm_hardware(struct cpu *c)
{
    uint64_t now, first;

    if (list_empty(&c->timers)) {
        lapic_timer_set(0);
        return;
    }
    first = list_entry(c->timers.next, struct timer, link)->expires_ns;
    now = time_now_ns();
    if (first <= now) {
        softirq_raise(SOFTIRQ_TIMER);
    } else {
        lapic_timer_set(first - now);
    }
}

static void timer_softirq(void)
{
    struct cpu *c = this_cpu();
    uint64_t now = time_now_ns(); /* once: timers that handlers arm again wait for the next round, so this one ends */

    spin_lock(&c->timer_lock);
    while (!list_empty(&c->timers)) {
        struct timer *t = list_entry(c->timers.next, struct timer, link);

        if (t->expires_ns > now) {
            break;
        }
        list_remove(&t->link);
        t->armed = false;
        c->timer_running = t;
        spin_unlock(&c->timer_lock);
        t->fn(t->arg);
        spin_lock(&c->timer_lock);
        c->timer_running = NULL;
    }
    arm_hardware(c);
    spin_unlock(&c->timer_lock);
}

static void timer_interrupt(void)
{
    softirq_raise(SOFTIRQ_TIMER);
}

void timers_init(void)
{
    softirq_register(SOFTIRQ_TIMER, timer_softirq);
    irq_set_handler(VECTOR_TIMER, timer_interrupt);
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
    list_init(&t->link);
    t->armed = false;
    t->cpu = 0;
    t->fn = fn;
    t->arg = arg;
}

/* Lock the queue the timer is on; it may move while we wait. */
static struct cpu *lock_queue(struct timer *t)
{
    for (;;) {
        struct cpu *c = &cpus[read_once(t->cpu)];

        spin_lock(&c->timer_lock);
        if (t->cpu == c->id) {
            return c;
        }
        spin_unlock(&c->timer_lock);
    }
}

/* Queue lock held. */
static void take_off(struct timer *t)
{
    if (t->armed) {
        list_remove(&t->link);
        t->armed = false;
    }
}

void timer_set(struct timer *t, uint64_t expires_ns)
{
    struct cpu *c;
    struct list *at;
    bool first;

    /*
     * Off whatever queue it is on and over to ours, until we hold our own queue's lock and it is still ours: another
     * CPU may be arming the same timer, and it must not end up on two queues.
     */
    while ((c = lock_queue(t)) != this_cpu()) {
        take_off(t);
        t->cpu = cpu_id();
        spin_unlock(&c->timer_lock);
    }
    take_off(t);
    t->expires_ns = expires_ns;
    for (at = c->timers.prev;
         at != &c->timers && list_entry(at, struct timer, link)->expires_ns > expires_ns; at = at->prev) {
    }
    first = at == &c->timers;
    list_insert(at, &t->link);
    t->armed = true;
    if (first) {
        arm_hardware(c);
    }
    spin_unlock(&c->timer_lock);
}

void timer_stop(struct timer *t)
{
    struct cpu *c;

    if (!read_once(t->armed)) {
        return;
    }
    c = lock_queue(t);
    take_off(t);
    spin_unlock(&c->timer_lock);
}

void timer_kill(struct timer *t)
{
    struct cpu *c;
    bool busy;

    /* A handler under way may arm it again, and it may fire again before we look. */
    do {
        timer_stop(t);
        for (unsigned i = 0; i < cpu_count; i++) {
            while (read_once(cpus[i].timer_running) == t && i != cpu_id()) {
                cpu_relax();
            }
        }
        c = lock_queue(t);
        busy = t->armed || (c->timer_running == t && c != this_cpu());
        spin_unlock(&c->timer_lock);
    } while (busy);
}
