/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include <runtime/hypercall.h>

#include <public/domctl.h>
#include <public/sched.h>

static enum replug_domain domain_state(void *arg, uint16_t domid)
{
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_getdomaininfo, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = domid,
    };
    uint32_t flags;

    (void)arg;
    /* The answer may be about the next one. */
    if (hc_domctl(&op) != 0 || op.domain != domid) {
        return REPLUG_GONE;
    }
    flags = op.u.getdomaininfo.flags;
    if (flags & XEN_DOMINF_dying) {
        return REPLUG_GONE;
    }
    if (!(flags & XEN_DOMINF_shutdown)) {
        return REPLUG_RUNNING;
    }
    return (flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) == SHUTDOWN_suspend ? REPLUG_SUSPENDED
                                                                                             : REPLUG_GONE;
}

static int domain_resume(void *arg, uint16_t domid)
{
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_resumedomain, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = domid,
    };

    (void)arg;
    return (int)hc_domctl(&op);
}

const struct replug_ops control_ops = { .state = domain_state, .resume = domain_resume };
