/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GNTTABOP_map_grant_ref. The granted page appears at the guest frame of host_addr, in place of
 * memory that may be there, which the domain gives up thereby. The question is about the granting
 * domain, so it is asked before the entry is looked at: a refused domain learns nothing of the
 * table.
 */
#include "private.h"

int map_decode(struct call *c)
{
    const struct gnttab_map_grant_ref *op = c->arg;

    c->chosen = grant_map_permissions(op->flags);
    c->audit.gref = op->ref;
    c->audit.have |= XSM_AUDIT_GREF;
    return call_target(c, op->dom);
}

/* What is offered of what may be asked for: each flag is a permission of its own, and comes first. */
static int map_check(const struct gnttab_map_grant_ref *op)
{
    if (op->flags & GNTMAP_device_map) {
        return -ENODEV; /* devices reach own memory only, see <xen/iommu.h> */
    }
    if (!(op->flags & GNTMAP_host_map)) {
        return -EINVAL;
    }
    if (op->flags & ~(uint32_t)(GNTMAP_host_map | GNTMAP_readonly)) {
        return -EIO; /* page table entries and their bits are for PV guests */
    }
    if ((op->host_addr & ~PAGE_MASK) || op->host_addr >> PAGE_SHIFT >= P2M_GFN_LIMIT) {
        return -EFAULT;
    }
    return 0;
}

long map_act(struct call *c)
{
    struct gnttab_map_grant_ref *op = c->arg;
    struct p2m_batch *batch = call_p2m_batch(c);
    struct grant_table *gt = c->caller->grant;
    bool write = !(op->flags & GNTMAP_readonly);
    gfn_t gfn = _gfn(op->host_addr >> PAGE_SHIFT);
    struct grant_track *t;
    uint32_t handle;
    int rc = map_check(op);

    if (rc) {
        return rc;
    }
    t = track_alloc(gt, &handle);
    if (!t) {
        return -ENOSPC;
    }
    rc = grant_pin(c->target, op->ref, c->caller, write, &t->page);
    if (rc) {
        track_free(gt, handle);
        return rc;
    }
    if (!page_get_more(t->page)) { /* the p2m entry's own reference */
        rc = -ENOSPC;
    } else {
        rc = p2m_replace(c->caller, gfn, page_to_mfn(t->page), write ? P2M_GRANT_RW : P2M_GRANT_RO,
                         P2M_SET_RAM, batch);
        if (rc) {
            page_put(t->page);
        }
    }
    if (rc) {
        grant_unpin(c->target, op->ref, write);
        track_free(gt, handle);
        return rc == -ENOMEM || rc == -ENOSPC ? -ENOSPC : -EIO;
    }
    t->owner = c->target;
    t->gfn = gfn_x(gfn);
    t->ref = op->ref;
    t->write = write;
    track_set(gt, t, TRACK_MAPPED);
    op->handle = handle;
    op->dev_bus_addr = 0; /* no device mapping, and host addresses are nobody's business */
    return 0;
}

void map_status(struct call *c, long rc)
{
    struct gnttab_map_grant_ref *op = c->arg;

    op->status = grant_status(rc);
}

void grant_batch_begin(struct call *c)
{
    p2m_batch_init(call_p2m_batch(c));
}

void grant_batch_end(struct call *c)
{
    p2m_batch_flush(c->caller, call_p2m_batch(c));
}
