/* SPDX-License-Identifier: Apache-2.0 */
/*
 * physdev_op: physical interrupts and devices. No domain has either yet, and features do not offer them
 * (XENFEAT_hvm_pirqs), so each answers as the ABI does to a PVH domain without physical interrupts: -ENOSYS.
 */
#include "families.h"

#include <public/physdev.h>

#define NO_PIRQ(op) [PHYSDEVOP_##op] = ROW_ABSENT(PHYSDEVOP_##op, "domains have no physical interrupts yet")
#define NO_PCI(op) [PHYSDEVOP_##op] = ROW_ABSENT(PHYSDEVOP_##op, "domains have no physical devices yet")
#define NO_PV(op) [PHYSDEVOP_##op] = ROW_ABSENT(PHYSDEVOP_##op, "for paravirtualised guests, which come later")

static const struct hypercall_row rows[] = {
    [PHYSDEVOP_IRQ_UNMASK_NOTIFY] = ROW_ABSENT(PHYSDEVOP_IRQ_UNMASK_NOTIFY, "obsolete in the ABI"),
    NO_PIRQ(irq_status_query),
    NO_PV(set_iopl),
    NO_PV(set_iobitmap),
    NO_PV(apic_read),
    NO_PV(apic_write),
    NO_PV(alloc_irq_vector),
    NO_PV(free_irq_vector),
    NO_PIRQ(eoi),
    NO_PIRQ(map_pirq),
    NO_PIRQ(unmap_pirq),
    NO_PCI(manage_pci_add),
    NO_PCI(manage_pci_remove),
    NO_PIRQ(pirq_eoi_gmfn_v1),
    NO_PCI(restore_msi),
    NO_PCI(manage_pci_add_ext),
    NO_PIRQ(setup_gsi),
    NO_PIRQ(get_free_pirq),
    NO_PCI(pci_mmcfg_reserved),
    NO_PCI(pci_device_add),
    NO_PCI(pci_device_remove),
    NO_PCI(restore_msi_ext),
    NO_PIRQ(pirq_eoi_gmfn_v2),
    NO_PCI(dbgp_op),
    NO_PCI(prepare_msix),
    NO_PCI(release_msix),
};

const struct hypercall_family physdev_op_family = {
    .name = "physdev_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 1,
};
