/* SPDX-License-Identifier: Apache-2.0 */
/* PCI configuration by mechanism 1, for kernels whose domain has a bus: PCI Local Bus Specification 3.0, 3.2.2.3.2. */
#ifndef TESTS_GUEST_PCI_H
#define TESTS_GUEST_PCI_H

#include <runtime/xen.h>

#define PCI_SLOT(n) (0x80000000u | (uint32_t)(n) << 11)
#define PCI_COMMAND 0x04u
#define PCI_BAR0 0x10u
#define PCI_MEMORY_AND_MASTER 6u

static inline void pci_select(uint32_t device, uint32_t reg)
{
    __asm__ volatile("outl %0, %1" : : "a"(device | (reg & 0xfc)), "Nd"((uint16_t)0xcf8));
}

static inline uint32_t pci_read32(uint32_t device, uint32_t reg)
{
    uint32_t v;

    pci_select(device, reg);
    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"((uint16_t)0xcfc));
    return v;
}

static inline void pci_write32(uint32_t device, uint32_t reg, uint32_t v)
{
    pci_select(device, reg);
    __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"((uint16_t)0xcfc));
}

#endif
