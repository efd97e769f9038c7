/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The domain that has the page of the TPM's locality 0, stopped while the TPM is taken from it. A flag of its own says so: the
 * domain's pause count belongs to who operates domains. One that is built meanwhile starts after its own turn at the TPM.
 */
#include "internal.h"

#include <xen/domain.h>
#include <xen/vcpu.h>

bool holders_stop(void)
{
    bool quiet = true;

    for (struct domain *d = domain_next(NULL); d != NULL; d = domain_next(d)) {
        for (unsigned i = 0; read_once(d->has_tpm) && i < d->vcpu_count; i++) {
            vcpu_sleep(d->vcpu[i], VCPU_PAUSE_TPM);
        }
        quiet &= !read_once(d->has_tpm) || domain_is_quiet(d);
    }
    return quiet;
}

void holders_go_on(void)
{
    for (struct domain *d = domain_next(NULL); d != NULL; d = domain_next(d)) {
        for (unsigned i = 0; read_once(d->has_tpm) && i < d->vcpu_count; i++) {
            vcpu_wake(d->vcpu[i], VCPU_PAUSE_TPM);
        }
    }
}
