/* SPDX-License-Identifier: Apache-2.0 */
/* Power off by ACPI S5, reset by the FADT's register, port 0xcf9 or a triple fault. Source: ACPI 6.4, 4.8.3 and 16.1. */
#include <xen/power.h>

#include <asm/cpu.h>
#include <asm/io.h>
#include <asm/trap.h>
#include <xen/acpi.h>
#include <xen/cmdline.h>
#include <xen/console.h>
#include <xen/lib.h>
#include <xen/measure.h>

static void halt(void)
{
    for (;;) {
        irq_disable();
        __asm__ volatile("hlt");
    }
}

void machine_power_off(void)
{
    pr_info("switching off (port %#x, type %u)", acpi_info.pm1a_cnt_port, acpi_info.s5_sleep_type);
    measure_end(); /* while other CPUs run: one of them may be measuring */
    smp_stop_others();
    console_flush();
    if (acpi_info.pm1a_cnt_port) {
        outw(acpi_info.pm1a_cnt_port, (uint16_t)(acpi_info.s5_sleep_type << 10 | 1 << 13));
    }
    pr_err("The machine may be switched off now.");
    halt();
    __builtin_unreachable();
}

static void reset(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __packed none = { 0, 0 };

    console_flush();
    if (acpi_info.reset_valid && acpi_info.reset_space == 1) {
        outb((uint16_t)acpi_info.reset_addr, acpi_info.reset_value);
    }
    outb(0xcf9, 0x02);
    outb(0xcf9, 0x06);
    outb(0x64, 0xfe);
    __asm__ volatile("lidt %0; int3" ::"m"(none));
}

void machine_restart(void)
{
    measure_end();
    smp_stop_others();
    if (options.noreboot) {
        pr_err("Halted: noreboot was asked for.");
        halt();
    }
    reset();
    halt();
    __builtin_unreachable();
}

void machine_stop_after_panic(void)
{
    smp_stop_others();
    if (!options.noreboot) {
        reset();
    }
    halt();
    __builtin_unreachable();
}
