/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the parts of the driver for Intel's IOMMUs: which devices they have (intel_scope.c), what they can do (intel_open.c), units
 * at work (intel_unit.c), faults (intel_fault.c), devices (intel.c), tables of domains (intel_domain.c), interrupts (intel_irq.c).
 * Source of every register and field: Intel Virtualization Technology for Directed I/O, D51397 rev. 3.4.
 */
#ifndef X86_IOMMU_INTEL_H
#define X86_IOMMU_INTEL_H

#include <xen/iommu.h>

/* What all units can do. Constant once they are open. */
struct intel_units {
    unsigned levels;       /* of tables: 3 or 4 */
    uint64_t frame_limit;  /* of devices' addresses */
    uint32_t id_limit;     /* of domains' translations */
    bool coherent;         /* they see tables in the CPUs' caches */
    bool snoops;           /* they can make devices' accesses see the caches */
    bool remembers_absent; /* some remember that there was no translation */
    bool interrupts;       /* they remap */
};
extern struct intel_units intel_units;

/* -- units ----------------------------------------------------------------------------------------- */

/* An order for the invalidation queue: 6.5.2. */
struct intel_order {
    uint64_t word[2];
};
#define INTEL_ORDER_CONTEXTS { { 0x11, 0 } } /* of all devices */
#define INTEL_ORDER_CONTEXT(device, id) { { 0x31 | (uint64_t)(id) << 16 | (uint64_t)(device) << 32, 0 } }
#define INTEL_ORDER_DRAIN 0xc0u /* accesses under way are waited for */
#define INTEL_ORDER_TRANSLATIONS { { 0x12 | INTEL_ORDER_DRAIN, 0 } } /* of all domains */
#define INTEL_ORDER_TRANSLATIONS_OF(id) { { 0x22 | INTEL_ORDER_DRAIN | (uint64_t)(id) << 16, 0 } }
#define INTEL_ORDER_INTERRUPTS { { 0x04, 0 } } /* all */
#define INTEL_ORDER_INTERRUPT(handle) { { 0x14 | (uint64_t)(handle) << 32, 0 } }

/** Find the registers of all units, and what they can do. @return 0; -ENODEV, logged, some cannot be used; -ENOMEM */
int intel_units_open(void) must_check;
/**
 * Put all of them under these tables, whatever firmware had them do.
 * @param interrupts  table of interrupts; 0: they pass as they are
 * @return 0; -EIO, logged, one does not answer
 */
int intel_units_start(paddr_t root, paddr_t interrupts) must_check;
/** Have every unit carry out the orders, which is done when this returns. Panics when a unit does not answer. */
void intel_order(const struct intel_order *orders, unsigned count);
/** As iommu_ops.next_fault. */
bool intel_next_fault(struct iommu_fault *fault, unsigned *notes);
/** Tables have been written there: let units see it. */
void intel_written(const volatile void *p, size_t size);

/* -- faults ---------------------------------------------------------------------------------------- */

/** Read a fault record (11.4.14); false when there is nothing in it. */
bool intel_fault_decode(const uint64_t record[2], struct iommu_fault *fault) must_check;

/* -- which devices --------------------------------------------------------------------------------- */

/** Is everything on the PCI buses behind a unit? Before the others. @return 0; -ENODEV, logged, something is not */
int intel_scope_check(void) must_check;
/** Is this function? */
bool intel_scope_has(uint16_t device);

/* -- devices --------------------------------------------------------------------------------------- */

/**
 * Let a device out of quarantine, into the tables at root. @return 0; -EBUSY it is out already; -EPERM it stands for an I/O
 * APIC, or is behind no unit
 * @param id  of the domain's translations, not 0
 */
int intel_device_release(uint16_t device, uint16_t id, paddr_t root) must_check;
/** Back into quarantine; the device reaches nothing more when this returns. */
void intel_device_quarantine(uint16_t device, uint16_t id);

/* -- interrupts ------------------------------------------------------------------------------------ */

/** Make the table, empty. @return its address; 0: no memory */
paddr_t intel_irqs_init(void) must_check;
/** Entries for a device, all refusing. @return the block's number; 0 units do not remap; -ENOSPC all are taken */
int intel_irqs_claim(uint16_t device) must_check;
/** Give them back; none of the device's interrupts arrives when this returns. Nothing for block 0. */
void intel_irqs_drop(unsigned block);
/** As iommu_ops.irq_route and irq_refuse, for a device that owns the block. */
int intel_irqs_route(unsigned block, unsigned index, uint8_t vector, uint32_t apic_id, struct msi_message *message) must_check;
void intel_irqs_refuse(unsigned block, unsigned index);
/** As iommu_ops.ioapic_entry. */
int intel_ioapic_entry(uint32_t ioapic_id, unsigned pin, uint64_t *entry) must_check;

/* -- domains: as iommu_ops ------------------------------------------------------------------------- */

struct iommu_domain *intel_domain_create(uint16_t domid, uint64_t table_limit);
void intel_domain_detach(struct iommu_domain *dom, uint16_t device);
void intel_domain_detach_all(struct iommu_domain *dom);
void intel_domain_free(struct iommu_domain *dom);
int intel_domain_map(struct iommu_domain *dom, uint64_t dfn, uint64_t mfn, uint64_t count, bool write);
void intel_domain_unmap(struct iommu_domain *dom, uint64_t dfn);
void intel_domain_flush(struct iommu_domain *dom);
int intel_domain_attach(struct iommu_domain *dom, uint16_t device);
int intel_domain_irq_route(struct iommu_domain *dom, uint16_t device, unsigned index, uint8_t vector, uint32_t apic_id,
                           struct msi_message *message);
void intel_domain_irq_refuse(struct iommu_domain *dom, uint16_t device, unsigned index);

#endif
