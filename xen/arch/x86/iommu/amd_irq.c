/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt remapping tables: one a device, of as many entries as a message can name, most of them never present; and one an I/O
 * APIC, with an entry for each pin.
 * Source: AMD I/O Virtualization Technology (IOMMU) Specification, 48882 rev. 3, 2.2.5 (Interrupt Remapping Tables).
 */
#include "amd.h"

#include <xen/acpi.h>
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

/* -- I/O APICs ------------------------------------------------------------------------------------- */

/* 82093AA datasheet, 3.2.4: vector and delivery mode, which are what the message's number is made of (2.2.5.2) */
#define ENTRY_NUMBER 0x7ffull

static uint32_t *ioapic_tables[ACPI_MAX_IOAPICS]; /* owned, for good; by place in the IVRS */

bool amd_is_ioapic(uint16_t device)
{
    for (unsigned i = 0; i < acpi_info.ivrs.ioapic_count; i++) {
        if (acpi_info.ivrs.ioapic[i].device == device) {
            return true;
        }
    }
    return false;
}

uint32_t *amd_ioapic_table(unsigned i)
{
    if (ioapic_tables[i] == NULL) {
        ioapic_tables[i] = amd_irq_table_alloc();
    }
    return ioapic_tables[i];
}

int amd_ioapic_entry(uint32_t ioapic_id, unsigned pin, uint64_t *entry)
{
    for (unsigned i = 0; i < acpi_info.ivrs.ioapic_count; i++) {
        if (acpi_info.ivrs.ioapic[i].id == ioapic_id && ioapic_tables[i] != NULL) {
            ASSERT(pin <= 0xff);
            write_once(ioapic_tables[i][pin], IRTE_PRESENT | IRTE_DESTINATION(*entry >> 56) | IRTE_VECTOR((uint8_t)*entry));
            amd_irq_forget(acpi_info.ivrs.ioapic[i].device);
            *entry = (*entry & ~ENTRY_NUMBER) | pin;
            return 0;
        }
    }
    return iommu_remaps_interrupts() ? -ENOENT : 0;
}
