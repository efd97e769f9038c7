/* SPDX-License-Identifier: Apache-2.0 */
/* The boot, from the loader's hand-over to the first domain: one list, in order. */
#include <xen/start.h>

#include <asm/cpu.h>
#include <asm/hvm.h>
#include <asm/lapic.h>
#include <asm/paging.h>
#include <asm/svm.h>
#include <asm/time.h>
#include <asm/trap.h>
#include <launch/build_id.h>
#include <xen/acpi.h>
#include <xen/audit_timer.h>
#include <xen/boot.h>
#include <xen/cmdline.h>
#include <xen/console.h>
#include <xen/device_irq.h>
#include <xen/domain.h>
#include <xen/iommu.h>
#include <xen/launch.h>
#include <xen/mm.h>
#include <xen/revoke.h>
#include <xen/sched.h>
#include <xen/time.h>
#include <xsm/xsm.h>

#include "../arch/x86/boot/multiboot.h"
#include "timer.h"

static void kick_interrupt(void)
{
    /* The softirq bit is set already; acknowledging a TLB flush is leaving the guest. */
    struct cpu *c = this_cpu();

    __atomic_store_n(&c->flush_seen, read_once(c->flush_wanted), __ATOMIC_RELEASE);
}

static void read_cmdline(void)
{
    const char *bad = NULL;

    if (cmdline_parse(boot_info.cmdline, &bad)) {
        panic("command line: bad value: %s", bad ? bad : "?");
    }
}

static void read_acpi(void)
{
    if (acpi_init(boot_info.rsdp, paging_map_readonly)) {
        panic("boot: no usable ACPI tables");
    }
}

static void interrupts_init(void)
{
    lapic_init_boot(acpi_info.lapic_addr ? acpi_info.lapic_addr : 0xfee00000);
    cpus[0].apic_id = lapic_this_id();
    ioapic_init();
    irq_set_handler(VECTOR_IPI, kick_interrupt);
    time_init();
    timers_init();
    irq_enable();
}

static void policy_engine_init(void)
{
    if (xsm_init(cpu_count)) {
        panic("boot: no memory for the policy engine");
    }
    launch_policy(&boot_info);
}

void boot_main(uint32_t info, uint32_t magic)
{
    cpu_features_init();
    idt_init();
    cpu_init_this(0, 0);
    multiboot_read(info, magic);
    paging_init(boot_memory.ram, boot_memory.ram_count, boot_memory.used, boot_memory.used_count);
    read_cmdline();
    console_init(options.com1[0] && strcmp(options.console, "com2") ? options.com1 : options.com2);
    pr_info("Bulkhead %s%s, loaded by %s", BULKHEAD_VERSION, LAUNCH_KIND, boot_info.loader);
    pr_info("%lu MiB of memory, %u modules", mem_total_pages() >> 8, boot_info.module_count);
    read_acpi();
    svm_init_features();
    interrupts_init();
    iommu_init();
    device_irq_init();
    smp_boot(options.maxcpus);
    svm_init_cpu();
    hvm_hole_init();
    console_enable_input();
    sched_init();
    domains_init();
    revoke_init();
    policy_engine_init();
    audit_timer_start();
    launch_domains(&boot_info);
    pr_info("domains started %lu ms after the hypervisor", time_now_ns() / NS_PER_MS);
    cpu_run_on_own_stack();
}

void boot_modules_free(void)
{
    for (unsigned i = 0; i < boot_info.module_count; i++) {
        paddr_t start = virt_to_maddr(boot_info.modules[i].data) & PAGE_MASK;
        paddr_t end = ROUND_UP(virt_to_maddr(boot_info.modules[i].data) + boot_info.modules[i].size, PAGE_SIZE);

        mem_add_range(_mfn(start >> PAGE_SHIFT), (end - start) >> PAGE_SHIFT);
    }
    boot_info.module_count = 0;
}
