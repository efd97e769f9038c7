/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this folder. */
#ifndef DRIVERS_PCI_PRIVATE_H
#define DRIVERS_PCI_PRIVATE_H

#include <xen/pci.h>

#define PCI_HEADER_TYPE 0x7fu
#define PCI_HEADER_MULTI 0x80u
#define PCI_HEADER_DEVICE 0u
#define PCI_HEADER_BRIDGE 1u

#define PCI_BAR_IO 1u
#define PCI_BAR_WIDE 4u
#define PCI_BAR_FLAGS 15u

#define PCI_PM_CONTROL 4u
#define PCI_PM_SIZE 8u
#define PCI_EXPRESS_CONTROL 8u /* device control */
#define PCI_EXPRESS_CONTROL_FLR 0x8000u

/* Arguments for "%02x:%02x.%x". */
#define PCI_NAME(id) (id) >> 8, (id) >> 3 & 31, (id) & 7

/** The first capability with this number; 0: there is none, or it is cut off by the end: it has at least size bytes. */
unsigned pci_find_cap(uint16_t id, unsigned cap, unsigned size);
/** May a domain have the pages of f's BARs? @return 0; -EBUSY no, and why */
int pci_bars_check(const struct pci_function *f, const char **why);

#endif
