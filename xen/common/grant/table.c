/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life of a domain's grant table: made with the domain, grown on demand, closed when it dies, freed
 * with its structure.
 */
#include "private.h"

#include <xen/softirq.h>

int grant_init(struct domain *d)
{
    d->grant = xzalloc(struct grant_table);
    if (!d->grant) {
        return -ENOMEM;
    }
    spin_lock_init(&d->grant->lock, LOCK_GRANT);
    spin_lock_init(&d->grant->track_lock, LOCK_GRANT_TRACK);
    return 0;
}

int grant_grow(struct domain *d, unsigned count)
{
    struct grant_table *gt = d->grant;

    if (count > GRANT_MAX_FRAMES) {
        return -ENOSPC;
    }
    if (gt->closed) {
        return -ESRCH;
    }
    while (gt->frame_count < count) {
        unsigned i = gt->frame_count;
        struct page_info *pg = page_alloc(d, 0);

        if (!pg) {
            return -ENOMEM;
        }
        gt->pin[i] = xzalloc_array(struct grant_pin, GRANTS_PER_FRAME);
        if (!gt->pin[i]) {
            page_put(pg);
            return -ENOMEM;
        }
        gt->frame[i] = pg;
        gt->shared[i] = page_to_virt(pg);
        gt->frame_gfn[i] = INVALID_FRAME;
        gt->frame_count++;
    }
    return 0;
}

int grant_get_frame(struct domain *d, unsigned idx, struct page_info **out)
{
    struct grant_table *gt = d->grant;
    int rc;

    if (idx >= GRANT_MAX_FRAMES) {
        return -EINVAL;
    }
    spin_lock(&gt->lock);
    rc = grant_grow(d, idx + 1);
    if (!rc) {
        *out = gt->frame[idx];
        rc = page_get_more(*out) ? 0 : -EBUSY;
    }
    spin_unlock(&gt->lock);
    return rc;
}

void grant_note_frame(struct domain *d, unsigned idx, gfn_t gfn)
{
    struct grant_table *gt = d->grant;

    spin_lock(&gt->lock);
    if (idx < gt->frame_count) {
        gt->frame_gfn[idx] = gfn_x(gfn);
    }
    spin_unlock(&gt->lock);
}

int grant_seed(struct domain *d, uint32_t ref, domid_t remote, gfn_t gfn)
{
    struct grant_table *gt = d->grant;
    union grant_word w = { .e = { .flags = GTF_permit_access, .domid = remote } }, *entry;
    struct grant_pin *pin;
    int rc;

    if (ref >= GNTTAB_NR_RESERVED_ENTRIES || gfn_x(gfn) > UINT32_MAX) {
        return -EINVAL;
    }
    w.e.frame = (uint32_t)gfn_x(gfn);
    spin_lock(&gt->lock);
    rc = grant_grow(d, 1);
    if (!rc) {
        entry = grant_entry(gt, ref, &pin);
        __atomic_store_n(&entry->raw, w.raw, __ATOMIC_RELEASE);
    }
    spin_unlock(&gt->lock);
    return rc;
}

int grant_release_mappings(struct domain *d)
{
    struct grant_table *gt = d->grant;
    struct unmap_batch b = { .pending = 0 };
    struct grant_track *t;
    uint32_t handle = 0;
    bool busy;
    int rc = 0;

    p2m_batch_init(&b.p2m);
    while (!rc && (t = track_take_next(gt, &handle, &busy))) {
        /* The p2m entry may be gone already; the pin is to go in any case. */
        if (track_unmap(d, t, handle, &b)) {
            t->next = b.pending;
            b.pending = handle + 1;
            track_set(gt, t, TRACK_PENDING);
        }
        handle++; /* past our own, which would seem to be in other hands */
        if (b.p2m.count == P2M_BATCH) {
            unmap_finish(d, &b);
            rc = preempt_wanted() ? -ERESTART : 0;
        }
    }
    unmap_finish(d, &b);
    /* A revocation that has one in hand gives it back mapped, if it is not denied: it would stay for ever. */
    return !rc && busy ? -ERESTART : rc;
}

void grant_destroy(struct domain *d)
{
    struct grant_table *gt = d->grant;
    struct page_info *frames[GRANT_MAX_FRAMES];
    unsigned count;

    if (!gt) {
        return;
    }
    spin_lock(&gt->lock);
    gt->closed = true;
    count = gt->frame_count;
    for (unsigned i = 0; i < count; i++) {
        frames[i] = gt->frame[i];
        gt->frame[i] = NULL;
        gt->shared[i] = NULL;
    }
    spin_unlock(&gt->lock);
    for (unsigned i = 0; i < count; i++) {
        if (frames[i]) {
            page_put(frames[i]);
        }
    }
}

void grant_free(struct domain *d)
{
    struct grant_table *gt = d->grant;

    if (!gt) {
        return;
    }
    for (unsigned i = 0; i < gt->frame_count; i++) {
        xfree(gt->pin[i]);
    }
    for (unsigned i = 0; i < gt->track_chunks; i++) {
        xfree(gt->track[i]);
    }
    d->grant = NULL;
    xfree(gt);
}
