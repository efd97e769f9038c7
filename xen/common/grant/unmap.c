/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GNTTABOP_unmap_grant_ref and _unmap_and_replace. A handle is first taken, so that two CPUs cannot
 * undo the same mapping; the p2m entry goes; after one TLB flush for all elements of a chunk the
 * pins go, and with them the marks in the granting domains' entries: when such a mark is clear, no
 * CPU can reach the page any more.
 */
#include "private.h"

static struct unmap_batch *call_unmap_batch(struct call *c)
{
    return (struct unmap_batch *)(void *)c->batch;
}

void unmap_begin(struct call *c)
{
    struct unmap_batch *b = call_unmap_batch(c);

    p2m_batch_init(&b->p2m);
    b->pending = 0;
}

int track_unmap(struct domain *d, struct grant_track *t, uint32_t handle, struct unmap_batch *b)
{
    int rc = p2m_unmap_if(d, _gfn(t->gfn), P2M_SET_GRANT, page_to_mfn(t->page), &b->p2m);

    if (!rc) {
        t->next = b->pending;
        b->pending = handle + 1;
        track_set(d->grant, t, TRACK_PENDING);
    }
    return rc;
}

void unmap_finish(struct domain *d, struct unmap_batch *b)
{
    struct grant_table *gt = d->grant;

    p2m_batch_flush(d, &b->p2m);
    while (b->pending) {
        uint32_t handle = b->pending - 1;
        struct grant_track *t = track_at(gt, handle); /* ours: state TRACK_PENDING */

        b->pending = t->next;
        grant_unpin(t->owner, t->ref, t->write); /* the owner may be gone after this */
        track_free(gt, handle);
    }
}

void unmap_end(struct call *c)
{
    unmap_finish(c->caller, call_unmap_batch(c));
}

/* After a refusal, or a failure of act, the mapping is as it was. */
static void handle_release(struct call *c)
{
    struct grant_track *t = c->ptr[0];

    if (t) {
        track_set(c->caller->grant, t, t->owner ? TRACK_MAPPED : TRACK_REVOKED);
    }
}

/* Take the handle; the granting domain becomes the target, alive or not. */
static int handle_take(struct call *c, uint32_t handle)
{
    struct grant_track *t = track_take(c->caller->grant, handle);

    c->ptr[0] = t;
    if (!t) {
        return -EBADF;
    }
    c->release = handle_release;
    c->audit.gref = t->ref;
    c->audit.have |= XSM_AUDIT_GREF;
    if (t->owner == c->caller || !t->owner) {
        return call_target(c, DOMID_SELF); /* what was revoked is between the caller and itself */
    }
    /* Not by number: the granting domain may be dead, and its number another's. */
    domain_get_more(t->owner);
    c->target = t->owner;
    c->sid[PARTY_TARGET] = read_once(t->owner->sid);
    c->audit.target = t->owner->id;
    c->audit.have |= XSM_AUDIT_TARGET;
    return 0;
}

int unmap_decode(struct call *c)
{
    const struct gnttab_unmap_grant_ref *op = c->arg;
    int rc = handle_take(c, op->handle);
    struct grant_track *t = c->ptr[0];

    if (rc) {
        return rc;
    }
    if (op->dev_bus_addr) {
        return -ENXIO; /* there are no device mappings */
    }
    if (op->host_addr && op->host_addr != t->gfn << PAGE_SHIFT) {
        return -EFAULT;
    }
    return 0;
}

/* The policy has taken the page already: what is left is the empty one in its place, and the handle. */
static void revoked_unmap(struct call *c, uint32_t handle)
{
    struct grant_track *t = c->ptr[0];

    if (t->page) {
        (void)!p2m_unmap_if(c->caller, _gfn(t->gfn), P2M_SET_RAM, page_to_mfn(t->page),
                            &call_unmap_batch(c)->p2m);
    }
    track_free(c->caller->grant, handle);
    c->ptr[0] = NULL;
}

long unmap_act(struct call *c)
{
    const struct gnttab_unmap_grant_ref *op = c->arg;
    int rc;

    if (!op->host_addr) {
        return 0; /* a zero address is ignored: nothing of this mapping is to go */
    }
    if (!((struct grant_track *)c->ptr[0])->owner) {
        revoked_unmap(c, op->handle);
        return 0;
    }
    rc = track_unmap(c->caller, c->ptr[0], op->handle, call_unmap_batch(c));
    if (rc) {
        return -EIO;
    }
    c->ptr[0] = NULL; /* on the pending list now */
    return 0;
}

void unmap_status(struct call *c, long rc)
{
    struct gnttab_unmap_grant_ref *op = c->arg;

    op->status = grant_status(rc);
}

int replace_decode(struct call *c)
{
    const struct gnttab_unmap_and_replace *op = c->arg;

    return handle_take(c, op->handle);
}

/* Moves a page table entry of a PV guest; a domain with a p2m has none. */
long replace_act(struct call *c)
{
    (void)c;
    return -EIO;
}

void replace_status(struct call *c, long rc)
{
    struct gnttab_unmap_and_replace *op = c->arg;

    op->status = grant_status(rc);
}
