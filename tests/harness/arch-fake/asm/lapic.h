/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASM_LAPIC_H
#define ASM_LAPIC_H

#include <xen/types.h>

void lapic_ipi(uint32_t apic_id, uint8_t vector);

#endif
