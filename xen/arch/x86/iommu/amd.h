/* SPDX-License-Identifier: Apache-2.0 */
/* Between the units (amd.c) and the tables of domains (amd_domain.c). */
#ifndef X86_IOMMU_AMD_H
#define X86_IOMMU_AMD_H

#include <xen/iommu.h>

#define AMD_LEVELS 4u         /* 48 bits of address: all of a p2m */
#define AMD_READ (1ull << 61) /* IR; the same in a device's entry and in a table's (2.2.2.1, 2.2.3) */
#define AMD_WRITE (1ull << 62) /* IW; same */
#define AMD_IRQ_TABLE_LOG2 11u /* entries: all that the 11 bits of a message can name (2.2.5.2) */

/**
 * Let a device out of quarantine, into the tables at root. @return 0; -EBUSY it is out already; -EPERM it stands for an I/O APIC
 * @param id        of the domain's translations, not 0, which is quarantine's
 * @param irq_table  of the interrupts that arrive; 0: none does
 */
int amd_device_release(uint16_t device, uint16_t id, paddr_t root, paddr_t irq_table) must_check;
/** Back into quarantine; the device reaches nothing more when this returns. */
void amd_device_quarantine(uint16_t device, uint16_t id);
/** No unit uses a translation of id any more that it read before the call. Panics when a unit does not answer. */
void amd_forget(uint16_t id);
/** The same for the interrupt table of a device. */
void amd_irq_forget(uint16_t device);

struct iommu_domain *amd_domain_create(uint16_t domid, uint64_t table_limit);
void amd_domain_detach(struct iommu_domain *dom, uint16_t device);
void amd_domain_detach_all(struct iommu_domain *dom);
void amd_domain_free(struct iommu_domain *dom);
int amd_domain_map(struct iommu_domain *dom, uint64_t dfn, uint64_t mfn, uint64_t count, bool write);
void amd_domain_unmap(struct iommu_domain *dom, uint64_t dfn);
void amd_domain_flush(struct iommu_domain *dom);
int amd_domain_attach(struct iommu_domain *dom, uint16_t device);
/** Of a device that is attached to dom; NULL: it is not, or messages cannot be remapped. */
uint32_t *amd_domain_irq_table(struct iommu_domain *dom, uint16_t device);

/** Does an I/O APIC send as this function? */
bool amd_is_ioapic(uint16_t device);
/** The table of an I/O APIC, by its place in the IVRS; made when it is asked for first. NULL: no memory. */
uint32_t *amd_ioapic_table(unsigned i);
int amd_ioapic_entry(uint32_t ioapic_id, unsigned pin, uint64_t *entry);

uint32_t *amd_irq_table_alloc(void);
void amd_irq_table_free(uint32_t *table);
int amd_irq_route(struct iommu_domain *dom, uint16_t device, unsigned index, uint8_t vector, uint32_t apic_id,
                  struct msi_message *message);
void amd_irq_refuse(struct iommu_domain *dom, uint16_t device, unsigned index);

#endif
