/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vCPU states and the switch. A vCPU runs while it has no pause flag. The hypervisor never blocks: schedule() runs as a
 * softirq on the CPU's own stack, changes `current` and returns; the CPU's loop then enters the new vCPU.
 */
#include <xen/sched.h>

#include <asm/cpu.h>
#include <xen/domain.h>
#include <xen/evtchn.h>
#include <xen/softirq.h>
#include <xen/time.h>

static spinlock_t sched_lock = SPINLOCK_INIT(LOCK_SCHED);
static struct timer slice[MAX_CPUS];
static uint64_t slice_end_ns[MAX_CPUS]; /* when that CPU's vCPU makes way at the latest; sched_lock held */

static void slice_end(void *arg)
{
    (void)arg;
    softirq_raise(SOFTIRQ_SCHEDULE);
}

/* The vCPU changes its accounted state; times are system time. */
static void runstate_change(struct vcpu *v, int state, uint64_t now)
{
    spin_lock(&v->runstate_lock);
    v->runstate.time[v->runstate.state] += now - v->runstate.state_entry_time;
    v->runstate.state = state;
    v->runstate.state_entry_time = now;
    spin_unlock(&v->runstate_lock);
}

static int idle_state(const struct vcpu *v)
{
    return v->sched.pause_flags & (VCPU_PAUSE_BLOCKED | VCPU_PAUSE_POLL) ? RUNSTATE_blocked
                                                                         : RUNSTATE_offline;
}

/* The vCPU on a CPU is to make way at a time, past or to come. The timer is set by the CPU itself. */
static void end_slice_at(unsigned cpu, uint64_t at, uint64_t now)
{
    if (at > now && at >= slice_end_ns[cpu]) {
        return;
    }
    slice_end_ns[cpu] = at;
    if (at > now && cpu == cpu_id()) {
        timer_set(&slice[cpu], at);
    } else {
        softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
    }
}

/* Prefer an idle CPU; else the one whose vCPU should give way first, if any should. */
static void find_cpu_for(struct vcpu *v)
{
    uint64_t now = time_now_ns(), first = FAIR_NEVER;
    unsigned me = cpu_id(), where = me;

    if (!cpus[v->sched.cpu].vcpu && v->sched.affinity >> v->sched.cpu & 1) {
        softirq_raise_on(v->sched.cpu, SOFTIRQ_SCHEDULE);
        return;
    }
    for (unsigned i = 0; i < cpu_count; i++) {
        unsigned c = (me + i) % cpu_count;

        if (!cpus[c].vcpu && v->sched.affinity >> c & 1) {
            softirq_raise_on(c, SOFTIRQ_SCHEDULE);
            return;
        }
    }
    for (unsigned i = 0; i < cpu_count; i++) {
        unsigned c = (v->sched.cpu + i) % cpu_count;
        struct vcpu *running = cpus[c].vcpu;
        uint64_t at = running && v->sched.affinity >> c & 1 ? fair_preempt_at(v, running, now) : FAIR_NEVER;

        if (at < first) {
            first = at;
            where = c;
        }
    }
    if (first != FAIR_NEVER) {
        end_slice_at(where, first, now);
    }
}

/*
 * Who runs next on c, taken from the queue, and until when at the latest. prev has just been queued when it could go on; then it
 * does until its least time is over.
 */
static struct vcpu *take_next(const struct cpu *c, struct vcpu *prev, uint64_t now, uint64_t *end)
{
    struct vcpu *next = fair_pick(c->id);

    *end = now + SCHED_SLICE_NS;
    if (next && next != prev && prev && prev->sched.queued && !prev->sched.yields &&
        prev->sched.affinity >> c->id & 1 && now < fair_keeps_until(prev)) {
        next = prev;
        *end = fair_keeps_until(prev);
    }
    if (next) {
        fair_dequeue(next);
    }
    return next;
}

static void schedule(void)
{
    struct cpu *c = this_cpu();
    struct vcpu *prev = c->vcpu, *next;
    uint64_t now, end;

    spin_lock(&sched_lock);
    now = time_now_ns();
    if (prev) {
        fair_account(prev, now - prev->sched.started_ns);
        prev->sched.started_ns = now;
        if (!prev->sched.pause_flags) {
            fair_enqueue(prev, false);
        }
    }
    next = take_next(c, prev, now, &end);
    slice_end_ns[c->id] = end;
    if (prev && next != prev) {
        if (prev->sched.pause_flags || prev->sched.yields) {
            prev->sched.interrupted = 0;
        } else if (prev->sched.interrupted != UINT8_MAX) {
            prev->sched.interrupted++;
        }
    }
    if (prev) {
        prev->sched.yields = false;
    }
    if (next == prev) {
        spin_unlock(&sched_lock);
        if (next) {
            timer_set(&slice[c->id], end);
        }
        return;
    }
    if (prev) {
        runstate_change(prev, prev->sched.pause_flags ? idle_state(prev) : RUNSTATE_runnable, now);
    }
    arch_context_switch(prev, next);
    c->vcpu = next;
    if (next) {
        next->sched.cpu = c->id;
        next->sched.running = true;
        next->sched.put_on_ns = next->sched.started_ns = now;
        runstate_change(next, RUNSTATE_running, now);
    }
    if (prev) {
        __atomic_store_n(&prev->sched.running, false, __ATOMIC_RELEASE);
        /* Another CPU may be idle while prev waits in the queue. */
        if (!prev->sched.pause_flags) {
            find_cpu_for(prev);
        }
    }
    spin_unlock(&sched_lock);
    if (next) {
        timer_set(&slice[c->id], end);
    } else {
        timer_stop(&slice[c->id]);
    }
}

void sched_init(void)
{
    for (unsigned i = 0; i < MAX_CPUS; i++) {
        timer_init(&slice[i], slice_end, NULL);
    }
    softirq_register(SOFTIRQ_SCHEDULE, schedule);
}

void sched_vcpu_init(struct vcpu *v, uint32_t weight)
{
    list_init(&v->sched.link);
    v->sched.weight = weight ? weight : 256;
    v->sched.affinity = ~0ull;
    v->sched.pause_flags = VCPU_PAUSE_DOMAIN | (v->id ? VCPU_PAUSE_DOWN : 0);
    v->sched.cpu = v->id % cpu_count;
    v->runstate.state = RUNSTATE_offline;
    v->runstate.state_entry_time = time_now_ns();
}

void sched_vcpu_destroy(struct vcpu *v)
{
    spin_lock(&sched_lock);
    ASSERT(!v->sched.running);
    if (v->sched.queued) {
        fair_dequeue(v);
    }
    spin_unlock(&sched_lock);
}

void vcpu_wake(struct vcpu *v, uint32_t flag)
{
    if (!(read_once(v->sched.pause_flags) & flag)) {
        return;
    }
    spin_lock(&sched_lock);
    v->sched.pause_flags &= ~flag;
    if (!v->sched.pause_flags && !v->sched.queued && cpus[v->sched.cpu].vcpu != v) {
        runstate_change(v, RUNSTATE_runnable, time_now_ns());
        fair_enqueue(v, true);
        find_cpu_for(v);
    }
    spin_unlock(&sched_lock);
}

void vcpu_sleep(struct vcpu *v, uint32_t flag)
{
    spin_lock(&sched_lock);
    v->sched.pause_flags |= flag;
    if (v->sched.queued) {
        fair_dequeue(v);
        runstate_change(v, idle_state(v), time_now_ns());
    } else if (cpus[v->sched.cpu].vcpu == v) {
        softirq_raise_on(v->sched.cpu, SOFTIRQ_SCHEDULE);
    }
    spin_unlock(&sched_lock);
}

void vcpu_block(struct vcpu *v)
{
    vcpu_sleep(v, VCPU_PAUSE_BLOCKED);
    /* The flag must be seen before we look: who raises an event sets it first, then looks at the flag. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (arch_vcpu_can_take_event(v)) {
        vcpu_wake(v, VCPU_PAUSE_BLOCKED);
    }
}

void vcpu_yield(struct vcpu *v)
{
    v->sched.yields = true;
    softirq_raise(SOFTIRQ_SCHEDULE);
}

void vcpu_events_raise(struct vcpu *v)
{
    arch_vcpu_raise_upcall(v);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (read_once(v->sched.pause_flags) & VCPU_PAUSE_BLOCKED) {
        vcpu_wake(v, VCPU_PAUSE_BLOCKED);
    } else {
        arch_vcpu_kick(v);
    }
}
