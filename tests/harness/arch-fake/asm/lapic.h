/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASM_LAPIC_H
#define ASM_LAPIC_H

#include <xen/types.h>

void lapic_ipi(uint32_t apic_id, uint8_t vector);
int ioapic_gsi_is_free(uint32_t gsi);
int ioapic_route_gsi(uint32_t gsi, uint8_t vector, uint32_t apic_id);
void ioapic_close_gsi(uint32_t gsi);

#endif
