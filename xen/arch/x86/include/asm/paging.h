/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor's own page tables: W^X image, direct map of RAM, device window, guarded stacks. */
#ifndef ASM_PAGING_H
#define ASM_PAGING_H

#include <xen/types.h>

#define HV_BASE 0xffffffff80000000ull
#define FRAMETABLE_BASE 0xffffc00000000000ull
#define IOREMAP_BASE 0xffffd00000000000ull
#define IOREMAP_SIZE (64ull << 20)
#define STACK_BASE 0xffffe00000000000ull
#define STACK_SLOT 0x8000ull /* 32 KiB: guard pages below the stack in it */
#define STACK_MAIN_SIZE 0x6000ull
#define STACK_IST_SIZE 0x2000ull
#define STACKS_PER_CPU 4     /* main, double fault, NMI, machine check */

#define PTE_P 0x1ull
#define PTE_W 0x2ull
#define PTE_U 0x4ull
#define PTE_PWT 0x8ull
#define PTE_PCD 0x10ull
#define PTE_A 0x20ull
#define PTE_D 0x40ull
#define PTE_PS 0x80ull
#define PTE_G 0x100ull
#define PTE_NX (1ull << 63)
#define PTE_ADDR 0x000ffffffffff000ull

struct mem_range {
    paddr_t start, end;
};

/** Build and switch to the final tables; frame table and allocator are ready after it. */
void paging_init(const struct mem_range *ram, unsigned count, const struct mem_range *used,
                 unsigned used_count);
/** Top of a stack of a CPU (kind 0 main, 1..3 IST), mapped with guard pages. */
vaddr_t paging_map_stack(unsigned cpu, unsigned kind);
/** Table every CPU runs on. */
extern paddr_t paging_root;
/** Map a page one to one, executable, for the AP trampoline, and take it away again. */
void paging_identity_set(paddr_t page, bool present);
/** ACPI tables: memory outside RAM or in reserved ranges, cached, read-only; lives for good. */
const void *paging_map_readonly(paddr_t addr, size_t size);

#endif
