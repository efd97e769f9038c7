/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy's say in what the manifest asks for. The init code has the label of the initial SID xenboot:
 * it may create the domain, and give resources away; the domain may hold them. A manifest does not stand
 * above the policy.
 */
#include "build.h"

#include <xen/errno.h>
#include <xen/iommu.h>
#include <xen/lib.h>
#include <xen/tpm.h>

/* One resource given to one domain; `add` is the permission that giving this kind away asks for. */
struct gift {
    xsm_sid_t domain;
    uint32_t add;
    struct xsm_audit audit;
};

static int ask_part(void *arg, xsm_sid_t sid, uint64_t first, uint64_t last)
{
    struct gift *gift = arg;
    int ret;

    gift->audit.range_first = first;
    gift->audit.range_last = last;
    ret = xsm_check(xsm_initial_sid(XSM_SID_XENBOOT), sid, SECCLASS_RESOURCE, gift->add,
                    &gift->audit);
    if (ret == 0) {
        ret = xsm_check(gift->domain, sid, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU, &gift->audit);
    }
    return ret;
}

static struct gift new_gift(const struct launch_domain *ld, uint32_t add)
{
    return (struct gift){
        .domain = ld->config.sid,
        .add = add,
        .audit = {
            .have = XSM_AUDIT_TARGET | XSM_AUDIT_RANGE | XSM_AUDIT_OP,
            .target = ld->config.domid,
            .op = "launch",
        },
    };
}

static int ask_ports(const struct launch_domain *ld, struct launch_error *err)
{
    struct gift gift = new_gift(ld, RESOURCE__ADD_IOPORT);
    unsigned i;
    int ret = 0;

    for (i = 0; ret == 0 && i < ld->ioport_count; i++) {
        ret = xsm_ioport_walk(ld->ioports[i][0], ld->ioports[i][1], ask_part, &gift);
        if (ret != 0) {
            return launch_fail(err, ret, "domain %s: bulkhead,ioports: the policy does not let it use "
                               "ports %#x-%#x", ld->in.name, ld->ioports[i][0], ld->ioports[i][1]);
        }
    }
    return 0;
}

static int ask_tpm(const struct launch_domain *ld, struct launch_error *err)
{
    struct gift gift = new_gift(ld, RESOURCE__ADD_IOMEM);
    uint64_t frame = tpm_locality_maddr(0) >> PAGE_SHIFT;
    int ret = ld->in.tpm ? xsm_iomem_walk(frame, frame, ask_part, &gift) : 0;

    return ret == 0 ? 0 : launch_fail(err, ret, "domain %s: bulkhead,tpm-locality: the policy does not "
                                      "let it use frame %#llx", ld->in.name,
                                      (unsigned long long)frame);
}

/* Behind an IOMMU, since a device is given in no other way; the policy may want interrupts held back too. */
static int ask_devices(const struct launch_domain *ld, struct launch_error *err)
{
    uint32_t use = iommu_remaps_interrupts() ? RESOURCE__USE_IOMMU : RESOURCE__USE_IOMMU_NOINTREMAP;
    struct gift gift = new_gift(ld, RESOURCE__ADD_DEVICE);
    unsigned i;

    gift.audit.have = XSM_AUDIT_TARGET | XSM_AUDIT_DEVICE | XSM_AUDIT_OP;
    for (i = 0; i < ld->device_count; i++) {
        xsm_sid_t sid;
        int ret = xsm_device_sid(ld->devices[i], &sid);

        gift.audit.device = ld->devices[i];
        if (ret == 0) {
            ret = xsm_check(xsm_initial_sid(XSM_SID_XENBOOT), sid, SECCLASS_RESOURCE, gift.add, &gift.audit);
        }
        if (ret == 0) {
            ret = xsm_check(gift.domain, sid, SECCLASS_RESOURCE, use, &gift.audit);
        }
        if (ret != 0) {
            return launch_fail(err, ret, "domain %s: bulkhead,devices: the policy does not let it use device "
                               "%#x", ld->in.name, ld->devices[i]);
        }
    }
    return 0;
}

int launch_ask(const struct launch_domain *ld, struct launch_error *err)
{
    const struct xsm_audit audit = {
        .have = XSM_AUDIT_TARGET | XSM_AUDIT_OP,
        .target = ld->config.domid,
        .op = "launch",
    };
    xsm_sid_t self = xsm_initial_sid(XSM_SID_XENBOOT);
    int ret = xsm_check(self, ld->config.sid, SECCLASS_DOMAIN, DOMAIN__CREATE, &audit);

    if (ret != 0) {
        return launch_fail(err, ret, "domain %s: the policy does not let xenboot create it",
                           ld->in.name);
    }
    if (ld->ioport_count != 0 || ld->in.tpm || ld->device_count != 0) {
        ret = xsm_check(self, ld->config.sid, SECCLASS_RESOURCE, RESOURCE__ADD, &audit);
    }
    if (ret != 0) {
        return launch_fail(err, ret, "domain %s: the policy does not let xenboot give it resources",
                           ld->in.name);
    }
    ret = ask_ports(ld, err);
    if (ret == 0) {
        ret = ask_devices(ld, err);
    }
    return ret != 0 ? ret : ask_tpm(ld, err);
}
