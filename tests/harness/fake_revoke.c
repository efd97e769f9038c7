/* SPDX-License-Identifier: Apache-2.0 */
/* No job runs here: a change is at once done, and a walk asks the fake policy. */
#include "fake.h"

#include <xen/revoke.h>

unsigned fake_revocations;

int revoke_reserve(void)
{
    return 0;
}

void revoke_release(void)
{
}

int revoke_begin(const struct revoke_change *change, const struct hypercall *hc, const void *row)
{
    (void)row;
    (void)change;
    (void)hc;
    return 0;
}

bool revoke_take(struct vcpu *v, const struct hypercall *hc, const void *row,
                 struct revoke_counts *out)
{
    (void)row;
    (void)v;
    (void)hc;
    (void)out;
    return false;
}

xsm_sid_t revoke_label(const struct revoke_walk *w, const struct domain *d)
{
    return d == w->relabelled ? w->sid : d->sid;
}

xsm_sid_t revoke_label_of(const struct revoke_walk *w, const struct domain *from,
                          const struct domain *to)
{
    return from == to ? fake_self_sid(revoke_label(w, to)) : revoke_label(w, to);
}

bool revoke_denied(const struct revoke_walk *w, xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass,
                   uint32_t perms)
{
    (void)w;
    return xsm_check_noaudit(ssid, tsid, tclass, perms) != 0;
}

void xsm_audit_revocation(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, uint32_t permissions,
                          enum xsm_revocation how, const struct xsm_audit *audit)
{
    (void)ssid;
    (void)tsid;
    (void)tclass;
    (void)permissions;
    (void)how;
    (void)audit;
    fake_revocations++;
}

bool xsm_candidate_knows(struct xsm_candidate *c, xsm_sid_t sid)
{
    (void)c;
    (void)sid;
    return true;
}

void xsm_candidate_free(struct xsm_candidate *c)
{
    (void)c;
}

void xsm_set_enforcing(bool enforcing)
{
    (void)enforcing;
}
