/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions and interrupts of the host. */
#ifndef ASM_TRAP_H
#define ASM_TRAP_H

#include <asm/regs.h>

/** Build the one IDT every CPU uses. */
void idt_init(void);
void idt_load(void);
/** Handler of a device or IPI vector; runs with interrupts off, does little and raises a softirq. */
void irq_set_handler(uint8_t vector, void (*fn)(void));
/** Print where a broken hypervisor stood: registers and the chain of return addresses. */
void trap_show(const struct cpu_regs *r);
/** Stop all other CPUs (panic, power off). */
void smp_stop_others(void);

#endif
