/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibration, hypercalls that do next to nothing, and instructions that leave the guest.
 */
#include "measure.h"

#include <runtime/hypercall.h>
#include <runtime/trap.h>

#include <public/hvm/params.h>
#include <public/version.h>

#define MSR_APIC_BASE 0x1bu
#define LEAF_XEN 0x40000000u
#define PORT_PIT_CHANNEL2 0x42
#define PORT_PCI_ADDRESS 0xcf8
#define BATCH 32u

static bool run_loop(unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        __asm__ volatile("");
    }
    return true;
}

static bool run_nop100(unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        __asm__ volatile(".rept 100; nop; .endr");
    }
    return true;
}

static bool run_null_hypercall(unsigned int count)
{
    long sum = 0;

    for (unsigned int i = 0; i < count; i++) {
        sum |= hc_xen_version(XENVER_version, NULL);
    }
    return sum > 0;
}

static bool run_extraversion(unsigned int count)
{
    char extra[16];
    long sum = 0;

    for (unsigned int i = 0; i < count; i++) {
        sum |= hc_xen_version(XENVER_extraversion, extra);
    }
    return sum == 0;
}

static bool run_hvm_param(unsigned int count)
{
    uint64_t value = 0;
    long sum = 0;

    for (unsigned int i = 0; i < count; i++) {
        sum |= hvm_param_get(HVM_PARAM_CALLBACK_IRQ, &value);
    }
    return sum == 0;
}

static bool run_multicall(unsigned int count)
{
    static struct multicall_entry calls[BATCH];
    long sum = 0;

    for (unsigned int i = 0; i < count; i++) {
        for (unsigned int j = 0; j < BATCH; j++) {
            calls[j].op = __HYPERVISOR_xen_version;
            calls[j].args[0] = XENVER_version;
            calls[j].args[1] = 0;
        }
        sum |= hc_multicall(calls, BATCH);
    }
    return sum == 0 && (long)calls[BATCH - 1].result > 0;
}

static bool run_unknown_hypercall(unsigned int count)
{
    long rc = 0;

    for (unsigned int i = 0; i < count; i++) {
        rc = hypercall_raw(63, 0, 0, 0, 0, 0);
    }
    return rc == -XEN_ENOSYS;
}

static void leaf(uint32_t number, uint32_t r[4])
{
    __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
                     : "a"(number), "c"(0));
}

static bool run_cpuid_0(unsigned int count)
{
    uint32_t r[4] = { 0 };

    for (unsigned int i = 0; i < count; i++) {
        leaf(0, r);
    }
    return r[0] != 0;
}

static bool run_cpuid_xen(unsigned int count)
{
    uint32_t r[4] = { 0 };

    for (unsigned int i = 0; i < count; i++) {
        leaf(LEAF_XEN, r);
    }
    return r[1] == 0x566e6558u; /* "XenV" */
}

static bool run_rdmsr(unsigned int count)
{
    uint32_t lo = 0, hi = 0;

    for (unsigned int i = 0; i < count; i++) {
        __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(MSR_APIC_BASE));
    }
    return (lo & 0x800u) != 0;
}

static bool run_inb_pit(unsigned int count)
{
    uint8_t value;

    for (unsigned int i = 0; i < count; i++) {
        __asm__ volatile("inb %w1, %0" : "=a"(value) : "Nd"((uint16_t)PORT_PIT_CHANNEL2));
    }
    return true;
}

static bool run_in_pci(unsigned int count)
{
    uint32_t value;

    for (unsigned int i = 0; i < count; i++) {
        __asm__ volatile("inl %w1, %0" : "=a"(value) : "Nd"((uint16_t)PORT_PCI_ADDRESS));
    }
    return true;
}

static bool run_rdtsc(unsigned int count)
{
    uint64_t sum = 0;

    for (unsigned int i = 0; i < count; i++) {
        sum |= ticks();
    }
    return sum != 0;
}

/* An x2APIC EOI with nothing in service: what every interrupt costs on top of its delivery. */
static bool run_eoi(unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        __asm__ volatile("wrmsr" : : "a"(0), "d"(0), "c"(0x80bu) : "memory");
    }
    return true;
}

static void try_eoi(void *arg)
{
    (void)arg;
    (void)run_eoi(1);
}

void bench_cpu(void)
{
    measure("calib_loop", run_loop, 1000, 1);
    measure("calib_nop100", run_nop100, 100, 1);
    measure("rdtsc", run_rdtsc, 50, 1);
    measure("hypercall_null", run_null_hypercall, 100, 1);
    measure("hypercall_unknown", run_unknown_hypercall, 100, 1);
    measure("hypercall_copy_out", run_extraversion, 100, 1);
    measure("hypercall_get_param", run_hvm_param, 100, 1);
    measure("multicall_x32", run_multicall, 10, BATCH);
    measure("cpuid_0", run_cpuid_0, 100, 1);
    measure("cpuid_xen", run_cpuid_xen, 100, 1);
    measure("rdmsr_apic_base", run_rdmsr, 100, 1);
    if (trap_try(try_eoi, NULL, NULL) == TRAP_NONE) {
        measure("wrmsr_x2apic_eoi", run_eoi, 100, 1);
    } else {
        measure_fail("wrmsr_x2apic_eoi", 0);
    }
    measure("inb_pit", run_inb_pit, 100, 1);
    measure("inl_pci_address", run_in_pci, 100, 1);
}
