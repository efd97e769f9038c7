/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical-to-machine map of a domain: which host frame stands behind each guest frame, and how
 * it may be used. On AMD the structure is the nested page table itself. A present RAM, grant or
 * foreign entry owns one reference on its frame; MMIO entries own nothing.
 */
#ifndef XEN_P2M_H
#define XEN_P2M_H

#include <xen/mm.h>

struct domain;
struct iommu_domain;

enum p2m_type {
    P2M_INVALID,
    P2M_RAM_RW,
    P2M_RAM_RO,
    P2M_GRANT_RW,
    P2M_GRANT_RO,
    P2M_FOREIGN_RW,
    P2M_FOREIGN_RO,
    P2M_MMIO_DIRECT,
    P2M_ABSENT, /* the shared page of ones that stands for nothing: reads only, owns nothing */
    P2M_DEVICE, /* registers of a device that the domain holds: come and go with it, nobody but vpci touches them */
    P2M_TYPE_COUNT
};

/* Orders an entry may have: 4 KiB, 2 MiB, 1 GiB. */
#define P2M_ORDER_4K 0
#define P2M_ORDER_2M 9
#define P2M_ORDER_1G 18

struct p2m {
    rwlock_t lock;
    mfn_t root;             /* constant after p2m_init() */
    uint64_t *cache;        /* owned page of translations lately used; see arch code */
    uint64_t table_pages;   /* lock held: the hypervisor's pages used by tables, bounded */
    uint64_t table_limit;   /* constant after p2m_init() */
    uint64_t max_gfn;       /* lock held: highest gfn ever mapped */
    uint64_t held;          /* lock held: entries of P2M_SET_HELD */
    struct iommu_domain *iommu; /* owned; what its devices reach, in step; NULL: it has none; set once, until p2m_free() */
    bool closed;            /* lock held: teardown has begun, nothing can be mapped */
};

/* Guest frame numbers are below this: 48 bits of guest physical address. */
#define P2M_GFN_LIMIT ((uint64_t)1 << 36)

/* Sets of types, for calls that may touch some kinds of entries only. */
#define P2M_SET(type) (1u << (type))
#define P2M_SET_RAM (P2M_SET(P2M_RAM_RW) | P2M_SET(P2M_RAM_RO))
#define P2M_SET_GRANT (P2M_SET(P2M_GRANT_RW) | P2M_SET(P2M_GRANT_RO))
#define P2M_SET_FOREIGN (P2M_SET(P2M_FOREIGN_RW) | P2M_SET(P2M_FOREIGN_RO))
#define P2M_SET_WRITABLE (P2M_SET(P2M_RAM_RW) | P2M_SET(P2M_GRANT_RW) | P2M_SET(P2M_FOREIGN_RW))
/* What the domain's devices may reach too: what it owns, and what others have granted to it, as back ends' disks must. */
#define P2M_SET_DMA (P2M_SET_RAM | P2M_SET_GRANT)
#define P2M_SET_PAGES (P2M_SET_RAM | P2M_SET_GRANT | P2M_SET_FOREIGN)
/* What a domain was asked about when it got it and may lose again; only ever 4 KiB entries. */
#define P2M_SET_HELD (P2M_SET_FOREIGN | P2M_SET(P2M_MMIO_DIRECT))
#define P2M_SET_ALL (P2M_SET_PAGES | P2M_SET(P2M_MMIO_DIRECT) | P2M_SET(P2M_ABSENT))

/* Pages taken out of a p2m whose references wait for the TLB flush. */
#define P2M_BATCH 32
struct p2m_batch {
    unsigned count;
    bool flush;             /* an entry was changed since the last flush */
    struct page_info *pages[P2M_BATCH];
};

static inline void p2m_batch_init(struct p2m_batch *b)
{
    b->count = 0;
    b->flush = false;
}

int p2m_init(struct domain *d) must_check;
/** Drop every entry. @return 0 when done, -ERESTART when there is more to do (preemptible). */
int p2m_teardown(struct domain *d) must_check;
void p2m_free(struct domain *d);

/**
 * Map 2^order frames at gfn; entries own the reference(s) the caller passes in (not for MMIO).
 * @return 0; -EEXIST something is there; -ENOMEM no page for tables; -EINVAL beyond the guest's
 *         width, not aligned to the order; -ESRCH teardown has begun. On failure the references
 *         stay the caller's.
 */
int p2m_map(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned order, enum p2m_type type) must_check;
/**
 * Remove the 4 KiB entry at gfn, splitting a larger one. Its reference goes to the batch; when the
 * batch is full it is flushed. The batch must be flushed with p2m_batch_flush() before the caller
 * returns to the guest.
 * @return 0; -ENOENT nothing there; -ENOMEM no page to split with.
 */
int p2m_unmap(struct domain *d, gfn_t gfn, struct p2m_batch *batch) must_check;
/**
 * As p2m_unmap(), for an entry whose type is in `set` and whose frame is mfn (INVALID_FRAME: any).
 * @return also -EBUSY: there is another kind of entry.
 */
int p2m_unmap_if(struct domain *d, gfn_t gfn, unsigned set, mfn_t mfn, struct p2m_batch *batch)
    must_check;
/**
 * Put a 4 KiB entry at gfn in place of whatever is there, in one step for other CPUs; what was
 * there goes to the batch.
 *
 * @param set  types that may be replaced; an empty place may always be filled
 * @return 0, the entry owns the caller's reference; -EBUSY there is an entry of another type;
 *         -ENOMEM; -EINVAL; -ESRCH
 */
int p2m_replace(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type, unsigned set,
                struct p2m_batch *batch) must_check;
/** Flush the domain's TLBs on all CPUs, then drop the references in the batch. */
void p2m_batch_flush(struct domain *d, struct p2m_batch *batch);
/**
 * Frame behind gfn, with a reference taken under the p2m lock (RAM, grant, foreign entries).
 * @param write  refuse read-only types
 * @return page or NULL (nothing there, MMIO, or not writable)
 */
struct page_info *p2m_get_page(struct domain *d, gfn_t gfn, bool write, enum p2m_type *type)
    must_check;
/**
 * Frame and type at gfn; INVALID_FRAME when absent. Only valid while the caller holds p2m.lock for
 * reading.
 */
mfn_t p2m_lookup_locked(const struct domain *d, gfn_t gfn, enum p2m_type *type);

/**
 * The first 4 KiB entry from *gfn on whose type is in `set`, of types that only ever have such entries
 * (foreign, device memory).
 *
 * @param budget  in and out: steps that may be taken
 * @return true with *gfn, *mfn and *type set; false: no step left, or the end, where *gfn is P2M_GFN_LIMIT
 */
bool p2m_next(struct domain *d, unsigned set, uint64_t *gfn, unsigned *budget, mfn_t *mfn,
              enum p2m_type *type) must_check;

/**
 * Make every CPU that runs d leave the guest and forget its translations of d, before returning.
 */
void arch_p2m_flush(struct domain *d);

#endif
