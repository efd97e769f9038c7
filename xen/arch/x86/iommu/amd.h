/* SPDX-License-Identifier: Apache-2.0 */
/* Between the units (amd.c) and the tables of domains (amd_domain.c). */
#ifndef X86_IOMMU_AMD_H
#define X86_IOMMU_AMD_H

#include <xen/iommu.h>

#define AMD_LEVELS 4u         /* 48 bits of address: all of a p2m */
#define AMD_READ (1ull << 61) /* IR; the same in a device's entry and in a table's (2.2.2.1, 2.2.3) */
#define AMD_WRITE (1ull << 62) /* IW; same */

/**
 * Let a device out of quarantine, into the tables at root. @return 0; -EBUSY it is out already; -EPERM it stands for an I/O APIC
 * @param id  of the domain's translations, not 0, which is quarantine's
 */
int amd_device_release(uint16_t device, uint16_t id, paddr_t root) must_check;
/** Back into quarantine; the device reaches nothing more when this returns. */
void amd_device_quarantine(uint16_t device, uint16_t id);
/** No unit uses a translation of id any more that it read before the call. Panics when a unit does not answer. */
void amd_forget(uint16_t id);

struct iommu_domain *amd_domain_create(uint16_t domid, uint64_t table_limit);
void amd_domain_detach(struct iommu_domain *dom, uint16_t device);
void amd_domain_detach_all(struct iommu_domain *dom);
void amd_domain_free(struct iommu_domain *dom);
int amd_domain_map(struct iommu_domain *dom, uint64_t dfn, uint64_t mfn, uint64_t count, bool write);
void amd_domain_unmap(struct iommu_domain *dom, uint64_t dfn);
void amd_domain_flush(struct iommu_domain *dom);
int amd_domain_attach(struct iommu_domain *dom, uint16_t device);

#endif
