/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a domain sees of PCI: one bus, a host bridge in slot 0, and its own functions from slot 1 on, in the order of its description.
 * A function shows its identity, its memory BARs at addresses of the domain's choice, and the capabilities that are known here:
 * MSI, MSI-X, PCI Express and vendor-specific ones, of which only MSI and MSI-X can be written. Everything else reads 0. Nothing
 * the domain writes reaches the device's configuration but what this code makes of it.
 * Source: PCI Local Bus Specification 3.0, chapter 6; PCI Firmware Specification 3.3, 4.1 (the window).
 */
#ifndef XEN_VPCI_H
#define XEN_VPCI_H

#include <xen/types.h>

struct domain;
struct vpci;
struct pci_terms;

/* The same for every domain that has devices; launch/pvh.h lays memory out around them, launch/pci.asl tells the domain. */
#define VPCI_BARS_START 0xc0000000ull
#define VPCI_BARS_END 0xe0000000ull
#define VPCI_WINDOW 0xe0000000ull /* configuration in memory: bus 0 */
#define VPCI_WINDOW_SIZE 0x100000ull
#define VPCI_IOAPIC 0xfec00000ull
#define VPCI_IOAPIC_ID 255u /* no local APIC has it */
#define VPCI_PINS 24u
#define VPCI_PIN_FIRST 16u /* of the function in slot 1 */

/** Give d, prepared by iommu_prepare() and not started, a bus. @return 0; -ENOMEM */
int vpci_create(struct domain *d) must_check;
/**
 * Give d, which may be running, a function: it is reset, let out of quarantine, and appears. One at a time for a domain.
 * @param terms  what its description says; NULL: what that of its last owner said
 * @param why    out, on failure: what is wrong, for a message
 * @return 0; -ERESTART a reset takes time: the same again; errors of pci_function_get(), iommu_attach(); -EOPNOTSUPP d has
 *         no bus, or the function cannot be reset; -EBUSY somebody has it; -EEXIST d has it; -ENOSPC; -ESRCH d is dying
 */
int vpci_attach(struct domain *d, uint16_t device, const struct pci_terms *terms, const char **why) must_check;
/** Take it back, reset. @return 0; -ERESTART a reset takes time: the same again; -ENODEV d has it not */
int vpci_detach(struct domain *d, uint16_t device) must_check;
/** Is it on its way to or from d: has vpci_attach() or vpci_detach() answered -ERESTART? */
bool vpci_is_moving(struct domain *d, uint16_t device);
/** Take function number i (of d->devices) away at once: it reaches nothing, and is gone from the bus. Its reset comes with d's end. */
void vpci_remove(struct domain *d, unsigned i);
/**
 * The end of d's devices, in its death, before its memory is given back: quiet, in quarantine, reset. May be called again.
 * @return 0; -ERESTART a reset takes time
 */
int vpci_release(struct domain *d) must_check;
/** After vpci_release(). */
void vpci_free(struct domain *d);

/* Accesses of d's vCPUs. Sizes are 1, 2, 4. */
uint32_t vpci_port_read(struct domain *d, uint16_t port, unsigned size);
void vpci_port_write(struct domain *d, uint16_t port, unsigned size, uint32_t value);
/** The domain's I/O APIC: words at these offsets of VPCI_IOAPIC. Only for one that has a bus. */
uint32_t vpci_ioapic_read(struct domain *d, unsigned offset);
void vpci_ioapic_write(struct domain *d, unsigned offset, uint32_t value);
/** A local APIC of d, whose pci_lines is set, has ended this interrupt. */
void vpci_interrupt_ended(struct domain *d, uint8_t vector);
static inline bool vpci_is_port(uint16_t port)
{
    return port >= 0xcf8 && port <= 0xcff;
}

/**
 * Is gaddr, where nothing is mapped, the window, a page with a table of MSI-X, or a place for registers where none are: of a device
 * that does not decode, or was taken away? The latter reads all ones.
 */
bool vpci_is_memory(struct domain *d, uint64_t gaddr);
uint32_t vpci_memory_read(struct domain *d, uint64_t gaddr, unsigned size);
void vpci_memory_write(struct domain *d, uint64_t gaddr, unsigned size, uint32_t value);

#endif
