/* SPDX-License-Identifier: Apache-2.0 */
/* Pages that a domain reaches without owning them: other domains' by foreign mappings, and device memory. */
#include <xen/revoke.h>

#include <xen/domain.h>

static void drop(struct domain *d, uint64_t gfn, mfn_t mfn)
{
    struct p2m_batch batch;

    p2m_batch_init(&batch);
    /* Another entry there meanwhile is the policy's in force: it stays. */
    (void)!p2m_unmap_if(d, _gfn(gfn), P2M_SET_HELD, mfn, &batch);
    p2m_batch_flush(d, &batch);
}

static void look_foreign(struct domain *d, struct revoke_walk *w, uint64_t gfn, mfn_t mfn)
{
    struct xsm_audit audit = { .have = XSM_AUDIT_DOMID | XSM_AUDIT_TARGET | XSM_AUDIT_FRAME,
                               .domid = d->id, .frame = gfn };
    enum p2m_type type;
    struct page_info *pg = p2m_get_page(d, _gfn(gfn), false, &type);
    xsm_sid_t ssid = revoke_label(w, d), tsid;
    uint32_t perms;

    if (pg == NULL) {
        return; /* gone meanwhile */
    }
    perms = MMU__MAP_READ | (type == P2M_FOREIGN_RW ? MMU__MAP_WRITE : 0);
    tsid = revoke_label_of(w, d, pg->owner); /* the reference keeps the owner */
    audit.target = pg->owner->id;
    if ((P2M_SET(type) & P2M_SET_FOREIGN) && revoke_denied(w, ssid, tsid, SECCLASS_MMU, perms)) {
        w->counts.foreign++;
        xsm_audit_revocation(ssid, tsid, SECCLASS_MMU, perms, w->how, &audit);
        if (revoke_drops(w)) {
            drop(d, gfn, mfn);
        }
    }
    page_put(pg);
}

static void look_device(struct domain *d, struct revoke_walk *w, uint64_t gfn, mfn_t mfn)
{
    struct xsm_audit audit = { .have = XSM_AUDIT_DOMID | XSM_AUDIT_FRAME, .domid = d->id,
                               .frame = mfn_x(mfn) };
    xsm_sid_t ssid = revoke_label(w, d), tsid;

    if (xsm_iomem_sid(mfn_x(mfn), &tsid) == 0 &&
        !revoke_denied(w, ssid, tsid, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU)) {
        return;
    }
    w->counts.resources++;
    xsm_audit_revocation(ssid, tsid, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU, w->how, &audit);
    if (revoke_drops(w)) {
        drop(d, gfn, mfn);
    }
}

bool pages_revoke(struct domain *d, struct revoke_walk *w, uint64_t *cursor, unsigned budget)
{
    enum p2m_type type;
    mfn_t mfn;

    if (read_once(d->p2m.held) == 0) {
        return true; /* usual: nobody else's pages are there, and the map need not be walked */
    }
    while (p2m_next(d, P2M_SET_HELD, cursor, &budget, &mfn, &type)) {
        if (type == P2M_MMIO_DIRECT) {
            look_device(d, w, *cursor, mfn);
        } else {
            look_foreign(d, w, *cursor, mfn);
        }
        ++*cursor;
    }
    return *cursor >= P2M_GFN_LIMIT;
}
