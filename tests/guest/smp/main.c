/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As many vCPUs as the domain has: started by INIT and SIPI, interrupted by the APIC and by event channels, put down and up.
 *
 * Source: AMD APM vol. 2, 16.5; public/vcpu.h. A correct hypervisor starts each where it is told and once, delivers every
 * interrupt to the vCPUs that are meant and to no other, wakes those that sleep, and lets a vCPU that went down go on where it
 * was. A broken one loses wakeups when sender and sleeper race, or restarts a vCPU that runs.
 */
#include "../guest.h"

#include <runtime/evtchn.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/trap.h>

#include <public/sched.h>
#include <public/vcpu.h>

#define VECTOR 0x60
#define ROUNDS 200u

static volatile unsigned int hits[SMP_CPU_MAX], alive[SMP_CPU_MAX], stop;

static void hit(unsigned int vector, void *arg)
{
    (void)vector;
    (void)arg;
    hits[smp_cpu()]++;
}

static void sleeper(void *arg)
{
    (void)arg;
    while (!stop) {
        alive[smp_cpu()]++;
        __asm__ volatile("cli");
        if (!stop) {
            __asm__ volatile("sti; hlt" ::: "memory");
        }
        __asm__ volatile("sti");
    }
}

/* x2APIC ids are twice the vCPU's number in this ABI. */
static void ipi(uint32_t dest, uint32_t low)
{
    __asm__ volatile("wrmsr" : : "c"(0x830), "a"(low), "d"(dest) : "memory");
}

static void test_apic(unsigned int cpus)
{
    unsigned int wrong = 0;

    for (unsigned int round = 1; round <= ROUNDS && wrong == 0; round++) {
        for (unsigned int cpu = 1; cpu < cpus; cpu++) {
            ipi(cpu * 2, VECTOR);
            if (!wait_for(&hits[cpu], round, 2000)) {
                tap_note("vCPU %u, IPI %u", cpu, round);
                wrong++;
            }
        }
    }
    tap_is(wrong, 0, "%u IPIs to each sleeping vCPU", ROUNDS);
    tap_is(hits[0], 0, "none to this one");
    for (unsigned int cpu = 0; cpu < cpus; cpu++) {
        hits[cpu] = 0;
    }
    ipi(0, 0xc0000 | VECTOR);
    for (unsigned int cpu = 1; cpu < cpus; cpu++) {
        wrong += !wait_for(&hits[cpu], 1, 2000);
    }
    tap_ok(wrong == 0 && hits[0] == 0, "one to all others");
    ipi(~0u, VECTOR);
    for (unsigned int cpu = 0; cpu < cpus; cpu++) {
        wrong += !wait_for(&hits[cpu], cpu == 0 ? 1 : 2, 2000);
    }
    tap_is(wrong, 0, "one to everybody");
    /* INIT and SIPI to vCPUs that run: they must not begin anew. */
    for (unsigned int cpu = 1; cpu < cpus; cpu++) {
        ipi(cpu * 2, 0x4600 | 0xf0);
        ipi(cpu * 2, VECTOR);
        wrong += !wait_for(&hits[cpu], 3, 2000);
    }
    tap_is(wrong, 0, "a SIPI to one that runs is dropped");
}

static void test_down(unsigned int cpus)
{
    unsigned int wrong = 0, before;

    for (unsigned int cpu = 1; cpu < cpus; cpu++) {
        wrong += hc_vcpu_op(VCPUOP_down, cpu, NULL) != 0;
        wrong += hc_vcpu_op(VCPUOP_is_up, cpu, NULL) != 0;
        time_delay_ns(NS_PER_MS);
        before = alive[cpu];
        ipi(cpu * 2, VECTOR);
        time_delay_ns(5 * NS_PER_MS);
        wrong += alive[cpu] != before;
        wrong += hc_vcpu_op(VCPUOP_up, cpu, NULL) != 0;
        wrong += !wait_for(&hits[cpu], 4, 2000);
        wrong += hc_vcpu_op(VCPUOP_is_up, cpu, NULL) != 1;
    }
    tap_is(wrong, 0, "down, and up again where they were");
}

static void test_all_flush(unsigned int cpus)
{
    struct vcpu_runstate_info info;
    unsigned int wrong = 0;

    for (unsigned int cpu = 0; cpu < cpus; cpu++) {
        wrong += hc_vcpu_op(VCPUOP_get_runstate_info, cpu, &info) != 0 || info.time[0] == 0;
    }
    tap_is(wrong, 0, "each has run");
}

void stub_main(void)
{
    char wanted[8] = "";
    unsigned int cpus = smp_cpu_count(), wrong = 0;

    tap_plan(0);
    if (start_cmdline_get("cpus", wanted, sizeof(wanted))) {
        tap_is((long)cpus, wanted[0] - '0', "the domain has as many vCPUs as were asked for");
    }
    (void)trap_handle_vector(VECTOR, hit, NULL);
    for (unsigned int cpu = 1; cpu < cpus; cpu++) {
        wrong += smp_start(cpu, sleeper, NULL) != 0;
    }
    tap_is(wrong, 0, "%u vCPUs started", cpus - 1);
    if (cpus > 1) {
        test_apic(cpus);
        test_down(cpus);
    }
    test_all_flush(cpus);
    stop = 1;
    ipi(0, 0xc0000 | VECTOR);
    for (unsigned int cpu = 1; cpu < cpus; cpu++) {
        smp_wait(cpu);
    }
    tap_ok(true, "all are idle");
    tap_done();
}
