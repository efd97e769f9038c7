/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local APIC as far as a stub domain needs it: on, its EOI, and the INIT and SIPI of smp.c.
 * x2APIC where CPUID offers it, else the MMIO page.
 */
#include <runtime/mm.h>

#include "internal.h"

#define MSR_APIC_BASE 0x1bu
#define APIC_BASE_ENABLE (UINT64_C(1) << 11)
#define APIC_BASE_X2APIC (UINT64_C(1) << 10)
#define APIC_PAGE UINT64_C(0xfee00000)
#define MSR_X2APIC 0x800u

#define REG_ID 0x020u
#define REG_TPR 0x080u
#define REG_EOI 0x0b0u
#define REG_SVR 0x0f0u
#define REG_ICR_LOW 0x300u
#define REG_ICR_HIGH 0x310u
#define SVR_ENABLE 0x100u
#define ICR_PENDING 0x1000u

static bool x2apic;
static bool usable;

static uint32_t reg_read(unsigned int reg)
{
    if (x2apic) {
        return (uint32_t)rdmsr(MSR_X2APIC + reg / 16);
    }
    return *(volatile uint32_t *)(uintptr_t)(APIC_PAGE + reg);
}

static void reg_write(unsigned int reg, uint32_t value)
{
    if (x2apic) {
        wrmsr(MSR_X2APIC + reg / 16, value);
    } else {
        *(volatile uint32_t *)(uintptr_t)(APIC_PAGE + reg) = value;
    }
}

static void enable(void *arg)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    (void)arg;
    if (x2apic) {
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
    } else if ((base & APIC_BASE_ENABLE) == 0) {
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    }
    reg_write(REG_TPR, 0);
    reg_write(REG_SVR, SVR_ENABLE | SPURIOUS_VECTOR);
    (void)reg_read(REG_ID);
}

void apic_init_cpu(struct rt_cpu *cpu)
{
    uint32_t a, b, c, d;

    if (cpu == &cpu0) {
        cpuid(1, &a, &b, &c, &d);
        x2apic = (c & (1u << 21)) != 0;
        usable = x2apic || mm_map(APIC_PAGE >> PAGE_SHIFT, 1, MM_WRITE | MM_UNCACHED) == 0;
        /* A domain may have no APIC at all; then the upcall comes without one. */
        usable = usable && trap_try(enable, NULL, NULL) == TRAP_NONE;
    } else if (usable) {
        enable(NULL);
    }
    if (usable) {
        cpu->apic_id = x2apic ? reg_read(REG_ID) : reg_read(REG_ID) >> 24;
    }
}

void apic_eoi(void)
{
    if (usable) {
        reg_write(REG_EOI, 0);
    }
}

void apic_send(uint32_t apic_id, uint32_t command)
{
    if (!usable) {
        return;
    }
    if (x2apic) {
        wrmsr(MSR_X2APIC + REG_ICR_LOW / 16, ((uint64_t)apic_id << 32) | command);
        return;
    }
    reg_write(REG_ICR_HIGH, apic_id << 24);
    reg_write(REG_ICR_LOW, command);
    while ((reg_read(REG_ICR_LOW) & ICR_PENDING) != 0) {
        cpu_relax();
    }
}
