/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of I/O ports that a domain was given at launch. */
#include <xen/revoke.h>

#include <asm/hvm.h>
#include <xen/domain.h>
#include <xen/errno.h>

struct look {
    const struct revoke_walk *w;
    xsm_sid_t ssid, denied; /* the label of the first part that is refused */
};

static int look_part(void *arg, xsm_sid_t sid, uint64_t first, uint64_t last)
{
    struct look *l = arg;

    (void)first;
    (void)last;
    if (!revoke_denied(l->w, l->ssid, sid, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU)) {
        return 0;
    }
    l->denied = sid;
    return -EACCES;
}

/* A range goes as a whole, as it was given. */
static void look_range(struct domain *d, struct revoke_walk *w, unsigned i)
{
    uint16_t first = d->ioports[i].first, last = d->ioports[i].last;
    struct look l = { .w = w, .ssid = revoke_label(w, d) };
    const struct xsm_audit audit = { .have = XSM_AUDIT_DOMID | XSM_AUDIT_RANGE, .domid = d->id,
                                     .range_first = first, .range_last = last };

    if (first > last || xsm_ioport_walk(first, last, look_part, &l) == 0) {
        return;
    }
    w->counts.resources++;
    xsm_audit_revocation(l.ssid, l.denied, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU, w->how, &audit);
    if (revoke_drops(w)) {
        arch_domain_close_ports(d, first, last);
        d->ioports[i].first = 1; /* empty */
        d->ioports[i].last = 0;
    }
}

bool ioports_revoke(struct domain *d, struct revoke_walk *w, uint64_t *cursor, unsigned budget)
{
    (void)cursor;
    (void)budget; /* four ranges at most */
    for (unsigned i = 0; i < d->ioport_range_count; i++) {
        look_range(d, w, i);
    }
    return true;
}
