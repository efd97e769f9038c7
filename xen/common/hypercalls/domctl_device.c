/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domctl: hardware given to a domain and taken back. Each piece has the label that the policy's ocontexts give it; the
 * giver is asked about it, and the receiver about using it. PCI functions are given at run time, to a domain that its
 * description gives a bus; of ports, frames and interrupts what is asked and allowed answers as absent.
 */
#include "domctl.h"
#include "resources.h"

#include <xen/iommu.h>
#include <xen/lib.h>
#include <xen/vpci.h>

/* A range of ports or frames on its way to or from a domain. */
struct gift {
    struct call *c;
    uint32_t permission; /* of class resource, of the giver */
};

/* Operations on ranges, by the permission that is chosen when the structure says so. */
int domctl_give_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;
    int rc = domctl_target_decode(c);

    switch (c->cmd) {
    case XEN_DOMCTL_irq_permission:
        c->chosen = a->u.irq_permission.allow_access ? DOMCTL__IRQ_PERMISSION_ADD : DOMCTL__IRQ_PERMISSION_REMOVE;
        break;
    case XEN_DOMCTL_iomem_permission:
        c->chosen = a->u.iomem_permission.allow_access ? DOMCTL__IOMEM_PERMISSION_ADD :
                                                         DOMCTL__IOMEM_PERMISSION_REMOVE;
        break;
    case XEN_DOMCTL_ioport_permission:
        c->chosen = a->u.ioport_permission.allow_access ? DOMCTL__IOPORT_PERMISSION_ADD :
                                                          DOMCTL__IOPORT_PERMISSION_REMOVE;
        break;
    case XEN_DOMCTL_memory_mapping:
        c->chosen = a->u.memory_mapping.add_mapping ? DOMCTL2__MEMORY_MAPPING_ADD :
                                                      DOMCTL2__MEMORY_MAPPING_REMOVE;
        break;
    default:
        c->chosen = a->u.ioport_mapping.add_mapping ? DOMCTL2__IOPORT_MAPPING_ADD :
                                                      DOMCTL2__IOPORT_MAPPING_REMOVE;
        break;
    }
    return rc;
}

static int ask_part(void *arg, xsm_sid_t sid, uint64_t first, uint64_t last)
{
    const struct gift *g = arg;
    struct call *c = g->c;
    int rc;

    c->audit.range_first = first;
    c->audit.range_last = last;
    c->audit.have |= XSM_AUDIT_RANGE;
    rc = call_ask(c, c->sid[PARTY_CALLER], sid, SECCLASS_RESOURCE, g->permission);
    return rc != 0 ? rc :
                     call_ask(c, read_once(c->target->sid), sid, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU);
}

static int ask_ports(struct gift *g, uint32_t first, uint32_t count, bool add)
{
    if (count == 0 || first > 0xffff || count > 0x10000 - first) {
        return -EINVAL;
    }
    g->permission = add ? RESOURCE__ADD_IOPORT : RESOURCE__REMOVE_IOPORT;
    return xsm_ioport_walk(first, first + count - 1, ask_part, g);
}

static int ask_frames(struct gift *g, uint64_t first, uint64_t count, bool add)
{
    if (count == 0 || first + count - 1 < first) {
        return -EINVAL;
    }
    g->permission = add ? RESOURCE__ADD_IOMEM : RESOURCE__REMOVE_IOMEM;
    return xsm_iomem_walk(first, first + count - 1, ask_part, g);
}

long domctl_give_act(struct call *c)
{
    const struct xen_domctl *a = c->arg;
    struct gift g = { .c = c };
    int rc;

    switch (c->cmd) {
    case XEN_DOMCTL_iomem_permission:
        rc = ask_frames(&g, a->u.iomem_permission.first_mfn, a->u.iomem_permission.nr_mfns,
                        a->u.iomem_permission.allow_access);
        break;
    case XEN_DOMCTL_ioport_permission:
        rc = ask_ports(&g, a->u.ioport_permission.first_port, a->u.ioport_permission.nr_ports,
                       a->u.ioport_permission.allow_access);
        break;
    case XEN_DOMCTL_memory_mapping:
        rc = ask_frames(&g, a->u.memory_mapping.first_mfn, a->u.memory_mapping.nr_mfns,
                        a->u.memory_mapping.add_mapping);
        break;
    default:
        rc = ask_ports(&g, a->u.ioport_mapping.first_mport, a->u.ioport_mapping.nr_ports,
                       a->u.ioport_mapping.add_mapping);
        break;
    }
    return rc != 0 ? rc : act_absent(c);
}

/* Who gets it is asked about using it as what it is to all: the peer. */
static int receiver_decode(struct call *c)
{
    int rc = domctl_target_decode(c);

    if (rc == 0) {
        c->sid[PARTY_PEER] = read_once(c->target->sid);
    }
    return rc;
}

int domctl_device_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;
    int rc;

    switch (c->cmd) {
    case XEN_DOMCTL_get_device_group:
        return device_object(c, a->u.get_device_group.machine_sbdf);
    case XEN_DOMCTL_bind_pt_irq:
        rc = receiver_decode(c);
        return rc != 0 ? rc : irq_object(c, a->u.bind_pt_irq.machine_irq);
    default:
        if (a->u.assign_device.dev != XEN_DOMCTL_DEV_PCI) {
            return -EOPNOTSUPP; /* nodes of a device tree, which this architecture has not */
        }
        rc = c->cmd == XEN_DOMCTL_test_assign_device ? 0 : receiver_decode(c);
        if (rc == 0 && c->target != NULL && vpci_is_moving(c->target, (uint16_t)a->u.assign_device.u.pci.machine_sbdf)) {
            c->audit.have |= XSM_AUDIT_AGAIN; /* a reset takes a thousand calls */
        }
        if (c->cmd == XEN_DOMCTL_assign_device) {
            c->chosen = iommu_remaps_interrupts() ? RESOURCE__USE_IOMMU : RESOURCE__USE_IOMMU_NOINTREMAP;
        }
        return rc != 0 ? rc : device_object(c, a->u.assign_device.u.pci.machine_sbdf);
    }
}

/* Segment 0 is all there is (xsm_device_sid() knows others, so that they have a label). */
static int function_of(const struct call *c, uint16_t *function)
{
    const struct xen_domctl *a = c->arg;
    uint32_t sbdf = a->u.assign_device.u.pci.machine_sbdf;

    *function = (uint16_t)sbdf;
    return sbdf > 0xffff ? -ENODEV : 0;
}

long domctl_assign_act(struct call *c)
{
    const char *why = "";
    uint16_t function;
    int rc = function_of(c, &function);

    if (rc == 0) {
        rc = vpci_attach(c->target, function, NULL, &why);
    }
    if (rc != 0 && rc != -ERESTART) {
        pr_debug("domain %u %s: device %02x:%02x.%x is not given: %s", c->target->id, c->target->name, function >> 8,
                 function >> 3 & 31, function & 7, why);
    }
    return rc;
}

long domctl_deassign_act(struct call *c)
{
    uint16_t function;
    int rc = function_of(c, &function);

    return rc != 0 ? rc : vpci_detach(c->target, function);
}
