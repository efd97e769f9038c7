/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GNTTABOP_transfer: a page of the caller becomes a page of another domain, at the frame that the
 * other has offered in an entry of type GTF_accept_transfer. All that can fail is tried while the
 * page can still go back.
 */
#include "private.h"

int transfer_decode(struct call *c)
{
    const struct gnttab_transfer *op = c->arg;

    c->audit.gref = op->ref;
    c->audit.have |= XSM_AUDIT_GREF;
    return call_target(c, op->domid);
}

/* Commit the entry; lock held. */
static int entry_commit(union grant_word *entry, domid_t giver, union grant_word *word)
{
    union grant_word next;

    word->raw = __atomic_load_n(&entry->raw, __ATOMIC_ACQUIRE);
    if (word->e.flags != GTF_accept_transfer || word->e.domid != giver || !word->e.frame) {
        return -EINVAL;
    }
    next = *word;
    next.e.flags |= GTF_transfer_committed;
    return __atomic_compare_exchange_n(&entry->raw, &word->raw, next.raw, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED)
               ? 0
               : -EAGAIN;
}

/*
 * The page is out of the caller's p2m and the caller holds its reference. @return 0: it is the
 * target's now; else *lost says whether it could not even go back.
 */
static int page_give(struct call *c, struct page_info *pg, bool *lost)
{
    const struct gnttab_transfer *op = c->arg;
    struct grant_table *gt = c->target->grant;
    union grant_word *entry, word;
    struct grant_pin *pin;
    int rc;

    spin_lock(&gt->lock);
    entry = grant_entry(gt, op->ref, &pin);
    rc = entry ? entry_commit(entry, c->caller->id, &word) : -EINVAL;
    if (!rc) {
        rc = page_change_owner(pg, c->caller, c->target);
        if (!rc) {
            rc = p2m_map(c->target, _gfn(word.e.frame), page_to_mfn(pg), 0, P2M_RAM_RW);
            if (rc && page_change_owner(pg, c->target, c->caller)) {
                page_put(pg); /* as the ABI warns, the page is gone */
                *lost = true;
            }
        }
        if (rc) {
            __atomic_fetch_and(&entry->e.flags, (uint16_t)~GTF_transfer_committed,
                               __ATOMIC_RELEASE);
        } else {
            __atomic_fetch_or(&entry->e.flags, GTF_transfer_completed, __ATOMIC_RELEASE);
        }
    }
    spin_unlock(&gt->lock);
    return rc;
}

long transfer_act(struct call *c)
{
    const struct gnttab_transfer *op = c->arg;
    struct p2m_batch *batch = call_p2m_batch(c);
    enum p2m_type type;
    struct page_info *pg = p2m_get_page(c->caller, _gfn(op->mfn), true, &type);
    bool lost = false;
    int rc;

    if (!pg) {
        return -ENOENT;
    }
    if (type != P2M_RAM_RW || c->target == c->caller ||
        p2m_unmap_if(c->caller, _gfn(op->mfn), P2M_SET(P2M_RAM_RW), page_to_mfn(pg), batch)) {
        page_put(pg);
        return -ENOENT;
    }
    p2m_batch_flush(c->caller, batch); /* ours is the last reference, or others use the page */
    rc = page_give(c, pg, &lost);
    if (rc && !lost && p2m_map(c->caller, _gfn(op->mfn), page_to_mfn(pg), 0, P2M_RAM_RW)) {
        page_put(pg);
    }
    switch (rc) {
    case -EBUSY:
        return -ENOENT; /* in use by others: not a page that can be given */
    case 0:
    case -EINVAL:
    case -EAGAIN:
    case -ENOMEM:
        return rc;
    default:
        return -EIO;
    }
}

void transfer_status(struct call *c, long rc)
{
    struct gnttab_transfer *op = c->arg;

    op->status = grant_status(rc);
}
