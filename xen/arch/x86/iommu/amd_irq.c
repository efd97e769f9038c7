/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt remapping tables: one a device, of as many entries as a message can name, most of them never present.
 * Source: AMD I/O Virtualization Technology (IOMMU) Specification, 48882 rev. 3, 2.2.5 (Interrupt Remapping Tables).
 */
#include "amd.h"

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>

/* 2.2.5.1, entries while GAEn is 0 */
#define IRTE_PRESENT (1u << 0)
#define IRTE_DESTINATION(apic_id) ((uint32_t)(uint8_t)(apic_id) << 8)
#define IRTE_VECTOR(vector) ((uint32_t)(vector) << 16)

#define TABLE_ORDER 1u
BUILD_ASSERT(sizeof(uint32_t) << AMD_IRQ_TABLE_LOG2 == PAGE_SIZE << TABLE_ORDER);

#define MESSAGE_ADDR 0xfee00000ull

uint32_t *amd_irq_table_alloc(void)
{
    return pages_alloc(TABLE_ORDER);
}

void amd_irq_table_free(uint32_t *table)
{
    pages_free(table, TABLE_ORDER);
}

int amd_irq_route(struct iommu_domain *dom, uint16_t device, unsigned index, uint8_t vector, uint32_t apic_id,
                  struct msi_message *message)
{
    uint32_t *table = amd_domain_irq_table(dom, device);

    if (table == NULL || apic_id > 0xff) {
        return -ENODEV;
    }
    ASSERT(index < IOMMU_IRQS_MAX);
    write_once(table[index], IRTE_PRESENT | IRTE_DESTINATION(apic_id) | IRTE_VECTOR(vector));
    amd_irq_forget(device);
    *message = (struct msi_message){ .addr = MESSAGE_ADDR, .data = index };
    return 0;
}

void amd_irq_refuse(struct iommu_domain *dom, uint16_t device, unsigned index)
{
    uint32_t *table = amd_domain_irq_table(dom, device);

    if (table != NULL) {
        write_once(table[index], 0);
        amd_irq_forget(device);
    }
}
