/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grant mappings that may not be made any more. One that is dropped gives place to an empty page of the
 * mapping domain's own, so that a driver domain which still uses it reads zeros instead of dying for a
 * change of policy; where that domain has no room for the page, nothing is there any more. Its handle stays,
 * in state TRACK_REVOKED, until the domain unmaps it.
 */
#include "private.h"

#include <xen/revoke.h>

/* The caller has taken t. The pin, and with it the mark in the granter's entry, goes after the flush. */
static void mapping_drop(struct domain *d, struct grant_track *t)
{
    struct domain *owner = t->owner;
    struct page_info *empty = page_alloc(d, 0);
    struct p2m_batch batch;

    p2m_batch_init(&batch);
    if (empty != NULL && p2m_replace(d, _gfn(t->gfn), page_to_mfn(empty), P2M_RAM_RW, P2M_SET_GRANT,
                                     &batch) != 0) {
        page_put(empty);
        empty = NULL;
    }
    if (empty == NULL) {
        (void)!p2m_unmap_if(d, _gfn(t->gfn), P2M_SET_GRANT, page_to_mfn(t->page), &batch);
    }
    p2m_batch_flush(d, &batch);
    t->page = empty; /* the p2m entry's reference */
    t->owner = NULL;
    grant_unpin(owner, t->ref, t->write); /* the owner may be gone after this */
}

/* @return true: dropped */
static bool look(struct domain *d, struct revoke_walk *w, struct grant_track *t)
{
    struct xsm_audit audit = { .have = XSM_AUDIT_DOMID | XSM_AUDIT_TARGET | XSM_AUDIT_GREF,
                               .domid = d->id, .target = t->owner->id, .gref = t->ref };
    xsm_sid_t ssid = revoke_label(w, d), tsid = revoke_label_of(w, d, t->owner);
    uint32_t perms = grant_map_permissions(GNTMAP_host_map | (t->write ? 0 : GNTMAP_readonly));

    if (!revoke_denied(w, ssid, tsid, SECCLASS_GRANT_OP, perms)) {
        return false;
    }
    w->counts.grants++;
    if (revoke_drops(w)) {
        mapping_drop(d, t);
    }
    xsm_audit_revocation(ssid, tsid, SECCLASS_GRANT_OP, perms, w->how, &audit);
    return revoke_drops(w);
}

bool grant_revoke(struct domain *d, struct revoke_walk *w, uint64_t *cursor, unsigned budget)
{
    struct grant_table *gt = d->grant;
    uint32_t handle = (uint32_t)*cursor;
    struct grant_track *t;
    bool busy;

    if (gt == NULL) {
        return true;
    }
    while (budget-- > 0) {
        /*
         * Whoever has one in hand may only be refused its unmap: we come back, or a domain that keeps trying
         * with wrong arguments would never be seen.
         */
        t = track_take_next(gt, &handle, &busy);
        *cursor = handle;
        if (t == NULL) {
            return !busy;
        }
        track_set(gt, t, look(d, w, t) ? TRACK_REVOKED : TRACK_MAPPED);
        *cursor = ++handle;
    }
    return false;
}
