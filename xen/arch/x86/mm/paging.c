/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's page tables, built once. Text is executable and read-only, everything else is not executable; the
 * direct map covers RAM alone, and of the image's own frames nothing; below every stack lies a hole.
 */
#include <asm/paging.h>

#include <asm/cpu.h>
#include <xen/boot.h>
#include <xen/lib.h>
#include <xen/mm.h>

#define BOOT_USED_MAX (BOOT_MODULES_MAX + 8)

extern char load_start[], boot_end[], text_start[], text_end[], rodata_end[], image_end[];

paddr_t paging_root;
struct page_info *frame_table = (struct page_info *)FRAMETABLE_BASE;
uint64_t frame_count;

static uint64_t *root;
static const struct mem_range *host_ram; /* constant after paging_init(), as its count */
static unsigned host_ram_count;
static bool allocator_ready;
static vaddr_t ioremap_next = IOREMAP_BASE;
static spinlock_t paging_lock = SPINLOCK_INIT(LOCK_PAGING);

/* Before the allocator: pages from the top of one big range. */
static paddr_t early_start, early_end;

static paddr_t early_pages(uint64_t count)
{
    if (early_end - early_start < count * PAGE_SIZE) {
        panic("boot: not enough memory below 4 GiB for the hypervisor's tables");
    }
    early_end -= count * PAGE_SIZE;
    return early_end;
}

static paddr_t table_page(void)
{
    paddr_t a;

    if (allocator_ready) {
        void *p = pages_alloc(0);

        if (!p) {
            panic("out of memory for the hypervisor's page tables");
        }
        return virt_to_maddr(p);
    }
    a = early_pages(1);
    memset(maddr_to_virt(a), 0, PAGE_SIZE);
    return a;
}

static uint64_t *table_next(uint64_t *entry)
{
    if (!(*entry & PTE_P)) {
        *entry = table_page() | PTE_P | PTE_W | PTE_A;
    }
    return maddr_to_virt(*entry & PTE_ADDR);
}

/* Map one leaf of 4 KiB (level 0), 2 MiB (1) or 1 GiB (2). */
static void map_leaf(vaddr_t va, paddr_t pa, unsigned level, uint64_t flags)
{
    uint64_t *t = root;

    for (unsigned l = 3; l > level; l--) {
        t = table_next(&t[(va >> (12 + 9 * l)) & 511]);
    }
    t[(va >> (12 + 9 * level)) & 511] =
        pa | flags | PTE_P | PTE_A | PTE_D | PTE_G | (level ? PTE_PS : 0);
}

static void map_range(vaddr_t va, paddr_t pa, uint64_t size, uint64_t flags)
{
    while (size) {
        unsigned level = 0;

        if (cpu_has_pdpe1gb && !((va | pa) & ((1ull << 30) - 1)) && size >= 1ull << 30) {
            level = 2;
        } else if (!((va | pa) & ((1ull << 21) - 1)) && size >= 1ull << 21) {
            level = 1;
        }
        map_leaf(va, pa, level, flags);
        va += 1ull << (12 + 9 * level);
        pa += 1ull << (12 + 9 * level);
        size -= 1ull << (12 + 9 * level);
    }
}

static void map_image(void)
{
    paddr_t load = (paddr_t)text_start - HV_BASE;

    map_range((vaddr_t)text_start, load, (uint64_t)(text_end - text_start), 0);
    map_range((vaddr_t)text_end, (paddr_t)text_end - HV_BASE, (uint64_t)(rodata_end - text_end), PTE_NX);
    map_range((vaddr_t)rodata_end, (paddr_t)rodata_end - HV_BASE, (uint64_t)(image_end - rodata_end),
              PTE_NX | PTE_W);
}

static uint64_t cr4_features(void)
{
    return (cpu_has_smep ? 1ull << 20 : 0) | (cpu_has_smap ? 1ull << 21 : 0) |
           (cpu_has_umip ? 1ull << 11 : 0) | (cpu_has_pku ? 1ull << 22 : 0);
}

/* Call fn for each part of RAM that no used range covers. */
static void each_free(const struct mem_range *ram, unsigned count, const struct mem_range *used,
                      unsigned used_count, void (*fn)(paddr_t start, paddr_t end))
{
    for (unsigned i = 0; i < count; i++) {
        paddr_t at = ram[i].start;

        while (at < ram[i].end) {
            paddr_t stop = ram[i].end, next = ram[i].end;

            for (unsigned u = 0; u < used_count; u++) {
                if (used[u].start <= at && at < used[u].end) {
                    stop = at;
                    next = min(used[u].end, ram[i].end);
                    break;
                }
                if (used[u].start > at && used[u].start < stop) {
                    stop = used[u].start;
                    next = stop;
                }
            }
            if (stop > at) {
                fn(at, stop);
            }
            at = next;
        }
    }
}

static void pick_early(paddr_t start, paddr_t end)
{
    /* The first tables cover 4 GiB; keep away from the first MiB. */
    start = max(start, 0x100000ull);
    end = min(end, 1ull << 32);
    if (end > start && end - start > early_end - early_start) {
        early_start = start;
        early_end = end;
    }
}

static void give_to_allocator(paddr_t start, paddr_t end)
{
    start = max(start, 0x100000ull); /* the first MiB stays aside: trampoline, firmware's leftovers */
    if (start < end) {
        mem_add_range(_mfn(start >> PAGE_SHIFT), (end - start) >> PAGE_SHIFT);
    }
}

static void map_frame_table(const struct mem_range *ram, unsigned count)
{
    uint64_t bytes;
    paddr_t pa;

    for (unsigned i = 0; i < count; i++) {
        frame_count = max(frame_count, ram[i].end >> PAGE_SHIFT);
    }
    /* Holes between ranges are backed too: PAGE_RESERVED is all-zero. Holes of GiBs cost 8 MiB per GiB. */
    bytes = ROUND_UP(frame_count * sizeof(struct page_info), 1ull << 21);
    if (frame_count >= 1ull << 32) {
        panic("boot: more than 16 TiB of memory");
    }
    early_end &= ~((1ull << 21) - 1);
    pa = early_pages(bytes >> PAGE_SHIFT);
    memset(maddr_to_virt(pa), 0, bytes);
    for (uint64_t at = 0; at < bytes; at += 1ull << 21) {
        map_leaf(FRAMETABLE_BASE + at, pa + at, 1, PTE_W | PTE_NX);
    }
}

static void map_direct(paddr_t start, paddr_t end)
{
    map_range(DIRECTMAP_BASE + start, start, end - start, PTE_W | PTE_NX);
}

void paging_init(const struct mem_range *ram, unsigned count, const struct mem_range *used,
                 unsigned used_count)
{
    static struct mem_range taken[BOOT_USED_MAX];
    struct mem_range image = { (paddr_t)text_start - HV_BASE, (paddr_t)image_end - HV_BASE };
    paddr_t early_top;
    unsigned n = 0;

    host_ram = ram;
    host_ram_count = count;
    ASSERT(used_count + 3 <= ARRAY_SIZE(taken));
    for (unsigned i = 0; i < used_count; i++) {
        taken[n++] = used[i];
    }
    taken[n++] = image;
    taken[n++] = (struct mem_range){ (paddr_t)load_start, (paddr_t)boot_end };
    each_free(ram, count, taken, n, pick_early);
    early_top = early_end;

    paging_root = early_pages(1);
    root = maddr_to_virt(paging_root);
    memset(root, 0, PAGE_SIZE);
    map_frame_table(ram, count);
    map_image();
    each_free(ram, count, &image, 1, map_direct);

    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4_features() | 0x6a0ull)); /* PAE PGE OSFXSR OSXMMEXCPT */
    write_cr3(paging_root);

    /* Everything the early allocator took lies in [early_end, early_top). */
    taken[n++] = (struct mem_range){ early_end, early_top };
    each_free(ram, count, taken, n, give_to_allocator);
    allocator_ready = true;
}

vaddr_t paging_map_stack(unsigned cpu, unsigned kind)
{
    vaddr_t top = STACK_BASE + ((uint64_t)cpu * STACKS_PER_CPU + kind + 1) * STACK_SLOT;
    uint64_t size = kind ? STACK_IST_SIZE : STACK_MAIN_SIZE;

    spin_lock(&paging_lock);
    for (vaddr_t va = top - size; va < top; va += PAGE_SIZE) {
        map_leaf(va, table_page(), 0, PTE_W | PTE_NX);
    }
    spin_unlock(&paging_lock);
    return top;
}

bool paddr_exists(paddr_t base, uint64_t size)
{
    paddr_t end = 1ull << cpu_paddr_bits;

    return base < end && size <= end - base;
}

static vaddr_t window_map(paddr_t base, size_t size, uint64_t flags)
{
    paddr_t first = base & PAGE_MASK;
    uint64_t bytes = ROUND_UP(base + size, PAGE_SIZE) - first;
    vaddr_t va;

    if (!paddr_exists(base, size)) {
        return 0;
    }
    spin_lock(&paging_lock);
    va = ioremap_next;
    if (bytes > IOREMAP_BASE + IOREMAP_SIZE - va) {
        spin_unlock(&paging_lock);
        return 0;
    }
    ioremap_next += bytes + PAGE_SIZE; /* a hole between mappings */
    for (uint64_t at = 0; at < bytes; at += PAGE_SIZE) {
        map_leaf(va + at, first + at, 0, flags | PTE_NX);
    }
    spin_unlock(&paging_lock);
    return va + (base - first);
}

void *ioremap(paddr_t base, size_t size)
{
    return (void *)window_map(base, size, PTE_W | PTE_PCD | PTE_PWT);
}

/* The frame behind a page of the window; 0 in the holes between mappings. Lock held. */
static paddr_t window_frame(vaddr_t va)
{
    uint64_t *t = root;

    for (unsigned l = 3; l > 0; l--) {
        uint64_t e = t[(va >> (12 + 9 * l)) & 511];

        if (!(e & PTE_P)) {
            return 0;
        }
        t = maddr_to_virt(e & PTE_ADDR);
    }
    return t[(va >> 12) & 511] & PTE_ADDR;
}

bool host_uses(paddr_t base, uint64_t size)
{
    bool used = false;

    for (unsigned i = 0; i < host_ram_count; i++) {
        if (base < host_ram[i].end && host_ram[i].start < base + size) {
            return true;
        }
    }
    spin_lock(&paging_lock);
    for (vaddr_t va = IOREMAP_BASE; va < ioremap_next && !used; va += PAGE_SIZE) {
        paddr_t frame = window_frame(va);

        used = frame != 0 && frame >= (base & PAGE_MASK) && frame < base + size;
    }
    spin_unlock(&paging_lock);
    return used;
}

const void *paging_map_readonly(paddr_t addr, size_t size)
{
    return (const void *)window_map(addr, size, 0);
}

void paging_identity_set(paddr_t page, bool present)
{
    spin_lock(&paging_lock);
    if (present) {
        map_leaf(page, page, 0, 0);
    } else {
        root[0] = 0;
    }
    spin_unlock(&paging_lock);
    write_cr3(read_cr3());
}
