/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ballooning: XENMEM_populate_physmap, _decrease_reservation, _increase_reservation. The result is
 * the number of extents done; the first one that fails ends the call. Long lists stop where other
 * work waits and go on through their row.
 */
#include "memory_op.h"

#include <xen/guest_access.h>
#include <xen/softirq.h>

#define EXTENT_ORDER_MAX 9 /* what a domain may ask for in one piece */
#define EXTENT_CHUNK 32    /* frame numbers copied at a time */

int reservation_decode(struct call *c)
{
    const struct xen_memory_reservation *r = c->arg;

    return call_target(c, r->domid);
}

/*
 * Memory with addresses below a limit is not kept apart: only limits that do not bind can be kept.
 */
static bool address_limit_met(unsigned flags)
{
    unsigned bits = XENMEMF_get_address_bits(flags);

    return bits == 0 || bits >= 64 || frame_count << PAGE_SHIFT <= 1ull << bits;
}

/* Is there work that can be done at all? */
static bool request_valid(const struct call *c)
{
    const struct xen_memory_reservation *r = c->arg;

    return r->extent_order <= EXTENT_ORDER_MAX &&
           r->nr_extents <= UINT64_MAX >> MEMOP_EXTENT_SHIFT && memop_start(c) < r->nr_extents &&
           r->extent_start.p;
}

typedef int extent_fn(struct domain *d, uint64_t gfn, unsigned order, struct p2m_batch *batch);

/* All extents of the list. @return as the hypercall */
static long extents_walk(struct call *c, extent_fn *fn)
{
    const struct xen_memory_reservation *r = c->arg;
    uint64_t done = memop_start(c), total = r->nr_extents, gfns[EXTENT_CHUNK];
    struct p2m_batch batch;
    bool again = false;
    long rc = 0;

    p2m_batch_init(&batch);
    while (!rc && !again && done < total) {
        unsigned n = (unsigned)min(total - done, (uint64_t)EXTENT_CHUNK);

        if (copy_from_guest(gfns, (vaddr_t)r->extent_start.p + done * sizeof(gfns[0]),
                            n * sizeof(gfns[0]))) {
            break; /* the count says how far it went */
        }
        for (unsigned i = 0; i < n && !again; i++) {
            rc = fn(c->target, gfns[i], r->extent_order, &batch);
            if (rc) {
                break;
            }
            done++;
            again = done < total && preempt_wanted();
        }
    }
    p2m_batch_flush(c->target, &batch);
    return again ? memop_continue(c, done) : (long)done;
}

static int page_populate(struct domain *d, uint64_t gfn)
{
    struct page_info *pg = page_alloc(d, 0);
    int rc = pg ? p2m_map(d, _gfn(gfn), page_to_mfn(pg), 0, P2M_RAM_RW) : -ENOMEM;

    if (rc && pg) {
        page_put(pg);
    }
    return rc;
}

/* One block where alignment and memory allow; @return whether it is done. */
static bool block_populate(struct domain *d, uint64_t gfn)
{
    struct page_info *pg;

    if (gfn & ((1ull << P2M_ORDER_2M) - 1)) {
        return false;
    }
    pg = page_alloc(d, P2M_ORDER_2M);
    if (!pg) {
        return false;
    }
    if (!p2m_map(d, _gfn(gfn), page_to_mfn(pg), P2M_ORDER_2M, P2M_RAM_RW)) {
        return true;
    }
    for (unsigned i = 0; i < 1u << P2M_ORDER_2M; i++) {
        page_put(&pg[i]);
    }
    return false;
}

/* All pages of the extent or none. */
static int extent_populate(struct domain *d, uint64_t gfn, unsigned order, struct p2m_batch *batch)
{
    uint64_t count = 1ull << order, i;
    int rc = 0;

    if (gfn >= P2M_GFN_LIMIT || count > P2M_GFN_LIMIT - gfn) {
        return -EINVAL;
    }
    if (order == P2M_ORDER_2M && block_populate(d, gfn)) {
        return 0;
    }
    for (i = 0; !rc && i < count; i++) {
        rc = page_populate(d, gfn + i);
    }
    if (rc) {
        for (i--; i-- > 0;) {
            (void)!p2m_unmap_if(d, _gfn(gfn + i), P2M_SET_RAM, _mfn(INVALID_FRAME), batch);
        }
    }
    return rc;
}

long populate_act(struct call *c)
{
    const struct xen_memory_reservation *r = c->arg;

    if (!request_valid(c) || (r->mem_flags & XENMEMF_populate_on_demand) ||
        !address_limit_met(r->mem_flags)) {
        return (long)memop_start(c);
    }
    return extents_walk(c, extent_populate);
}

/* Memory of its own only: mappings of others' pages end by the calls that made them. */
static int extent_decrease(struct domain *d, uint64_t gfn, unsigned order, struct p2m_batch *batch)
{
    int rc = 0;

    if (gfn >= P2M_GFN_LIMIT || 1ull << order > P2M_GFN_LIMIT - gfn) {
        return -EINVAL;
    }
    for (uint64_t i = 0; !rc && i < 1ull << order; i++) {
        rc = p2m_unmap_if(d, _gfn(gfn + i), P2M_SET_RAM, _mfn(INVALID_FRAME), batch);
    }
    return rc;
}

long decrease_act(struct call *c)
{
    if (!request_valid(c)) {
        return (long)memop_start(c);
    }
    return extents_walk(c, extent_decrease);
}

/* Memory without a place in the p2m: a domain with a p2m cannot use it and has populate_physmap. */
long increase_act(struct call *c)
{
    (void)c;
    return -EOPNOTSUPP;
}
