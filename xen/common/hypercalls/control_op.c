/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains as an operator sees them: by name, with their starts and devices; and their restart. Contract:
 * <public/bulkhead.h>. A restart is a reboot that another asked for: the domain ends here, and is built again where all
 * others are, by who gives back what it held.
 */
#include "control_op.h"

#include <xen/time.h>

#include <public/bulkhead.h>
#include <public/sched.h>

_Static_assert(DOMAIN_NAME_MAX == BULKHEAD_DOMAIN_NAME_MAX, "name of struct bulkhead_domain_info");
_Static_assert(IOMMU_DEVICES_MAX <= BULKHEAD_DOMAIN_DEVICES_MAX, "devices of struct bulkhead_domain_info");

static int named(struct call *c, uint32_t domid, uint32_t pad)
{
    return pad != 0 ? -EINVAL : domid > DOMID_MASK ? -ESRCH : call_target(c, (domid_t)domid);
}

int domain_info_decode(struct call *c)
{
    const struct bulkhead_domain_info *a = c->arg;

    return named(c, a->domid, a->pad);
}

long domain_info_act(struct call *c)
{
    struct bulkhead_domain_info *a = c->arg;
    struct domain *d = c->target;
    uint32_t held = __atomic_load_n(&d->devices_held, __ATOMIC_ACQUIRE);
    uint64_t now = time_now_ns();

    memset(a, 0, sizeof(*a));
    a->domid = d->id;
    a->flags = d->restart_on >> SHUTDOWN_reboot & 1 ? BULKHEAD_DOMAIN_restarts : 0;
    a->start_count = d->start_count - !read_once(d->started); /* one that does not run yet does not count */
    a->age_ns = now - d->created_ns;
    a->host_age_ns = now;
    memcpy(a->name, d->name, sizeof(a->name));
    for (unsigned i = 0; i < d->device_count; i++) {
        if (held & (1u << i)) {
            a->devices[a->device_count] = d->devices[i];
            a->slots[a->device_count++] = (uint8_t)(i + 1); /* slot 0 has the host bridge */
        }
    }
    return 0;
}

int domain_restart_decode(struct call *c)
{
    const struct bulkhead_domain_restart *a = c->arg;

    return named(c, a->domid, a->pad);
}

long domain_restart_act(struct call *c)
{
    struct domain *d = c->target;

    if (!(d->restart_on >> SHUTDOWN_reboot & 1)) {
        return -EPERM;
    }
    if (read_once(d->state) != DOMAIN_RUNNING) {
        return -EBUSY;
    }
    domain_shutdown(d, SHUTDOWN_reboot);
    return 0;
}
