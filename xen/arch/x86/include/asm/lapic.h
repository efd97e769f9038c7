/* SPDX-License-Identifier: Apache-2.0 */
/* The host's local APIC and I/O APICs. */
#ifndef ASM_LAPIC_H
#define ASM_LAPIC_H

#include <xen/types.h>

void lapic_init_boot(paddr_t base);
void lapic_init_this(void);
uint32_t lapic_this_id(void);
void lapic_eoi(void);
void lapic_ipi(uint32_t apic_id, uint8_t vector);
void lapic_init_ipi(uint32_t apic_id);
void lapic_startup_ipi(uint32_t apic_id, uint8_t page);
/** Arm the timer; 0 stops it. It fires in delta_ns, and again each delta_ns until it is set anew. */
void lapic_timer_set(uint64_t delta_ns);
/** Measure the timer's rate over the interval the callback waits. */
void lapic_timer_calibrate(void (*wait_10ms)(void));

void ioapic_init(void);
/**
 * Route a legacy ISA interrupt to vector on the boot CPU, honouring MADT overrides. Not before iommu_init().
 * @return 0; -ENOENT no I/O APIC for it; -ENOSPC too many pins
 */
int ioapic_route_isa(unsigned irq, uint8_t vector);
/** Is pin gsi there, and nobody's? One of these three at a time. @return 0; -ENOENT; -EBUSY */
int ioapic_gsi_is_free(uint32_t gsi);
/** Route a device's line, active low, by its edge. @return 0; -ENOENT; -ENOSPC */
int ioapic_route_gsi(uint32_t gsi, uint8_t vector, uint32_t apic_id);
void ioapic_close_gsi(uint32_t gsi);

#endif
