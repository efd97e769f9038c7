/* SPDX-License-Identifier: Apache-2.0 */
/*
 * physdev_op: physical interrupts and devices. No domain has either yet, and features do not offer them
 * (XENFEAT_hvm_pirqs), so each answers as the ABI does to a PVH domain without physical interrupts, -ENOSYS, once the
 * policy has been asked about the domain and the device or interrupt named.
 */
#include "families.h"
#include "resources.h"

#include <public/physdev.h>

#define SBDF(segment, bus, devfn) ((uint32_t)(segment) << 16 | (uint32_t)(bus) << 8 | (devfn))

/* Bus and function in segment 0: the older calls. */
static int manage_decode(struct call *c)
{
    const struct physdev_manage_pci *a = c->arg;

    return device_object(c, SBDF(0, a->bus, a->devfn));
}

static int manage_ext_decode(struct call *c)
{
    const struct physdev_manage_pci_ext *a = c->arg;

    return device_object(c, SBDF(0, a->bus, a->devfn));
}

static int restore_decode(struct call *c)
{
    const struct physdev_restore_msi *a = c->arg;

    return device_object(c, SBDF(0, a->bus, a->devfn));
}

static int add_decode(struct call *c)
{
    const struct physdev_pci_device_add *a = c->arg;

    return device_object(c, SBDF(a->seg, a->bus, a->devfn));
}

static int device_decode(struct call *c)
{
    const struct physdev_pci_device *a = c->arg;

    return device_object(c, SBDF(a->seg, a->bus, a->devfn));
}

static int gsi_decode(struct call *c)
{
    const struct physdev_setup_gsi *a = c->arg;

    return a->gsi < 0 ? -EINVAL : irq_object(c, (uint32_t)a->gsi);
}

/* A line by its number, or a device's messages: labelled by the interrupt or by the device. */
static int map_decode(struct call *c)
{
    const struct physdev_map_pirq *a = c->arg;
    int rc = call_target(c, a->domid);

    if (rc != 0) {
        return rc;
    }
    c->sid[PARTY_PEER] = read_once(c->target->sid); /* who gets it, as what it is to all */
    switch (a->type) {
    case MAP_PIRQ_TYPE_GSI:
        return a->index < 0 ? -EINVAL : irq_object(c, (uint32_t)a->index);
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
    case MAP_PIRQ_TYPE_MULTI_MSI:
        return device_object(c, SBDF(a->type == MAP_PIRQ_TYPE_MSI ? 0 : a->bus >> 16, a->bus & 0xff,
                                     a->devfn & 0xff));
    default:
        return -EINVAL;
    }
}

static int unmap_decode(struct call *c)
{
    const struct physdev_unmap_pirq *a = c->arg;
    int rc = call_target(c, a->domid);

    return rc != 0 ? rc : a->pirq < 0 ? -EINVAL : irq_object(c, (uint32_t)a->pirq);
}

#define PHYSDEV(op, type, decode, ...)                                                             \
    [PHYSDEVOP_##op] = ROW(PHYSDEVOP_##op, sizeof(struct type), 0, decode, ASK(__VA_ARGS__), act_absent)
#define PCI(op, type, decode, perm) PHYSDEV(op, type, decode, Q(CALLER, OBJECT, PHYSDEV_OP, perm))
#define OWN(op, perm, reason)                                                                      \
    [PHYSDEVOP_##op] = ROW_ABSENT(PHYSDEVOP_##op, Q(CALLER, SELF, PHYSDEV_OP, perm), reason)
#define IN_XEN(op, perm, reason)                                                                   \
    [PHYSDEVOP_##op] = ROW_ABSENT(PHYSDEVOP_##op, Q(CALLER, XEN, PHYSDEV_OP, perm), reason)
#define NO_PIRQ "domains have no physical interrupts yet"
#define NO_PCI "domains have no physical devices yet"
#define NO_PV "for paravirtualised guests, which come later"

static const struct hypercall_row rows[] = {
    OWN(IRQ_UNMASK_NOTIFY, IRQ_UNMASK_NOTIFY, "obsolete in the ABI"),
    OWN(irq_status_query, IRQ_STATUS_QUERY, NO_PIRQ),
    OWN(set_iopl, SET_IOPL, NO_PV),
    OWN(set_iobitmap, SET_IOBITMAP, NO_PV),
    IN_XEN(apic_read, APIC_READ, NO_PV),
    IN_XEN(apic_write, APIC_WRITE, NO_PV),
    IN_XEN(alloc_irq_vector, ALLOC_IRQ_VECTOR, NO_PV),
    OWN(free_irq_vector, FREE_IRQ_VECTOR, NO_PV),
    OWN(eoi, EOI, NO_PIRQ),
    PHYSDEV(map_pirq, physdev_map_pirq, map_decode, Q(CALLER, TARGET, PHYSDEV_OP, MAP_PIRQ),
            Q(CALLER, OBJECT, RESOURCE, ADD_IRQ), Q(PEER, OBJECT, RESOURCE, USE_NOIOMMU)),
    PHYSDEV(unmap_pirq, physdev_unmap_pirq, unmap_decode, Q(CALLER, TARGET, PHYSDEV_OP, UNMAP_PIRQ),
            Q(CALLER, OBJECT, RESOURCE, REMOVE_IRQ)),
    PCI(manage_pci_add, physdev_manage_pci, manage_decode, MANAGE_PCI_ADD),
    PCI(manage_pci_remove, physdev_manage_pci, manage_decode, MANAGE_PCI_REMOVE),
    OWN(pirq_eoi_gmfn_v1, PIRQ_EOI_GMFN_V1, NO_PIRQ),
    PCI(restore_msi, physdev_restore_msi, restore_decode, RESTORE_MSI),
    PCI(manage_pci_add_ext, physdev_manage_pci_ext, manage_ext_decode, MANAGE_PCI_ADD_EXT),
    PHYSDEV(setup_gsi, physdev_setup_gsi, gsi_decode, Q(CALLER, OBJECT, PHYSDEV_OP, SETUP_GSI)),
    OWN(get_free_pirq, GET_FREE_PIRQ, NO_PIRQ),
    IN_XEN(pci_mmcfg_reserved, PCI_MMCFG_RESERVED, NO_PCI),
    PCI(pci_device_add, physdev_pci_device_add, add_decode, PCI_DEVICE_ADD),
    PCI(pci_device_remove, physdev_pci_device, device_decode, PCI_DEVICE_REMOVE),
    PCI(restore_msi_ext, physdev_pci_device, device_decode, RESTORE_MSI_EXT),
    OWN(pirq_eoi_gmfn_v2, PIRQ_EOI_GMFN_V2, NO_PIRQ),
    IN_XEN(dbgp_op, DBGP_OP, NO_PCI),
    PCI(prepare_msix, physdev_pci_device, device_decode, PREPARE_MSIX),
    PCI(release_msix, physdev_pci_device, device_decode, RELEASE_MSIX),
};

const struct hypercall_family physdev_op_family = {
    .name = "physdev_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 1,
};
