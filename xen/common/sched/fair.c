/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fair share by weight: the vCPU with the least weighted run time runs. A vCPU that slept comes back a little before the
 * others, so that it answers fast, but not with the time it did not use. Nor does one that never slept keep what it could have had on
 * another CPU, where others were faster for their weight: a host that fills up later would be its own.
 *
 * Nobody is interrupted all the time: who had to give way more than once without having slept keeps the CPU for MIN_RUN_NS when it is
 * back, unless it has nothing more to do. A guest that asks its back end for one block after the other would otherwise be
 * interrupted at each, and the back end run for one block at a time. With one request under way it is interrupted twice, by the back
 * end that takes it and by the device's answer, and can have that at once.
 */
#include <xen/sched.h>

#include <xen/domain.h>

#define WEIGHT_UNIT 256ull
#define WAKE_CREDIT_NS (5 * 1000000ull)
#define ARREARS_NS (50 * 1000000ull)
#define PREEMPT_MARGIN_NS (1000000ull)
#define INTERRUPTIONS_FREE 2
#ifndef MIN_RUN_NS
#define MIN_RUN_NS (250 * 1000ull)
#endif

static struct list queue = LIST_INIT(queue);
static uint64_t min_vruntime;

static struct vcpu *entry(struct list *l)
{
    return list_entry(l, struct vcpu, sched.link);
}

void fair_enqueue(struct vcpu *v, bool woken)
{
    uint64_t behind = woken ? WAKE_CREDIT_NS : ARREARS_NS;
    struct list *at;

    if (v->sched.vruntime + behind < min_vruntime) {
        v->sched.vruntime = min_vruntime - behind;
    }
    for (at = queue.prev; at != &queue && entry(at)->sched.vruntime > v->sched.vruntime; at = at->prev) {
    }
    list_insert(at, &v->sched.link);
    v->sched.queued = true;
}

void fair_dequeue(struct vcpu *v)
{
    list_remove(&v->sched.link);
    v->sched.queued = false;
}

struct vcpu *fair_pick(unsigned cpu)
{
    struct list *it;

    list_for_each(it, &queue) {
        if (entry(it)->sched.affinity >> cpu & 1) {
            min_vruntime = max(min_vruntime, entry(it)->sched.vruntime);
            return entry(it);
        }
    }
    return NULL;
}

void fair_account(struct vcpu *v, uint64_t ran_ns)
{
    v->sched.vruntime += ran_ns * WEIGHT_UNIT / v->sched.weight;
}

uint64_t fair_keeps_until(const struct vcpu *running)
{
    return running->sched.put_on_ns + (running->sched.interrupted >= INTERRUPTIONS_FREE ? MIN_RUN_NS : 0);
}

uint64_t fair_preempt_at(const struct vcpu *woken, const struct vcpu *running, uint64_t now)
{
    uint64_t ran = now - running->sched.started_ns;

    return woken->sched.vruntime + PREEMPT_MARGIN_NS <
                   running->sched.vruntime + ran * WEIGHT_UNIT / running->sched.weight
               ? fair_keeps_until(running)
               : FAIR_NEVER;
}
