/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placing pages in a domain's guest-physical space: XENMEM_add_to_physmap, _add_to_physmap_batch,
 * _remove_from_physmap. A page put somewhere replaces memory or a foreign mapping there; grant
 * mappings stay until they are unmapped as such.
 */
#include "memory_op.h"

#include <xen/grant.h>
#include <xen/guest_access.h>
#include <xen/softirq.h>

#define REPLACEABLE (P2M_SET_RAM | P2M_SET_FOREIGN)

/* Put a page with the caller's reference at gfn; the reference goes in any case. */
static int page_place(struct domain *d, uint64_t gfn, struct page_info *pg, enum p2m_type type,
                      struct p2m_batch *batch)
{
    int rc = p2m_replace(d, _gfn(gfn), page_to_mfn(pg), type, REPLACEABLE, batch);

    if (rc) {
        page_put(pg);
    }
    return rc;
}

static int place_shared_info(struct domain *d, uint64_t idx, uint64_t gfn, struct p2m_batch *batch)
{
    struct page_info *pg;

    if (idx != 0) {
        return -EINVAL;
    }
    pg = mfn_to_page(_mfn(virt_to_maddr(d->shared_info) >> PAGE_SHIFT));
    return page_get_more(pg) ? page_place(d, gfn, pg, P2M_RAM_RW, batch) : -EBUSY;
}

static int place_grant_frame(struct domain *d, uint64_t idx, uint64_t gfn, struct p2m_batch *batch)
{
    struct page_info *pg;
    int rc;

    if (idx >= GRANT_MAX_FRAMES) {
        return -EINVAL; /* also status frames, which version 1 has not */
    }
    rc = grant_get_frame(d, (unsigned)idx, &pg);
    if (!rc) {
        rc = page_place(d, gfn, pg, P2M_RAM_RW, batch);
    }
    if (!rc) {
        grant_note_frame(d, (unsigned)idx, _gfn(gfn));
    }
    return rc;
}

/* The page at idx moves to gfn. */
static int place_own(struct domain *d, uint64_t idx, uint64_t gfn, struct p2m_batch *batch)
{
    enum p2m_type type;
    struct page_info *pg;
    mfn_t mfn;
    int rc;

    pg = p2m_get_page(d, _gfn(idx), false, &type);
    if (!pg) {
        return -EINVAL;
    }
    if (!(P2M_SET(type) & P2M_SET_RAM) || idx == gfn) {
        page_put(pg);
        return idx == gfn ? 0 : -EINVAL;
    }
    mfn = page_to_mfn(pg);
    rc = page_place(d, gfn, pg, type, batch);
    if (!rc) {
        /* Another CPU may have changed idx meanwhile; then there is nothing of ours to remove. */
        (void)!p2m_unmap_if(d, _gfn(idx), P2M_SET_RAM, mfn, batch);
    }
    return rc;
}

/* A page of another domain's own memory, with the rights that domain has to it. */
static int place_foreign(struct domain *d, struct domain *from, uint64_t idx, uint64_t gfn,
                         struct p2m_batch *batch)
{
    enum p2m_type type;
    struct page_info *pg;

    pg = p2m_get_page(from, _gfn(idx), false, &type);
    if (!pg) {
        return -EINVAL;
    }
    if (!(P2M_SET(type) & P2M_SET_RAM) || page_is_resident(pg)) {
        page_put(pg);
        return -EINVAL;
    }
    return page_place(d, gfn, pg, type == P2M_RAM_RW ? P2M_FOREIGN_RW : P2M_FOREIGN_RO, batch);
}

static int place_one(struct call *c, unsigned space, uint64_t idx, uint64_t gfn,
                     struct p2m_batch *batch)
{
    if (gfn >= P2M_GFN_LIMIT) {
        return -EINVAL;
    }
    switch (space) {
    case XENMAPSPACE_shared_info:
        return place_shared_info(c->target, idx, gfn, batch);
    case XENMAPSPACE_grant_table:
        return place_grant_frame(c->target, idx, gfn, batch);
    case XENMAPSPACE_gmfn:
    case XENMAPSPACE_gmfn_range:
        return place_own(c->target, idx, gfn, batch);
    case XENMAPSPACE_gmfn_foreign:
        return place_foreign(c->target, c->second, idx, gfn, batch);
    default:
        return -EINVAL;
    }
}

/* The kind of page as a permission, by XENMAPSPACE_*. */
static uint32_t space_permission(unsigned space)
{
    static const uint32_t permission[] = {
        [XENMAPSPACE_shared_info] = PHYSMAP_OP__SHARED_INFO,
        [XENMAPSPACE_grant_table] = PHYSMAP_OP__GRANT_TABLE,
        [XENMAPSPACE_gmfn] = PHYSMAP_OP__GMFN,
        [XENMAPSPACE_gmfn_range] = PHYSMAP_OP__GMFN_RANGE,
        [XENMAPSPACE_gmfn_foreign] = PHYSMAP_OP__GMFN_FOREIGN,
    };

    return permission[array_index_nospec(space, ARRAY_SIZE(permission))];
}

int add_decode(struct call *c)
{
    const struct xen_add_to_physmap *a = c->arg;

    if (a->space == XENMAPSPACE_gmfn_foreign) {
        return -ENOSYS; /* by the batched call only, which names the other domain */
    }
    if (a->space > XENMAPSPACE_gmfn_foreign) {
        return -EINVAL;
    }
    c->chosen = PHYSMAP_OP__ADD_TO_PHYSMAP | space_permission(a->space);
    return call_target(c, a->domid);
}

long add_act(struct call *c)
{
    const struct xen_add_to_physmap *a = c->arg;
    uint64_t done = memop_start(c), total = a->space == XENMAPSPACE_gmfn_range ? a->size : 1;
    struct p2m_batch batch;
    bool again = false;
    long rc = 0;

    p2m_batch_init(&batch);
    while (!rc && !again && done < total) {
        rc = place_one(c, a->space, a->idx + done, a->gpfn + done, &batch);
        done++;
        again = !rc && done < total && preempt_wanted();
    }
    p2m_batch_flush(c->target, &batch);
    return again ? memop_continue(c, done) : rc;
}

int add_batch_decode(struct call *c)
{
    const struct xen_add_to_physmap_batch *a = c->arg;
    int rc;

    c->chosen = PHYSMAP_OP__ADD_TO_PHYSMAP_BATCH;
    switch (a->space) {
    case XENMAPSPACE_gmfn_foreign:
        c->chosen |= PHYSMAP_OP__GMFN_FOREIGN;
        rc = call_target(c, a->domid);
        if (!rc) {
            rc = call_second(c, a->u.foreign_domid);
        }
        if (!rc && c->target == c->caller) {
            c->skip = 4; /* the caller as such has been asked about */
        } else if (!rc && c->second == c->caller) {
            c->skip = 2; /* its own page */
        }
        if (!rc) {
            c->sid[PARTY_OBJECT] = read_once(c->target->sid);
            rc = domain_label(c->target, c->sid[PARTY_OBJECT], c->second, read_once(c->second->sid),
                              &c->sid[PARTY_PEER]);
        }
        return !rc && c->second == c->target ? -EINVAL : rc;
    case XENMAPSPACE_shared_info:
    case XENMAPSPACE_grant_table:
    case XENMAPSPACE_gmfn:
        if (a->u.res0) {
            return -EOPNOTSUPP;
        }
        c->chosen |= space_permission(a->space);
        c->skip = 2 | 4; /* no foreign domain to ask about */
        return call_target(c, a->domid);
    default:
        return -EINVAL; /* a range is for the other call */
    }
}

long add_batch_act(struct call *c)
{
    const struct xen_add_to_physmap_batch *a = c->arg;
    uint64_t done = memop_start(c), total = a->size;
    struct p2m_batch batch;
    bool again = false;
    long rc = 0;

    p2m_batch_init(&batch);
    while (!rc && !again && done < total) {
        uint64_t idx, gfn;
        int err;

        if (copy_from_guest(&idx, (vaddr_t)(a->idxs.p + done), sizeof(idx)) ||
            copy_from_guest(&gfn, (vaddr_t)(a->gpfns.p + done), sizeof(gfn))) {
            rc = -EFAULT;
            break;
        }
        err = place_one(c, a->space, idx, gfn, &batch);
        if (copy_to_guest((vaddr_t)(a->errs.p + done), &err, sizeof(err))) {
            rc = -EFAULT;
            break;
        }
        done++;
        again = done < total && preempt_wanted();
    }
    p2m_batch_flush(c->target, &batch);
    return again ? memop_continue(c, done) : rc;
}

int remove_decode(struct call *c)
{
    const struct xen_remove_from_physmap *r = c->arg;

    return call_target(c, r->domid);
}

long remove_act(struct call *c)
{
    const struct xen_remove_from_physmap *r = c->arg;
    struct p2m_batch batch;
    int rc;

    p2m_batch_init(&batch);
    rc = p2m_unmap_if(c->target, _gfn(r->gpfn), REPLACEABLE, _mfn(INVALID_FRAME), &batch);
    p2m_batch_flush(c->target, &batch);
    return rc;
}
