/* SPDX-License-Identifier: Apache-2.0 */
#include "storms.h"

#include <runtime/console.h>
#include <runtime/grant.h>
#include <runtime/hypercall.h>
#include <runtime/mm.h>
#include <runtime/time.h>

#include <public/memory.h>
#include <public/sched.h>
#include <public/vcpu.h>

#define SELF_REF 8u /* the first that grant_give() hands out */
#define MSR_X2APIC_ICR 0x830u
#define MSR_X2APIC_LVT_TIMER 0x832u
#define MSR_X2APIC_TIMER_INITIAL 0x838u
#define MSR_X2APIC_TIMER_DIVIDE 0x83eu
#define ICR_ALL_BUT_SELF 0xc0000u
#define LVT_PERIODIC 0x20000u
#define LVT_MASKED 0x10000u
#define NOBODYS_VECTOR 0x40u

static void msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static void compute(const struct arms *a, unsigned int cpu)
{
    (void)a;
    (void)cpu;
    cpu_relax();
}

static void send(const struct arms *a, unsigned int cpu)
{
    (void)cpu;
    (void)evtchn_send(a->victim);
}

/* Each wake-up is that of one who has slept: it wants the CPU before those who work. */
static void send_and_sleep(const struct arms *a, unsigned int cpu)
{
    (void)cpu;
    (void)evtchn_send(a->victim);
    (void)event_wait(time_now_ns() + 1000);
}

static void ping_pong(const struct arms *a, unsigned int cpu)
{
    (void)evtchn_send(a->self[(cpu + 1) % ATTACKER_CPUS]);
    (void)event_wait(time_now_ns() + NS_PER_MS);
}

static void own_events(const struct arms *a, unsigned int cpu)
{
    (void)evtchn_send(a->self[(cpu + 1) % ATTACKER_CPUS]);
    (void)event_poll();
}

static void apic_ipis(const struct arms *a, unsigned int cpu)
{
    (void)a;
    (void)cpu;
    msr_write(MSR_X2APIC_ICR, ICR_ALL_BUT_SELF | NOBODYS_VECTOR);
}

static void past_timers(const struct arms *a, unsigned int cpu)
{
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = 1 };

    (void)a;
    (void)hc_vcpu_op(VCPUOP_set_singleshot_timer, cpu, &t);
    (void)event_poll();
}

static void timer_begin(const struct arms *a, unsigned int cpu)
{
    (void)a;
    (void)cpu;
    msr_write(MSR_X2APIC_TIMER_DIVIDE, 0xb);
    msr_write(MSR_X2APIC_LVT_TIMER, LVT_PERIODIC | NOBODYS_VECTOR);
    msr_write(MSR_X2APIC_TIMER_INITIAL, 1);
}

/* Timers that go on by themselves cost somebody else's time: their owner sleeps. */
static void timer_sleep(const struct arms *a, unsigned int cpu)
{
    (void)a;
    (void)cpu;
    (void)event_wait(time_now_ns() + NS_PER_MS);
}

static void timer_end(const struct arms *a, unsigned int cpu)
{
    (void)a;
    (void)cpu;
    msr_write(MSR_X2APIC_TIMER_INITIAL, 0);
    msr_write(MSR_X2APIC_LVT_TIMER, LVT_MASKED);
}

static void yield(const struct arms *a, unsigned int cpu)
{
    (void)a;
    (void)cpu;
    (void)hc_sched_op(SCHEDOP_yield, NULL);
}

static void poll(const struct arms *a, unsigned int cpu)
{
    struct sched_poll p = { .nr_ports = 1, .timeout = time_now_ns() + 1000 };
    evtchn_port_t port = a->self[cpu];

    set_xen_guest_handle(p.ports, &port);
    (void)hc_sched_op(SCHEDOP_poll, &p);
}

/* Each leaves an audit line, or would. */
static void denied(const struct arms *a, unsigned int cpu)
{
    evtchn_port_t port;

    (void)a;
    (void)cpu;
    (void)evtchn_alloc_unbound(3, &port);
}

static void map_and_unmap(const struct arms *a, unsigned int cpu)
{
    struct grant_map map;

    (void)a;
    if (cpu == 0 && grant_map(DOMID_SELF, SELF_REF, false, &map) == 0) {
        (void)grant_unmap(&map);
    }
}

/* Pages come and go: every CPU where the domain runs has to forget translations. */
static void balloon(const struct arms *a, unsigned int cpu)
{
    static char page[ATTACKER_CPUS][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    xen_pfn_t gfn = virt_to_gfn(page[cpu]);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    (void)a;
    set_xen_guest_handle(r.extent_start, &gfn);
    (void)hc_memory_op(XENMEM_decrease_reservation, &r);
    (void)hc_memory_op(XENMEM_populate_physmap, &r);
}

static void begin_grant(const struct arms *a, unsigned int cpu)
{
    static char page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    grant_ref_t ref;

    (void)a;
    if (cpu == 0) {
        (void)grant_give(DOMID_SELF, virt_to_gfn(page), false, &ref);
    }
}

const struct storm storms[] = {
    { "calm", NULL, compute, NULL },
    { "events to another domain", NULL, send, NULL },
    { "an event, and asleep", NULL, send_and_sleep, NULL },
    { "two vCPUs that wake each other", NULL, ping_pong, NULL },
    { "events to itself", NULL, own_events, NULL },
    { "APIC interrupts to itself", NULL, apic_ipis, NULL },
    { "timers that are over", NULL, past_timers, NULL },
    { "periodic timers", timer_begin, timer_sleep, timer_end },
    { "yields", NULL, yield, NULL },
    { "polls", NULL, poll, NULL },
    { "refused calls", NULL, denied, NULL },
    { "grants mapped", begin_grant, map_and_unmap, NULL },
    { "pages given back and taken", NULL, balloon, NULL },
};

const unsigned int storm_count = ARRAY_SIZE(storms);
