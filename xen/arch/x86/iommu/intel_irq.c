/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts: one table for all units. An attached device owns a block of IOMMU_IRQS_MAX entries, each of which serves its
 * messages alone; what it sends for an entry that is not routed, or for another's, is refused. Messages of the old format, which name
 * vector and CPU themselves, do not pass at all. Block 0 is for the pins of I/O APICs.
 * Source: D51397 rev. 3.4, 5.1 (Interrupt Remapping), 9.10 (Interrupt Remapping Table Entry for Remapped Interrupts).
 */
#include "intel.h"

#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>

#define TABLE_ORDER 8u /* 1 MiB: 65536 entries */
#define ENTRIES 65536u
#define BLOCKS (ENTRIES / IOMMU_IRQS_MAX)

struct interrupt_entry {
    uint64_t word[2];
};
BUILD_ASSERT(sizeof(struct interrupt_entry) * ENTRIES == PAGE_SIZE << TABLE_ORDER);
/* 9.10; physical destination, fixed delivery */
#define ENTRY0_PRESENT (1ull << 0)
#define ENTRY0_LEVEL (1ull << 4)
#define ENTRY0_VECTOR(vector) ((uint64_t)(vector) << 16)
#define ENTRY0_CPU(apic_id) ((uint64_t)(apic_id) << 40)
#define ENTRY1_OF(device) ((uint64_t)(device) | 1ull << 18) /* SVT 01b, SQ 00b: all 16 bits are compared */
#define CPU_MAX 255u

/* 5.1.2.2, a message in remappable format: handle in bits 19:5 and 2; with bit 3 the data is added to it */
#define MESSAGE(handle) (0xfee00018ull | ((handle) & 0x7fffull) << 5 | (uint64_t)(handle) >> 15 << 2)

/* 5.1.5.1, an I/O APIC's entry in remappable format, and what it keeps of the other: vector, polarity, trigger, mask */
#define PIN_REMAPPED(handle) (1ull << 48 | ((handle) & 0x7fffull) << 49 | (uint64_t)(handle) >> 15 << 11)
#define PIN_KEPT 0x1a0ffull
#define PIN_LEVEL (1ull << 15)
#define PIN_VECTOR(entry) ((entry) & 0xff)
#define PIN_CPU(entry) ((entry) >> 56)

static struct interrupt_entry *table; /* owned; NULL: not remapped */
static spinlock_t lock = SPINLOCK_INIT(LOCK_IOMMU); /* taken[]; nothing is locked within it */
static bool taken[BLOCKS];
static struct {
    bool used;
    uint8_t pin;
    uint32_t ioapic_id;
} pins[IOMMU_IRQS_MAX]; /* who owns the entries of block 0; as iommu_ops.ioapic_entry */

paddr_t intel_irqs_init(void)
{
    table = pages_alloc(TABLE_ORDER);
    if (table == NULL) {
        return 0;
    }
    taken[0] = true;
    intel_written(table, PAGE_SIZE << TABLE_ORDER);
    return virt_to_maddr(table);
}

/* A route's change is one store: a unit sees the old one or the new one. */
static void entry_set(unsigned handle, uint64_t word0)
{
    struct intel_order forget = INTEL_ORDER_INTERRUPT(handle);

    write_once(table[handle].word[0], word0);
    intel_written(&table[handle], sizeof(table[handle]));
    intel_order(&forget, 1);
}

static int block_take(void)
{
    unsigned i = 1;

    spin_lock(&lock);
    while (i < BLOCKS && taken[i]) {
        i++;
    }
    if (i < BLOCKS) {
        taken[i] = true;
    }
    spin_unlock(&lock);
    return i < BLOCKS ? (int)i : -ENOSPC;
}

int intel_irqs_claim(uint16_t device)
{
    int block = table != NULL ? block_take() : 0;

    for (unsigned i = 0; block > 0 && i < IOMMU_IRQS_MAX; i++) {
        table[(unsigned)block * IOMMU_IRQS_MAX + i].word[1] = ENTRY1_OF(device);
    }
    if (block > 0) {
        intel_written(&table[(unsigned)block * IOMMU_IRQS_MAX], IOMMU_IRQS_MAX * sizeof(table[0]));
    }
    return block;
}

void intel_irqs_drop(unsigned block)
{
    static const struct intel_order forget = INTEL_ORDER_INTERRUPTS;
    struct interrupt_entry *e;

    if (block == 0) {
        return;
    }
    e = &table[block * IOMMU_IRQS_MAX];
    for (unsigned i = 0; i < IOMMU_IRQS_MAX; i++) {
        write_once(e[i].word[0], 0);
    }
    intel_written(e, IOMMU_IRQS_MAX * sizeof(*e));
    intel_order(&forget, 1);
    spin_lock(&lock);
    taken[block] = false;
    spin_unlock(&lock);
}

int intel_irqs_route(unsigned block, unsigned index, uint8_t vector, uint32_t apic_id, struct msi_message *message)
{
    unsigned first = block * IOMMU_IRQS_MAX;

    ASSERT(index < IOMMU_IRQS_MAX);
    if (block == 0 || apic_id > CPU_MAX) {
        return -ENODEV;
    }
    entry_set(first + index, ENTRY0_PRESENT | ENTRY0_VECTOR(vector) | ENTRY0_CPU(apic_id));
    *message = (struct msi_message){ .addr = MESSAGE(first), .data = index };
    return 0;
}

void intel_irqs_refuse(unsigned block, unsigned index)
{
    ASSERT(index < IOMMU_IRQS_MAX);
    if (block != 0) {
        entry_set(block * IOMMU_IRQS_MAX + index, 0);
    }
}

static int pin_handle(uint32_t ioapic_id, unsigned pin)
{
    for (unsigned i = 0; i < IOMMU_IRQS_MAX; i++) {
        if (!pins[i].used || (pins[i].ioapic_id == ioapic_id && pins[i].pin == pin)) {
            pins[i].used = true;
            pins[i].ioapic_id = ioapic_id;
            pins[i].pin = (uint8_t)pin;
            return (int)i;
        }
    }
    return -ENOSPC;
}

int intel_ioapic_entry(uint32_t ioapic_id, unsigned pin, uint64_t *entry)
{
    const struct acpi_dmar *dmar = &acpi_info.dmar;
    unsigned i = 0;
    int handle;

    if (table == NULL) {
        return 0;
    }
    while (i < dmar->ioapic_count && dmar->ioapic[i].id != ioapic_id) {
        i++;
    }
    if (i == dmar->ioapic_count) {
        return -ENOENT;
    }
    handle = pin_handle(ioapic_id, pin);
    if (handle < 0) {
        return handle;
    }
    table[handle].word[1] = ENTRY1_OF(dmar->ioapic[i].device);
    entry_set((unsigned)handle, ENTRY0_PRESENT | ENTRY0_VECTOR(PIN_VECTOR(*entry)) | ENTRY0_CPU(PIN_CPU(*entry)) |
                                (*entry & PIN_LEVEL ? ENTRY0_LEVEL : 0));
    *entry = (*entry & PIN_KEPT) | PIN_REMAPPED((unsigned)handle);
    return 0;
}
