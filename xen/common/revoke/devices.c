/* SPDX-License-Identifier: Apache-2.0 */
/* PCI functions that a domain was given at launch. What is taken back is in quarantine, and reaches no memory any more. */
#include <xen/revoke.h>

#include <xen/domain.h>
#include <xen/iommu.h>
#include <xen/vpci.h>

static void look(struct domain *d, struct revoke_walk *w, unsigned i)
{
    uint32_t use = iommu_remaps_interrupts() ? RESOURCE__USE_IOMMU : RESOURCE__USE_IOMMU_NOINTREMAP;
    const struct xsm_audit audit = { .have = XSM_AUDIT_DOMID | XSM_AUDIT_DEVICE, .domid = d->id,
                                     .device = d->devices[i] };
    xsm_sid_t ssid = revoke_label(w, d), tsid;

    if (xsm_device_sid(d->devices[i], &tsid) == 0 && !revoke_denied(w, ssid, tsid, SECCLASS_RESOURCE, use)) {
        return;
    }
    w->counts.resources++;
    xsm_audit_revocation(ssid, tsid, SECCLASS_RESOURCE, use, w->how, &audit);
    if (revoke_drops(w)) {
        vpci_remove(d, i);
    }
}

bool devices_revoke(struct domain *d, struct revoke_walk *w, uint64_t *cursor, unsigned budget)
{
    (void)cursor;
    (void)budget; /* four devices at most */
    for (unsigned i = 0; i < d->device_count; i++) {
        if (read_once(d->devices_held) & 1u << i) {
            look(d, w, i);
        }
    }
    return true;
}
