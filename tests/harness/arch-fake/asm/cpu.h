/* SPDX-License-Identifier: Apache-2.0 */
/* CPUs of a machine that a test steps through itself: what runs is what it says with fake_cpu. */
#ifndef ASM_CPU_H
#define ASM_CPU_H

#include <xen/types.h>

#define MAX_CPUS 8
#define VECTOR_IPI 0xf1

struct vcpu;

struct cpu {
    struct vcpu *vcpu; /* NULL while idle */
    unsigned id;
    uint32_t apic_id;
    uint32_t softirqs;
};

extern struct cpu cpus[MAX_CPUS];
extern unsigned cpu_count;
extern unsigned fake_cpu; /* the one that executes */

static inline struct cpu *this_cpu(void)
{
    return &cpus[fake_cpu];
}
static inline unsigned cpu_id(void)
{
    return fake_cpu;
}

#endif
