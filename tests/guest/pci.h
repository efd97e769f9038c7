/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's own PCI bus, and QEMU's edu device as a DMA engine: it copies between 4 KiB of its own and any address it is
 * told, 100 ms after it was told; it stops the emulator when a copy takes in the last byte of these. Source: <xen/vpci.h>; PCI Local Bus Specification 3.0; QEMU, docs/specs/edu.txt.
 */
#ifndef TESTS_GUEST_PCI_H
#define TESTS_GUEST_PCI_H

#include <runtime/mm.h>
#include <runtime/time.h>

#include <runtime/xen.h>

#define PCI_COMMAND 0x04u
#define PCI_BAR0 0x10u
#define PCI_COMMAND_MEMORY 2u
#define PCI_COMMAND_MASTER 4u
#define PCI_WINDOW 0xe0000000ul

static inline void port_out32(uint16_t port, uint32_t v)
{
    __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint32_t port_in32(uint16_t port)
{
    uint32_t v;

    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline uint32_t pci_read32(unsigned int slot, uint32_t reg)
{
    port_out32(0xcf8, 0x80000000u | slot << 11 | reg);
    return port_in32(0xcfc);
}

static inline void pci_write32(unsigned int slot, uint32_t reg, uint32_t v)
{
    port_out32(0xcf8, 0x80000000u | slot << 11 | reg);
    port_out32(0xcfc, v);
}

/* One instruction that the hypervisor knows, wherever the compiler is. */
static inline uint32_t mmio_read(uint64_t addr)
{
    uint32_t v;

    __asm__ volatile("movl (%1), %0" : "=r"(v) : "r"(addr) : "memory");
    return v;
}

static inline void mmio_write(uint64_t addr, uint32_t v)
{
    __asm__ volatile("movl %0, (%1)" : : "r"(v), "r"(addr) : "memory");
}

static inline void mmio_write64(uint64_t addr, uint64_t v)
{
    __asm__ volatile("movq %0, (%1)" : : "r"(v), "r"(addr) : "memory");
}

/* -- edu ------------------------------------------------------------------------------------------- */

#define EDU_ID 0x11e81234u
#define EDU_LIVES 0x04u   /* reads what was written, inverted */
#define EDU_RAISE 0x60u   /* an interrupt */
#define EDU_ACK 0x64u
#define EDU_FROM 0x80u
#define EDU_TO 0x88u
#define EDU_COUNT 0x90u
#define EDU_COMMAND 0x98u /* 1: go; 2: out of the device; reads 1 while it goes */
#define EDU_BUFFER 0x40000u
#define EDU_MSI 0x40u

/* Where its registers are, with decoding on, mapped. */
static inline uint64_t edu_start(unsigned int slot)
{
    uint64_t bar = pci_read32(slot, PCI_BAR0) & ~15u;

    pci_write32(slot, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    (void)mm_map(bar >> PAGE_SHIFT, 256, MM_WRITE | MM_UNCACHED);
    return bar;
}

static inline bool edu_answers(uint64_t bar)
{
    mmio_write(bar + EDU_LIVES, 0x12345678);
    return mmio_read(bar + EDU_LIVES) == ~0x12345678u;
}

static inline void edu_go(uint64_t bar, uint64_t from, uint64_t to, uint32_t count, bool out)
{
    mmio_write64(bar + EDU_FROM, from);
    mmio_write64(bar + EDU_TO, to);
    mmio_write(bar + EDU_COUNT, count);
    mmio_write(bar + EDU_COMMAND, out ? 3 : 1);
}

/* It writes count bytes of what it holds to addr. */
static inline void edu_write(uint64_t bar, uint64_t addr, uint32_t count)
{
    edu_go(bar, EDU_BUFFER, addr, count, true);
}

static inline void edu_read(uint64_t bar, uint64_t addr, uint32_t count)
{
    edu_go(bar, addr, EDU_BUFFER, count, false);
}

static inline bool edu_wait(uint64_t bar)
{
    uint64_t end = time_now_ns() + NS_PER_S;

    while (mmio_read(bar + EDU_COMMAND) & 1) {
        if (time_now_ns() > end) {
            return false;
        }
        cpu_relax();
    }
    return true;
}

#endif
