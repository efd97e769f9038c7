/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables. All RAM below 1 GiB is mapped one to one: 2 MiB pages where the whole stretch is
 * plain memory, 4 KiB pages around the image, below 2 MiB and at the edges of RAM.
 */
#include <runtime/mm.h>

#include <runtime/hypercall.h>
#include <runtime/smp.h>
#include <runtime/start.h>

#include <public/memory.h>

#include "internal.h"

#define PTE_P UINT64_C(0x001)
#define PTE_W UINT64_C(0x002)
#define PTE_PWT UINT64_C(0x008)
#define PTE_PCD UINT64_C(0x010)
#define PTE_A UINT64_C(0x020)
#define PTE_D UINT64_C(0x040)
#define PTE_PS UINT64_C(0x080)
#define PTE_NX (UINT64_C(1) << 63)
#define PTE_ADDR UINT64_C(0x000ffffffffff000)
#define LARGE_SIZE (UINT64_C(2) << 20)
#define LOW_GIB (UINT64_C(1) << 30)

static uint64_t *pml4;
static struct spinlock lock;

uint64_t mm_cr3(void)
{
    return (uint64_t)(uintptr_t)pml4;
}

static uint64_t *table_at(uint64_t entry)
{
    return (uint64_t *)(uintptr_t)(entry & PTE_ADDR);
}

/* Replace a 2 MiB mapping by a table of 512 pages with the same rights. */
static bool split_large(uint64_t *slot)
{
    uint64_t *table = page_alloc(1);
    uint64_t base = *slot & PTE_ADDR & ~(LARGE_SIZE - 1);
    uint64_t flags = *slot & ~PTE_ADDR & ~PTE_PS;

    if (table == NULL) {
        return false;
    }
    for (unsigned int i = 0; i < 512; i++) {
        table[i] = (base + i * PAGE_SIZE) | flags;
    }
    *slot = (uint64_t)(uintptr_t)table | PTE_P | PTE_W;
    return true;
}

/* The entry that maps @vaddr at @level (0: 4 KiB, 1: 2 MiB), making tables on the way. */
static uint64_t *walk(uint64_t vaddr, unsigned int level, bool make)
{
    uint64_t *table = pml4;

    for (unsigned int l = 3; l > level; l--) {
        uint64_t *slot = &table[(vaddr >> (PAGE_SHIFT + 9 * l)) & 511];

        if ((*slot & PTE_P) == 0) {
            void *fresh = make ? page_alloc(1) : NULL;

            if (fresh == NULL) {
                return NULL;
            }
            *slot = (uint64_t)(uintptr_t)fresh | PTE_P | PTE_W;
        } else if ((*slot & PTE_PS) != 0 && !split_large(slot)) {
            return NULL;
        }
        table = table_at(*slot);
    }
    return &table[(vaddr >> (PAGE_SHIFT + 9 * level)) & 511];
}

static void flush_page(uint64_t vaddr)
{
    __asm__ volatile("invlpg (%0)" : : "r"(vaddr) : "memory");
}

static bool inside(uint64_t addr, const char *start, const char *end)
{
    return addr >= (uintptr_t)start && addr < (uintptr_t)end;
}

/* Rights of a page of RAM: 0 leaves it unmapped. */
static uint64_t ram_flags(uint64_t addr)
{
    if (addr == 0 || inside(addr, __stack_guard, __stack_guard + PAGE_SIZE)) {
        return 0;
    }
    if (inside(addr, __text_start, __text_end)) {
        return PTE_P | PTE_A;
    }
    if (inside(addr, __rodata_start, __rodata_end)) {
        return PTE_P | PTE_A | PTE_NX;
    }
    return PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX;
}

static void map_ram(uint64_t start, uint64_t end)
{
    uint64_t image_start = (uintptr_t)__image_start & ~(LARGE_SIZE - 1);
    uint64_t image_end = (uintptr_t)__image_end;
    uint64_t addr = start;

    while (addr < end) {
        bool large = addr % LARGE_SIZE == 0 && end - addr >= LARGE_SIZE && addr != 0 &&
                     (addr + LARGE_SIZE <= image_start || addr >= image_end);
        uint64_t flags = ram_flags(addr);
        uint64_t *slot = walk(addr, large ? 1 : 0, true);

        if (slot == NULL) {
            rt_panic("no memory for page tables");
        }
        *slot = flags == 0 ? 0 : addr | flags | (large ? PTE_PS : 0);
        addr += large ? LARGE_SIZE : PAGE_SIZE;
    }
}

void mm_init(void)
{
    const struct start_memory *row;

    pml4 = page_alloc(1);
    if (pml4 == NULL) {
        rt_panic("no memory for page tables");
    }
    for (unsigned int i = 0; (row = start_memory_map(i)) != NULL; i++) {
        uint64_t start = (row->addr + PAGE_SIZE - 1) & PAGE_MASK;
        uint64_t end = (row->addr + row->size) & PAGE_MASK;

        end = end < LOW_GIB ? end : LOW_GIB;
        if (row->type == XEN_HVM_MEMMAP_TYPE_RAM && start < end) {
            map_ram(start, end);
        }
    }
    __asm__ volatile("movq %0, %%cr3" : : "r"(mm_cr3()) : "memory");
}

int mm_map(xen_pfn_t gfn, size_t count, unsigned int rights)
{
    uint64_t flags = PTE_P | PTE_A | PTE_D;

    if ((rights & MM_WRITE) != 0 && (rights & MM_EXEC) != 0) {
        return -XEN_EINVAL;
    }
    if (gfn >= (1ul << 35) || count > (1ul << 35) - gfn) {
        return -XEN_EINVAL;
    }
    flags |= (rights & MM_WRITE) != 0 ? PTE_W : 0;
    flags |= (rights & MM_EXEC) != 0 ? 0 : PTE_NX;
    flags |= (rights & MM_UNCACHED) != 0 ? PTE_PCD | PTE_PWT : 0;
    spin_lock(&lock);
    for (size_t i = 0; i < count; i++) {
        uint64_t addr = (gfn + i) << PAGE_SHIFT;
        uint64_t *slot = walk(addr, 0, true);

        if (slot == NULL) {
            spin_unlock(&lock);
            return -XEN_ENOMEM;
        }
        *slot = addr | flags;
        flush_page(addr);
    }
    spin_unlock(&lock);
    return 0;
}

void mm_unmap(xen_pfn_t gfn, size_t count)
{
    spin_lock(&lock);
    for (size_t i = 0; i < count; i++) {
        uint64_t addr = (gfn + i) << PAGE_SHIFT;
        uint64_t *slot = walk(addr, 0, false);

        if (slot != NULL) {
            *slot = 0;
            flush_page(addr);
        }
    }
    spin_unlock(&lock);
}

int mm_map_space(unsigned int space, unsigned long index, xen_pfn_t gfn)
{
    struct xen_add_to_physmap arg = {
        .domid = DOMID_SELF, .space = space, .idx = index, .gpfn = gfn,
    };
    long rc = hc_memory_op(XENMEM_add_to_physmap, &arg);

    return rc != 0 ? (int)rc : mm_map(gfn, 1, MM_WRITE);
}
