/* SPDX-License-Identifier: Apache-2.0 */
/* The other CPUs: started one after the other by INIT and startup IPIs; stopped together by an IPI. */
#include <asm/cpu.h>
#include <asm/lapic.h>
#include <asm/paging.h>
#include <asm/svm.h>
#include <asm/trap.h>
#include <xen/acpi.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/time.h>

#include "../boot/multiboot.h"

extern char trampoline_start[], trampoline_end[], trampoline_root[], trampoline_stack[], trampoline_cpu[];

#define START_TIMEOUT_NS (2 * NS_PER_S)

static volatile unsigned cpus_started;

static paddr_t low_page(void)
{
    for (unsigned i = 0; i < boot_memory.ram_count; i++) {
        paddr_t a = max(boot_memory.ram[i].start, PAGE_SIZE);

        if (a + PAGE_SIZE <= min(boot_memory.ram[i].end, 0xa0000ull)) {
            return a;
        }
    }
    panic("boot: no free page below 640 KiB to start CPUs with");
}

static void set_stacks(unsigned id)
{
    for (unsigned k = 1; k < STACKS_PER_CPU; k++) {
        cpus[id].tss.ist[k - 1] = paging_map_stack(id, k);
    }
}

void smp_cpu_entry(unsigned id);

void smp_cpu_entry(unsigned id)
{
    cpu_init_this(id, cpus[id].apic_id);
    lapic_init_this();
    svm_init_cpu();
    __atomic_store_n(&cpus_started, cpus_started + 1, __ATOMIC_RELEASE);
    cpu_run();
}

static void delay_ns(uint64_t ns)
{
    uint64_t end = time_now_ns() + ns;

    while (time_now_ns() < end) {
        cpu_relax();
    }
}

static bool start_cpu(unsigned id, uint32_t apic_id, paddr_t page)
{
    char *low = maddr_to_virt(page);
    unsigned before = cpus_started;
    uint64_t limit;

    cpus[id].apic_id = apic_id;
    cpus[id].self = &cpus[id];
    *(uint32_t *)(void *)(low + (trampoline_root - trampoline_start)) = (uint32_t)paging_root;
    *(uint32_t *)(void *)(low + (trampoline_cpu - trampoline_start)) = id;
    *(uint64_t *)(void *)(low + (trampoline_stack - trampoline_start)) = paging_map_stack(id, 0);
    set_stacks(id);
    lapic_init_ipi(apic_id);
    delay_ns(10 * NS_PER_MS);
    for (unsigned i = 0; i < 2; i++) {
        lapic_startup_ipi(apic_id, (uint8_t)(page >> PAGE_SHIFT));
        limit = time_now_ns() + (i ? START_TIMEOUT_NS : 20 * NS_PER_MS);
        while (time_now_ns() < limit) {
            if (__atomic_load_n(&cpus_started, __ATOMIC_ACQUIRE) != before) {
                return true;
            }
            cpu_relax();
        }
    }
    return false;
}

static void halt_this(void)
{
    cpus[cpu_id()].online = false;
    irq_disable();
    for (;;) {
        __asm__ volatile("hlt");
    }
}

void smp_stop_others(void)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        if (i != cpu_id() && cpus[i].online) {
            lapic_ipi(cpus[i].apic_id, VECTOR_HALT);
        }
    }
}

void smp_boot(unsigned max_count)
{
    paddr_t page = low_page();
    unsigned limit = max_count && max_count < MAX_CPUS ? max_count : MAX_CPUS;

    set_stacks(0);
    irq_set_handler(VECTOR_HALT, halt_this);
    memcpy(maddr_to_virt(page), trampoline_start, (size_t)(trampoline_end - trampoline_start));
    paging_identity_set(page, true);
    for (unsigned i = 0; i < acpi_info.cpu_count && cpu_count < limit; i++) {
        if (acpi_info.cpu_apic_id[i] == lapic_this_id()) {
            continue;
        }
        if (start_cpu(cpu_count, acpi_info.cpu_apic_id[i], page)) {
            cpu_count++;
        } else {
            pr_err("CPU with APIC id %u does not start", acpi_info.cpu_apic_id[i]);
        }
    }
    paging_identity_set(page, false);
    pr_info("%u CPU%s up", cpu_count, cpu_count > 1 ? "s" : "");
}
