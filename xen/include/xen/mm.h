/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host memory: the frame table, the page allocator, references, the small-object heap.
 *
 * A frame is free, the hypervisor's own, or owned by one domain. A page of a domain lives as long
 * as it has references: one is taken by page_alloc() for the caller (who usually hands it to a p2m
 * entry), one by every further p2m entry, grant mapping or in-hypervisor use. The last page_put()
 * takes it out of its domain's account, scrubs it and frees it.
 */
#ifndef XEN_MM_H
#define XEN_MM_H

#include <xen/lock.h>
#include <xen/types.h>

struct domain;

/* 32 bytes a frame. */
struct page_info {
    uint32_t refcount;     /* atomic; 0 = free, or the hypervisor's own when state says so */
    uint8_t state;         /* enum page_state */
    uint8_t order;         /* of the free block this frame heads */
    uint16_t flags;        /* free for the allocator and, later, PV page types */
    struct domain *owner;  /* constant while refcount > 0; the domain outlives its pages */
    uint32_t next, prev;   /* frame numbers: free list, or the owner's page list */
    uint64_t type_info;    /* PV page type and count; unused for PVH */
};

enum page_state { PAGE_RESERVED, PAGE_FREE, PAGE_HYPERVISOR, PAGE_DOMAIN };

/* Set up by arch code before mem_init(). */
extern struct page_info *frame_table; /* index: mfn */
extern uint64_t frame_count;          /* frames covered by the table and the direct map */

#ifdef BULKHEAD_HOST
extern char *direct_map_fake;
#define DIRECTMAP_BASE ((vaddr_t)direct_map_fake)
#else
#define DIRECTMAP_BASE 0xffff800000000000ull
#endif

static inline bool mfn_valid(mfn_t m)
{
    return mfn_x(m) < frame_count && frame_table[mfn_x(m)].state != PAGE_RESERVED;
}
static inline struct page_info *mfn_to_page(mfn_t m)
{
    return &frame_table[mfn_x(m)];
}
static inline mfn_t page_to_mfn(const struct page_info *pg)
{
    return _mfn((uint64_t)(pg - frame_table));
}
static inline void *maddr_to_virt(paddr_t a)
{
    return (void *)(DIRECTMAP_BASE + a);
}
static inline paddr_t virt_to_maddr(const void *p) /* direct-map addresses only */
{
    return (paddr_t)((vaddr_t)p - DIRECTMAP_BASE);
}
static inline void *mfn_to_virt(mfn_t m)
{
    return maddr_to_virt(mfn_x(m) << PAGE_SHIFT);
}
static inline void *page_to_virt(const struct page_info *pg)
{
    return mfn_to_virt(page_to_mfn(pg));
}

#define MAX_ORDER 18 /* blocks up to 1 GiB */

/** Give a range of RAM frames to the allocator; arch code calls it for every usable range. */
void mem_add_range(mfn_t first, uint64_t count);
/** Totals for logs and physinfo, in pages. */
uint64_t mem_free_pages(void);
uint64_t mem_total_pages(void);

/**
 * Hypervisor pages: 2^order zeroed pages, refcount 0, state PAGE_HYPERVISOR; NULL when out of
 * memory.
 */
void *pages_alloc(unsigned order) must_check;
void pages_free(void *p, unsigned order);

/**
 * Small zeroed objects up to 64 KiB; NULL when out of memory. Freeing what is not in use stops
 * the hypervisor.
 */
void *xzalloc_bytes(size_t size) must_check;
void xfree(void *p);
#define xzalloc(type) ((type *)xzalloc_bytes(sizeof(type)))
#define xzalloc_array(type, n) ((type *)xzalloc_array_bytes(sizeof(type), n))
void *xzalloc_array_bytes(size_t elem, size_t n) must_check;

/**
 * 2^order zeroed pages owned by d and on its account (d->tot_pages), each with one reference for
 * the caller.
 * @return head page; NULL when d's max_pages would be passed, d is dying, or memory is out.
 */
struct page_info *page_alloc(struct domain *d, unsigned order) must_check;

/**
 * A zeroed page of d that lives exactly as long as d's structure: shared_info. Every other page of
 * d keeps the structure alive; this one does not, so it is never given to other domains
 * (page_is_resident()) and is freed by domain_free().
 * @return NULL as page_alloc()
 */
struct page_info *page_alloc_resident(struct domain *d) must_check;
/** The end of such a page: d has no other user any more. */
void page_free_resident(struct page_info *pg);
bool page_is_resident(const struct page_info *pg);

/**
 * Take a reference. @return false if pg is not a page of owner with at least one reference, or the
 * count is full.
 */
bool page_get(struct page_info *pg, struct domain *owner) must_check;
/**
 * Take a further reference on a page the caller has one of already. false when the count is full.
 */
bool page_get_more(struct page_info *pg) must_check;
/** Drop a reference; the last one scrubs and frees. */
void page_put(struct page_info *pg);
/** The same for each of 1 << order pages in a row, aligned so; quicker when these were the last references. */
void page_put_block(struct page_info *head, unsigned order);
/**
 * Change the owner of a page whose only reference the caller holds (grant transfer).
 * @return 0; -EBUSY other references; -ENOMEM the new owner's limit.
 */
int page_change_owner(struct page_info *pg, struct domain *from, struct domain *to) must_check;

/**
 * Fill guest frames first..first+pages-1 of d with zeroed RAM, by 2 MiB blocks where aligned and
 * available. Launch code.
 * @return 0; -ENOMEM limit or memory (what was done stays); -EEXIST, -EINVAL as p2m_map()
 */
int mem_populate(struct domain *d, gfn_t first, uint64_t pages) must_check;

/**
 * Keep the memory map that XENMEM_memory_map shows d. @return 0; -EINVAL more than MEMMAP_MAX
 * entries.
 */
struct memmap_entry;
int memory_map_set(struct domain *d, const struct memmap_entry *map, unsigned count) must_check;

/**
 * Close d's account (nothing can be allocated to it any more) and drop every p2m entry. Pages that
 * others still map live on until those let go. The owners of shared_info, grant frames and
 * vcpu_info pages drop theirs.
 * @return 0 when done, -ERESTART when there is more to do (preemptible)
 */
int mem_domain_release(struct domain *d) must_check;

/** Can the CPU address all of it? */
bool paddr_exists(paddr_t base, uint64_t size);
/** Map device memory, uncached, for good. NULL when the window is full, or nothing is there. */
void *ioremap(paddr_t base, size_t size) must_check;
/** Is any of it RAM, as firmware's map has it, or mapped by ioremap()? Then it is the host's own. */
bool host_uses(paddr_t base, uint64_t size);

#endif
