/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page allocator: one bit per page of the first GiB, set when the page is taken or is not RAM.
 * Searches go on where the last one ended. The window is a second, smaller map of the same kind.
 */
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <string.h>

#include <public/arch-x86/hvm/start_info.h>

#include "internal.h"

#define PAGE_LIMIT (1ul << 18)          /* 1 GiB */
#define WINDOW_PAGES 4096ul             /* 16 MiB of address space, no memory */
#define WINDOW_STEP (64ul << 20)

static uint64_t taken[PAGE_LIMIT / 64];
static uint64_t window_taken[WINDOW_PAGES / 64];
static xen_pfn_t window_base;
static size_t free_count, ram_count, next_search;
static struct spinlock lock;

static bool bit_get(const uint64_t *map, size_t i)
{
    return (map[i / 64] >> (i % 64)) & 1;
}

static void bit_set(uint64_t *map, size_t i)
{
    map[i / 64] |= UINT64_C(1) << (i % 64);
}

static void bit_clear(uint64_t *map, size_t i)
{
    map[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

/* First run of @count clear bits at or after @from, or @limit. */
static size_t find_run(const uint64_t *map, size_t from, size_t limit, size_t count)
{
    size_t i = from, run = 0;

    while (i < limit) {
        if (run == 0 && i % 64 == 0 && map[i / 64] == UINT64_MAX) {
            i += 64;
            continue;
        }
        run = bit_get(map, i) ? 0 : run + 1;
        i++;
        if (run == count) {
            return i - count;
        }
    }
    return limit;
}

static void reserve(uint64_t addr, uint64_t size)
{
    uint64_t first = addr >> PAGE_SHIFT;
    uint64_t end = (addr + size + PAGE_SIZE - 1) >> PAGE_SHIFT;

    for (uint64_t i = first; i < end && i < PAGE_LIMIT; i++) {
        if (!bit_get(taken, i)) {
            bit_set(taken, i);
            free_count--;
        }
    }
}

static void add_ram(const struct start_memory *row)
{
    uint64_t first = (row->addr + PAGE_SIZE - 1) >> PAGE_SHIFT;
    uint64_t end = (row->addr + row->size) >> PAGE_SHIFT;

    for (uint64_t i = first; i < end && i < PAGE_LIMIT; i++) {
        if (bit_get(taken, i)) {
            bit_clear(taken, i);
            free_count++;
            ram_count++;
        }
    }
}

/* A range that no row of the memory map touches, from 2 GiB up. */
static xen_pfn_t find_window(void)
{
    uint64_t base = UINT64_C(2) << 30;
    unsigned int i = 0;
    const struct start_memory *row;

    while ((row = start_memory_map(i)) != NULL) {
        if (row->addr < base + WINDOW_PAGES * PAGE_SIZE && base < row->addr + row->size) {
            base += WINDOW_STEP;
            i = 0;
        } else {
            i++;
        }
    }
    return base >> PAGE_SHIFT;
}

void pages_init(void)
{
    const struct start_memory *row;
    uint64_t addr, size;

    memset(taken, 0xff, sizeof(taken));
    for (unsigned int i = 0; (row = start_memory_map(i)) != NULL; i++) {
        if (row->type == XEN_HVM_MEMMAP_TYPE_RAM) {
            add_ram(row);
        }
    }
    reserve(0, 1u << 20);
    reserve((uintptr_t)__image_start, (uint64_t)(__image_end - __image_start));
    for (unsigned int i = 0; start_info_range(i, &addr, &size); i++) {
        reserve(addr, size);
    }
    window_base = find_window();
}

void *page_alloc(size_t count)
{
    size_t i;
    void *page;

    if (count == 0 || count > PAGE_LIMIT) {
        return NULL;
    }
    spin_lock(&lock);
    i = find_run(taken, next_search, PAGE_LIMIT, count);
    if (i == PAGE_LIMIT) {
        i = find_run(taken, 0, PAGE_LIMIT, count);
    }
    if (i == PAGE_LIMIT) {
        spin_unlock(&lock);
        return NULL;
    }
    for (size_t k = 0; k < count; k++) {
        bit_set(taken, i + k);
    }
    free_count -= count;
    next_search = i + count;
    spin_unlock(&lock);
    page = (void *)(i << PAGE_SHIFT);
    memset(page, 0, count << PAGE_SHIFT);
    return page;
}

void page_free(void *page, size_t count)
{
    size_t first = (uintptr_t)page >> PAGE_SHIFT;

    spin_lock(&lock);
    for (size_t i = first; i < first + count; i++) {
        if (i >= PAGE_LIMIT || !bit_get(taken, i)) {
            spin_unlock(&lock);
            rt_panic("page_free(%p, %zu): page %#zx is not taken", page, count, i);
        }
        bit_clear(taken, i);
    }
    free_count += count;
    spin_unlock(&lock);
}

size_t page_free_count(void)
{
    return free_count;
}

size_t page_ram_count(void)
{
    return ram_count;
}

xen_pfn_t window_alloc(size_t count)
{
    size_t i;

    if (count == 0) {
        return 0;
    }
    spin_lock(&lock);
    i = find_run(window_taken, 0, WINDOW_PAGES, count);
    for (size_t k = 0; i < WINDOW_PAGES && k < count; k++) {
        bit_set(window_taken, i + k);
    }
    spin_unlock(&lock);
    return i < WINDOW_PAGES ? window_base + i : 0;
}

void window_free(xen_pfn_t gfn, size_t count)
{
    spin_lock(&lock);
    for (size_t i = gfn - window_base; i < gfn - window_base + count && i < WINDOW_PAGES; i++) {
        bit_clear(window_taken, i);
    }
    spin_unlock(&lock);
}
