/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's tables for its devices, and its devices. Entries of 4 KiB only: they follow changes of the p2m one by one, and no
 * entry is ever split. Tables, once made, stay until the domain ends.
 * Source: D51397 rev. 3.4, 3.7 (Second-Level Translation), 9.8 (Second-Level Paging Entries).
 */
#include "intel.h"

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>

#define PTE_READ (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_SNOOP (1ull << 11)
#define PTE_ADDR 0x000ffffffffff000ull
#define ENTRIES 512u

#define IDS_MAX 2048u /* domains with devices at a time */

/* A device stays in its place, so that its interrupts can be routed while others come. */
struct attached {
    bool used; /* the rest counts */
    uint16_t device;
    uint16_t block; /* of the table of interrupts */
};

struct intel_domain {
    struct iommu_domain common;
    uint16_t id;    /* constant */
    uint64_t *root; /* owned, with all below; entries under the p2m's lock, as all that follows */
    uint64_t table_pages, table_limit;
    unsigned device_count;
    struct attached devices[IOMMU_DEVICES_MAX];
};

static spinlock_t lock = SPINLOCK_INIT(LOCK_IOMMU); /* ids; nothing is locked within it */
static bool ids[IDS_MAX];

static struct intel_domain *intel(struct iommu_domain *dom)
{
    return container_of(dom, struct intel_domain, common);
}

/* -- life ------------------------------------------------------------------------------------------ */

/* 0 is what units call the absence of a domain. @return 0: there is none left */
static uint16_t id_take(void)
{
    unsigned limit = min(intel_units.id_limit, IDS_MAX), i = 1;

    spin_lock(&lock);
    while (i < limit && ids[i]) {
        i++;
    }
    if (i < limit) {
        ids[i] = true;
    }
    spin_unlock(&lock);
    return i < limit ? (uint16_t)i : 0;
}

static void id_give(uint16_t id)
{
    spin_lock(&lock);
    ids[id] = false;
    spin_unlock(&lock);
}

static uint64_t *table_alloc(void)
{
    uint64_t *table = pages_alloc(0);

    if (table != NULL) {
        intel_written(table, PAGE_SIZE);
    }
    return table;
}

struct iommu_domain *intel_domain_create(uint16_t domid, uint64_t table_limit)
{
    struct intel_domain *a = xzalloc(struct intel_domain);
    uint64_t *root = table_alloc();
    uint16_t id = a != NULL && root != NULL ? id_take() : 0;

    (void)domid; /* units may tell fewer domains apart than there are numbers */
    if (id == 0) {
        xfree(a);
        pages_free(root, 0);
        return NULL;
    }
    a->common.ops = &iommu_intel;
    a->id = id;
    a->root = root;
    a->table_pages = 1;
    a->table_limit = table_limit;
    return &a->common;
}

static void table_free(uint64_t *table, unsigned level)
{
    for (unsigned i = 0; level > 1 && i < ENTRIES; i++) {
        if (table[i] & PTE_READ) {
            table_free(maddr_to_virt(table[i] & PTE_ADDR), level - 1);
        }
    }
    pages_free(table, 0);
}

void intel_domain_free(struct iommu_domain *dom)
{
    struct intel_domain *a = intel(dom);

    intel_domain_detach_all(dom);
    table_free(a->root, intel_units.levels);
    id_give(a->id);
    xfree(a);
}

/* -- tables ---------------------------------------------------------------------------------------- */

/* The entry of dfn; NULL when a table lacks, and there is no page for one or none is to be made. */
static uint64_t *entry(struct intel_domain *a, uint64_t dfn, bool make)
{
    uint64_t *table = a->root;

    for (unsigned level = intel_units.levels; level > 1; level--) {
        uint64_t *slot = &table[dfn >> (9 * (level - 1)) & (ENTRIES - 1)];

        if (!(*slot & PTE_READ)) {
            uint64_t *next = make && a->table_pages < a->table_limit ? table_alloc() : NULL;

            if (next == NULL) {
                return NULL;
            }
            a->table_pages++;
            write_once(*slot, virt_to_maddr(next) | PTE_READ | PTE_WRITE);
            intel_written(slot, sizeof(*slot));
        }
        table = maddr_to_virt(*slot & PTE_ADDR);
    }
    return &table[dfn & (ENTRIES - 1)];
}

/* Frames from dfn on whose entries lie in one table, count at most. */
static uint64_t in_one_table(uint64_t dfn, uint64_t count)
{
    return min(count, ENTRIES - dfn % ENTRIES);
}

/* @return whether something was there */
static bool entries_set(uint64_t *e, uint64_t n, uint64_t mfn, uint64_t rights)
{
    bool was = false;

    for (uint64_t i = 0; i < n; i++) {
        was |= (e[i] & (PTE_READ | PTE_WRITE)) != 0;
        write_once(e[i], (mfn + i) << PAGE_SHIFT | rights);
    }
    intel_written(e, n * sizeof(*e));
    return was;
}

int intel_domain_map(struct iommu_domain *dom, uint64_t dfn, uint64_t mfn, uint64_t count, bool write)
{
    struct intel_domain *a = intel(dom);
    uint64_t rights = PTE_READ | (write ? PTE_WRITE : 0) | (intel_units.snoops ? PTE_SNOOP : 0);
    bool replaced = false;
    uint64_t i;

    if (dfn >= intel_units.frame_limit || count > intel_units.frame_limit - dfn) {
        return -ENOMEM; /* no table reaches there */
    }
    /* All tables first: nothing is mapped when one cannot be had. */
    for (i = 0; i < count; i += in_one_table(dfn + i, count - i)) {
        if (entry(a, dfn + i, true) == NULL) {
            return -ENOMEM;
        }
    }
    for (i = 0; i < count; i += in_one_table(dfn + i, count - i)) {
        replaced |= entries_set(entry(a, dfn + i, false), in_one_table(dfn + i, count - i), mfn + i, rights);
    }
    if (replaced || intel_units.remembers_absent) {
        intel_domain_flush(dom);
    }
    return 0;
}

void intel_domain_unmap(struct iommu_domain *dom, uint64_t dfn)
{
    uint64_t *e = dfn < intel_units.frame_limit ? entry(intel(dom), dfn, false) : NULL;

    if (e != NULL) {
        write_once(*e, 0);
        intel_written(e, sizeof(*e));
    }
}

/* Without devices nothing of the tables was ever read: a device's release begins with an empty memory of the units. */
void intel_domain_flush(struct iommu_domain *dom)
{
    struct intel_order forget = INTEL_ORDER_TRANSLATIONS_OF(intel(dom)->id);

    if (__atomic_load_n(&intel(dom)->device_count, __ATOMIC_ACQUIRE) > 0) {
        intel_order(&forget, 1);
    }
}

/* -- devices --------------------------------------------------------------------------------------- */

/* NULL: it is not attached */
static struct attached *find(struct intel_domain *a, uint16_t device)
{
    for (unsigned i = 0; i < IOMMU_DEVICES_MAX; i++) {
        if (__atomic_load_n(&a->devices[i].used, __ATOMIC_ACQUIRE) && a->devices[i].device == device) {
            return &a->devices[i];
        }
    }
    return NULL;
}

/* A device counts until it is in quarantine: who flushes meanwhile must not find that there is nothing to do. */
static void take_back(struct intel_domain *a, struct attached *at)
{
    intel_irqs_drop(at->block);
    intel_device_quarantine(at->device, a->id);
    __atomic_store_n(&at->used, false, __ATOMIC_RELEASE);
    __atomic_store_n(&a->device_count, a->device_count - 1, __ATOMIC_RELEASE);
}

void intel_domain_detach(struct iommu_domain *dom, uint16_t device)
{
    struct attached *at = find(intel(dom), device);

    if (at != NULL) {
        take_back(intel(dom), at);
    }
}

void intel_domain_detach_all(struct iommu_domain *dom)
{
    struct intel_domain *a = intel(dom);

    for (unsigned i = 0; i < IOMMU_DEVICES_MAX; i++) {
        if (a->devices[i].used) {
            take_back(a, &a->devices[i]);
        }
    }
}

int intel_domain_attach(struct iommu_domain *dom, uint16_t device)
{
    struct intel_domain *a = intel(dom);
    int block, ret;
    unsigned i = 0;

    while (i < IOMMU_DEVICES_MAX && a->devices[i].used) {
        i++;
    }
    block = i < IOMMU_DEVICES_MAX ? intel_irqs_claim(device) : -ENOSPC;
    if (block < 0) {
        return block;
    }
    ret = intel_device_release(device, a->id, virt_to_maddr(a->root));
    if (ret != 0) {
        intel_irqs_drop((unsigned)block);
        return ret;
    }
    a->devices[i].device = device;
    a->devices[i].block = (uint16_t)block;
    __atomic_store_n(&a->devices[i].used, true, __ATOMIC_RELEASE);
    __atomic_store_n(&a->device_count, a->device_count + 1, __ATOMIC_RELEASE);
    return 0;
}

int intel_domain_irq_route(struct iommu_domain *dom, uint16_t device, unsigned index, uint8_t vector, uint32_t apic_id,
                           struct msi_message *message)
{
    struct attached *at = find(intel(dom), device);

    return at != NULL ? intel_irqs_route(at->block, index, vector, apic_id, message) : -ENODEV;
}

void intel_domain_irq_refuse(struct iommu_domain *dom, uint16_t device, unsigned index)
{
    struct attached *at = find(intel(dom), device);

    if (at != NULL) {
        intel_irqs_refuse(at->block, index);
    }
}
