/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a stub domain. Virtual equals guest-physical address for all RAM below 1 GiB; what is
 * not RAM is not mapped, neither is page 0 nor the page below each stack. Text is read-execute,
 * read-only data read-only, all else read-write and not executable.
 *
 * The window is a range of guest frames without memory behind them, for what the hypervisor puts
 * into the domain's physical map: shared info, grant frames, other domains' granted pages.
 */
#ifndef RUNTIME_MM_H
#define RUNTIME_MM_H

#include <runtime/xen.h>

/**
 * Allocate whole pages, contiguous, aligned to a page, zeroed.
 *
 * @return NULL when there is no run of that length
 */
void *page_alloc(size_t count);

/** Give back pages of page_alloc(), with the same count. */
void page_free(void *page, size_t count);

/** Pages free at the moment, and RAM pages of the domain below 1 GiB. */
size_t page_free_count(void);
size_t page_ram_count(void);

/** Guest frame number of an address of ours. */
static inline xen_pfn_t virt_to_gfn(const void *p)
{
    return (xen_pfn_t)(uintptr_t)p >> PAGE_SHIFT;
}

/** Frames of the window: allocate @count adjacent ones (0 when used up), give them back. */
xen_pfn_t window_alloc(size_t count);
void window_free(xen_pfn_t gfn, size_t count);

/* Rights of a mapping; readable always. */
#define MM_WRITE 1u
#define MM_EXEC 2u
#define MM_UNCACHED 4u

/**
 * Map guest frames one to one.
 *
 * @return 0, -XEN_EINVAL for a range past 2^47 or both MM_WRITE and MM_EXEC, -XEN_ENOMEM without
 *         memory for a page table
 */
int mm_map(xen_pfn_t gfn, size_t count, unsigned int rights);

/** Remove mappings; later accesses fault. Only this vCPU's TLB is flushed. */
void mm_unmap(xen_pfn_t gfn, size_t count);

/**
 * Put a frame of the hypervisor's into our physical map (XENMEM_add_to_physmap) and map it.
 *
 * @param space  XENMAPSPACE_shared_info or XENMAPSPACE_grant_table
 * @param index  frame within the space
 * @param gfn    frame of the window to use
 */
int mm_map_space(unsigned int space, unsigned long index, xen_pfn_t gfn);

#endif
