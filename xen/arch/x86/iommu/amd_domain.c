/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's tables for its devices. Entries of 4 KiB only: they follow changes of the p2m one by one, and no entry is ever split.
 * Tables, once made, stay until the domain ends.
 * Source: AMD I/O Virtualization Technology (IOMMU) Specification, 48882 rev. 3, 2.2.3 (I/O Page Tables for Host Translations).
 */
#include "amd.h"

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>

#define PTE_PRESENT (1ull << 0)
#define PTE_NEXT_LEVEL(level) ((uint64_t)(level) << 9) /* 0: a page */
#define PTE_ADDR 0x000ffffffffff000ull
#define PTE_COHERENT (1ull << 60)

#define DEVICE_DOMID_FIRST 1u /* id 0 is quarantine's */

struct amd_domain {
    struct iommu_domain common;
    uint16_t id;                 /* constant */
    uint64_t *root;              /* owned, with all below; entries under the p2m's lock, as all that follows */
    uint64_t table_pages, table_limit;
    unsigned attached;           /* bits: places that hold a device. Atomic: interrupts are routed without that lock */
    uint16_t devices[IOMMU_DEVICES_MAX];     /* a device stays in its place */
    uint32_t *irq_tables[IOMMU_DEVICES_MAX]; /* owned, one a device; NULL: messages cannot be remapped */
};

static struct amd_domain *amd(struct iommu_domain *dom)
{
    return container_of(dom, struct amd_domain, common);
}

struct iommu_domain *amd_domain_create(uint16_t domid, uint64_t table_limit)
{
    struct amd_domain *a = xzalloc(struct amd_domain);
    uint64_t *root = pages_alloc(0);

    if (a == NULL || root == NULL) {
        xfree(a);
        pages_free(root, 0);
        return NULL;
    }
    a->common.ops = &iommu_amd;
    a->id = (uint16_t)(domid + DEVICE_DOMID_FIRST);
    a->root = root;
    a->table_pages = 1;
    a->table_limit = table_limit;
    return &a->common;
}

static void table_free(uint64_t *table, unsigned level)
{
    for (unsigned i = 0; level > 1 && i < 512; i++) {
        if (table[i] & PTE_PRESENT) {
            table_free(maddr_to_virt(table[i] & PTE_ADDR), level - 1);
        }
    }
    pages_free(table, 0);
}

static bool holds(const struct amd_domain *a, unsigned i)
{
    return __atomic_load_n(&a->attached, __ATOMIC_ACQUIRE) >> i & 1;
}

/* A device counts until it is in quarantine: who flushes meanwhile must not find that there is nothing to do. */
static void take_back(struct amd_domain *a, unsigned i)
{
    amd_device_quarantine(a->devices[i], a->id);
    amd_irq_table_free(a->irq_tables[i]);
    __atomic_fetch_and(&a->attached, ~(1u << i), __ATOMIC_RELEASE);
}

void amd_domain_detach(struct iommu_domain *dom, uint16_t device)
{
    struct amd_domain *a = amd(dom);

    for (unsigned i = 0; i < IOMMU_DEVICES_MAX; i++) {
        if (holds(a, i) && a->devices[i] == device) {
            take_back(a, i);
            return;
        }
    }
}

void amd_domain_detach_all(struct iommu_domain *dom)
{
    struct amd_domain *a = amd(dom);

    for (unsigned i = 0; i < IOMMU_DEVICES_MAX; i++) {
        if (holds(a, i)) {
            take_back(a, i);
        }
    }
}

void amd_domain_free(struct iommu_domain *dom)
{
    struct amd_domain *a = amd(dom);

    amd_domain_detach_all(dom);
    table_free(a->root, AMD_LEVELS);
    xfree(a);
}

/* The entry of dfn; NULL when a table lacks, and there is no page for one or none is to be made. */
static uint64_t *entry(struct amd_domain *a, uint64_t dfn, bool make)
{
    uint64_t *table = a->root;

    for (unsigned level = AMD_LEVELS; level > 1; level--) {
        uint64_t *slot = &table[dfn >> (9 * (level - 1)) & 511];

        if (!(*slot & PTE_PRESENT)) {
            uint64_t *next = make && a->table_pages < a->table_limit ? pages_alloc(0) : NULL;

            if (next == NULL) {
                return NULL;
            }
            a->table_pages++;
            write_once(*slot, virt_to_maddr(next) | PTE_PRESENT | PTE_NEXT_LEVEL(level - 1) | AMD_READ | AMD_WRITE);
        }
        table = maddr_to_virt(*slot & PTE_ADDR);
    }
    return &table[dfn & 511];
}

int amd_domain_map(struct iommu_domain *dom, uint64_t dfn, uint64_t mfn, uint64_t count, bool write)
{
    struct amd_domain *a = amd(dom);
    uint64_t i;

    /* All tables first: nothing is mapped when one cannot be had. */
    for (i = 0; i < count; i += 512 - (dfn + i) % 512) {
        if (entry(a, dfn + i, true) == NULL) {
            return -ENOMEM;
        }
    }
    for (i = 0; i < count; i++) {
        write_once(*entry(a, dfn + i, false), (mfn + i) << PAGE_SHIFT | PTE_PRESENT | PTE_COHERENT | AMD_READ |
                                              (write ? AMD_WRITE : 0));
    }
    /* A unit may remember that there was nothing (3.2, capability NpCache). */
    amd_domain_flush(dom);
    return 0;
}

void amd_domain_unmap(struct iommu_domain *dom, uint64_t dfn)
{
    uint64_t *e = entry(amd(dom), dfn, false);

    if (e != NULL) {
        write_once(*e, 0);
    }
}

/* Without devices nothing of the tables was ever read: a device's release begins with an empty memory of the unit. */
void amd_domain_flush(struct iommu_domain *dom)
{
    if (__atomic_load_n(&amd(dom)->attached, __ATOMIC_ACQUIRE) != 0) {
        amd_forget(amd(dom)->id);
    }
}

int amd_domain_attach(struct iommu_domain *dom, uint16_t device)
{
    struct amd_domain *a = amd(dom);
    uint32_t *irqs = NULL;
    unsigned i = 0;
    int ret;

    while (i < IOMMU_DEVICES_MAX && holds(a, i)) {
        i++;
    }
    if (i == IOMMU_DEVICES_MAX) {
        return -ENOSPC;
    }
    if (iommu_remaps_interrupts()) {
        irqs = amd_irq_table_alloc();
        if (irqs == NULL) {
            return -ENOMEM;
        }
    }
    ret = amd_device_release(device, a->id, virt_to_maddr(a->root), irqs != NULL ? virt_to_maddr(irqs) : 0);
    if (ret != 0) {
        amd_irq_table_free(irqs);
        return ret;
    }
    a->devices[i] = device;
    a->irq_tables[i] = irqs;
    __atomic_fetch_or(&a->attached, 1u << i, __ATOMIC_RELEASE);
    return 0;
}

uint32_t *amd_domain_irq_table(struct iommu_domain *dom, uint16_t device)
{
    struct amd_domain *a = amd(dom);

    for (unsigned i = 0; i < IOMMU_DEVICES_MAX; i++) {
        if (holds(a, i) && a->devices[i] == device) {
            return a->irq_tables[i];
        }
    }
    return NULL;
}
