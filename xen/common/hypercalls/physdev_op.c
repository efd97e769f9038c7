/* SPDX-License-Identifier: Apache-2.0 */
/*
 * physdev_op: physical interrupts and devices. No domain has either yet, and features do not offer them
 * (XENFEAT_hvm_pirqs), so each answers as the ABI does to a PVH domain without physical interrupts: -ENOSYS.
 */
#include "families.h"

#include <public/physdev.h>

#define NO_PIRQ(op) [op] = ROW_ABSENT(op, "domains have no physical interrupts yet")
#define NO_PCI(op) [op] = ROW_ABSENT(op, "domains have no physical devices yet")
#define NO_PV(op) [op] = ROW_ABSENT(op, "for paravirtualised guests, which come later")

static const struct hypercall_row rows[] = {
    [PHYSDEVOP_IRQ_UNMASK_NOTIFY] = ROW_ABSENT(PHYSDEVOP_IRQ_UNMASK_NOTIFY, "obsolete in the ABI"),
    NO_PIRQ(PHYSDEVOP_irq_status_query),
    NO_PV(PHYSDEVOP_set_iopl),
    NO_PV(PHYSDEVOP_set_iobitmap),
    NO_PV(PHYSDEVOP_apic_read),
    NO_PV(PHYSDEVOP_apic_write),
    NO_PV(PHYSDEVOP_alloc_irq_vector),
    NO_PV(PHYSDEVOP_free_irq_vector),
    NO_PIRQ(PHYSDEVOP_eoi),
    NO_PIRQ(PHYSDEVOP_map_pirq),
    NO_PIRQ(PHYSDEVOP_unmap_pirq),
    NO_PCI(PHYSDEVOP_manage_pci_add),
    NO_PCI(PHYSDEVOP_manage_pci_remove),
    NO_PIRQ(PHYSDEVOP_pirq_eoi_gmfn_v1),
    NO_PCI(PHYSDEVOP_restore_msi),
    NO_PCI(PHYSDEVOP_manage_pci_add_ext),
    NO_PIRQ(PHYSDEVOP_setup_gsi),
    NO_PIRQ(PHYSDEVOP_get_free_pirq),
    NO_PCI(PHYSDEVOP_pci_mmcfg_reserved),
    NO_PCI(PHYSDEVOP_pci_device_add),
    NO_PCI(PHYSDEVOP_pci_device_remove),
    NO_PCI(PHYSDEVOP_restore_msi_ext),
    NO_PIRQ(PHYSDEVOP_pirq_eoi_gmfn_v2),
    NO_PCI(PHYSDEVOP_dbgp_op),
    NO_PCI(PHYSDEVOP_prepare_msix),
    NO_PCI(PHYSDEVOP_release_msix),
};

const struct hypercall_family physdev_op_family = {
    .name = "physdev_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 1,
};
