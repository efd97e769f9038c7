/* SPDX-License-Identifier: Apache-2.0 */
/* What a function has, found out once. */
#include <xen/pci.h>

#include "pci_private.h"

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/lock.h>
#include <xen/mm.h>

#define FUNCTIONS_MAX 64

#define CLASS_BRIDGE 0x06u    /* PCI 3.0, appendix D: the upper byte, of host and ISA bridges too */
#define CLASS_IOMMU 0x0806u
#define BRIDGE_BUSES 0x18u /* primary, secondary, subordinate: a byte each */

#define BAR_PREFETCHABLE 8u

#define MSI_SIZE 10u /* the shortest; the IOMMU wants no upper half of the address */
#define MSIX_COUNT 0x7ffu
#define MSIX_ENTRY 16u
#define MSIX_BIR 7u
#define MSIX_SIZE 12u

#define EXPRESS_DEVICE 4u /* offset of device capabilities */
#define EXPRESS_FLR (1u << 28)
#define EXPRESS_SIZE 0x14u /* of version 1 */
#define PM_NO_SOFT_RESET 8u

/* Functions that domains have had, or asked for. */
static struct pci_function functions[FUNCTIONS_MAX]; /* below the count constant, but for what belongs to owners */
static unsigned function_count;                      /* lock held */
static spinlock_t lock = SPINLOCK_INIT(LOCK_PCI_FUNCTION);

unsigned pci_next_cap(uint16_t id, unsigned at, unsigned *left)
{
    unsigned next;

    if (*left == 0 || (at == 0 && !(pci_read(id, PCI_COMMAND, 4) & PCI_STATUS_CAPABILITIES))) {
        return 0;
    }
    --*left;
    next = pci_read(id, at != 0 ? at + 1 : PCI_CAPABILITIES, 1) & 0xfc;
    return next >= 0x40 && next < 0xff ? next : 0;
}

unsigned pci_find_cap(uint16_t id, unsigned cap, unsigned size)
{
    unsigned left = PCI_CAPS_MAX, at = 0;

    do {
        at = pci_next_cap(id, at, &left);
    } while (at != 0 && pci_read(id, at, 1) != cap);
    return at + size <= PCI_CONFIG_SIZE ? at : 0;
}

/* -- BARs ------------------------------------------------------------------------------------------ */

static uint32_t probe(uint16_t id, unsigned reg)
{
    uint32_t old = pci_read(id, reg, 4), mask;

    pci_write(id, reg, 4, 0xffffffff);
    mask = pci_read(id, reg, 4);
    pci_write(id, reg, 4, old);
    return mask;
}

/* @return numbers it takes. I/O ports are not given to domains: such a BAR is as if it were not there. */
static unsigned read_bar(uint16_t id, unsigned i, struct pci_bar *bar)
{
    uint32_t low = pci_read(id, PCI_BAR(i), 4);
    uint64_t mask;

    *bar = (struct pci_bar){ .addr = 0 };
    if (low & PCI_BAR_IO) {
        return 1;
    }
    bar->wide = (low & 6) == PCI_BAR_WIDE && i + 1 < PCI_BARS;
    bar->prefetchable = low & BAR_PREFETCHABLE;
    mask = (uint64_t)(probe(id, PCI_BAR(i)) & ~PCI_BAR_FLAGS) | 0xffffffff00000000ull;
    bar->addr = low & ~PCI_BAR_FLAGS;
    if (bar->wide) {
        bar->addr |= (uint64_t)pci_read(id, PCI_BAR(i + 1), 4) << 32;
        mask = (mask & 0xffffffff) | (uint64_t)probe(id, PCI_BAR(i + 1)) << 32;
    }
    if (mask != 0xffffffff00000000ull && mask != 0) {
        bar->size = ~mask + 1;
    }
    return bar->wide ? 2 : 1;
}

static int read_bars(struct pci_function *f, const char **why)
{
    uint64_t pages = 0;

    for (unsigned i = 0; i < PCI_BARS; ) {
        struct pci_bar *bar = &f->bar[i];

        i += read_bar(f->id, i, bar);
        if (bar->size == 0) {
            continue;
        }
        if (bar->addr == 0 || (bar->addr & (bar->size - 1)) || bar->size & (bar->size - 1)) {
            *why = "firmware has given a BAR no address";
            return -ENXIO;
        }
        if (!paddr_exists(bar->addr, bar->size)) {
            *why = "a BAR is where the CPU cannot reach it";
            return -ENXIO;
        }
        pages += DIV_ROUND_UP(bar->size, PAGE_SIZE);
        if (bar->size > PCI_BAR_PAGES_MAX * PAGE_SIZE || pages > PCI_BAR_PAGES_MAX) {
            *why = "its BARs are larger than 16 MiB";
            return -E2BIG;
        }
        if (bar->addr & (PAGE_SIZE - 1)) {
            *why = "another device's registers may be in the page of a BAR";
            return -EBUSY;
        }
        bar->size = max(bar->size, (uint64_t)PAGE_SIZE); /* a domain gets whole pages */
    }
    return pci_bars_check(f, why);
}

/* -- MSI, MSI-X ------------------------------------------------------------------------------------ */

static void read_msi(struct pci_function *f)
{
    f->msi = (uint8_t)pci_find_cap(f->id, PCI_CAP_MSI, MSI_SIZE);
    if (f->msi != 0) {
        f->msi_control = (uint16_t)pci_read(f->id, f->msi + 2u, 2);
    }
}

static volatile uint8_t *map_part(const struct pci_function *f, unsigned bir, uint32_t offset, size_t size)
{
    if (bir >= PCI_BARS || offset > f->bar[bir].size || size > f->bar[bir].size - offset) {
        return NULL;
    }
    return ioremap(f->bar[bir].addr + offset, size);
}

/* One whose table is not where it says has no MSI-X. */
static void read_msix(struct pci_function *f)
{
    uint32_t table, pba;

    f->msix = (uint8_t)pci_find_cap(f->id, PCI_CAP_MSIX, MSIX_SIZE);
    if (f->msix == 0) {
        return;
    }
    f->msix_count = (pci_read(f->id, f->msix + 2u, 2) & MSIX_COUNT) + 1;
    table = pci_read(f->id, f->msix + 4u, 4);
    pba = pci_read(f->id, f->msix + 8u, 4);
    f->msix_bar = table & MSIX_BIR;
    f->msix_offset = table & ~MSIX_BIR;
    f->pba_bar = pba & MSIX_BIR;
    f->pba_offset = pba & ~MSIX_BIR;
    f->msix_table = map_part(f, f->msix_bar, f->msix_offset, f->msix_count * MSIX_ENTRY);
    f->msix_pba = map_part(f, f->pba_bar, f->pba_offset, ROUND_UP(f->msix_count, 64u) / 8);
    if (f->msix_table == NULL || f->msix_pba == NULL) {
        pr_warn("pci %02x:%02x.%x: its MSI-X table is outside its BARs: not used", PCI_NAME(f->id));
        f->msix = 0;
    }
}

/* -- reset ----------------------------------------------------------------------------------------- */

/* The bridge to a bus on which f is alone: resetting the bus resets nobody else. */
static bool find_bridge(struct pci_function *f)
{
    unsigned bus = f->id >> 8, id;

    for (id = bus << 8; id < (bus + 1) << 8; id++) {
        if (id != f->id && pci_read((uint16_t)id, PCI_ID, 2) != 0xffff) {
            return false;
        }
    }
    for (id = 0; bus != 0 && id < bus << 8; id++) {
        unsigned type = pci_read((uint16_t)id, PCI_ID, 2) != 0xffff ? pci_read((uint16_t)id, PCI_HEADER, 1) : 0;

        if ((type & PCI_HEADER_TYPE) == PCI_HEADER_BRIDGE && (pci_read((uint16_t)id, BRIDGE_BUSES, 4) >> 8 & 0xff) == bus) {
            f->bridge = (uint16_t)id;
            return true;
        }
        id |= (id & 7) == 0 && !(type & PCI_HEADER_MULTI) ? 7 : 0; /* no function 0, or nothing but that */
    }
    return false;
}

static enum pci_reset_kind find_reset(struct pci_function *f)
{
    unsigned pm = pci_find_cap(f->id, PCI_CAP_PM, PCI_PM_SIZE);

    if (f->express != 0 && (pci_read(f->id, f->express + EXPRESS_DEVICE, 4) & EXPRESS_FLR)) {
        return PCI_RESET_FLR;
    }
    if (find_bridge(f)) {
        return PCI_RESET_BUS;
    }
    return pm != 0 && !(pci_read(f->id, pm + PCI_PM_CONTROL, 2) & PM_NO_SOFT_RESET) ? PCI_RESET_PM : PCI_RESET_NONE;
}

static int look(struct pci_function *f, const char **why)
{
    unsigned class = pci_read(f->id, PCI_CLASS + 2, 2), command;
    int ret;

    if (pci_read(f->id, PCI_ID, 2) == 0xffff) {
        *why = "there is no such device";
        return -ENODEV;
    }
    if ((pci_read(f->id, PCI_HEADER, 1) & PCI_HEADER_TYPE) != 0) {
        *why = "it is a bridge";
        return -EPERM;
    }
    if (class >> 8 == CLASS_BRIDGE || class == CLASS_IOMMU) {
        *why = "it is a bridge or an IOMMU";
        return -EPERM;
    }
    /* Off: sizing makes it decode elsewhere for a moment. */
    command = pci_read(f->id, PCI_COMMAND, 2);
    pci_write(f->id, PCI_COMMAND, 2, PCI_COMMAND_NO_INTX);
    ret = read_bars(f, why);
    if (ret != 0) {
        pci_write(f->id, PCI_COMMAND, 2, command);
        return ret;
    }
    pci_write(f->id, PCI_COMMAND, 2, PCI_COMMAND_NO_INTX | PCI_COMMAND_MEMORY);
    read_msi(f);
    f->express = (uint8_t)pci_find_cap(f->id, PCI_CAP_EXPRESS, EXPRESS_SIZE);
    if (f->express != 0) {
        f->express_control = (uint16_t)(pci_read(f->id, f->express + PCI_EXPRESS_CONTROL, 2) & ~PCI_EXPRESS_CONTROL_FLR);
    }
    read_msix(f);
    f->reset_kind = find_reset(f);
    pci_quiet(f);
    return 0;
}

bool pci_claim(struct pci_function *f, struct domain *d)
{
    struct domain *nobody = NULL;

    return __atomic_compare_exchange_n(&f->owner, &nobody, d, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void pci_disclaim(struct pci_function *f)
{
    __atomic_store_n(&f->owner, NULL, __ATOMIC_RELEASE);
}

static int find_or_look(uint16_t id, struct pci_function **out, const char **why)
{
    struct pci_function *f = functions;
    int ret;

    while (f < functions + function_count && f->id != id) {
        f++;
    }
    if (f == functions + FUNCTIONS_MAX) {
        *why = "no more can be kept account of";
        return -ENOSPC;
    }
    if (f == functions + function_count) {
        *f = (struct pci_function){ .id = id };
        ret = look(f, &f->refused_why);
        f->refused = ret;
        function_count += ret != -ENODEV && ret != -EPERM; /* the long look is taken once */
    }
    *why = f->refused_why;
    *out = f;
    return f->refused;
}

int pci_function_get(uint16_t id, struct pci_function **out, const char **why)
{
    int ret;

    spin_lock(&lock);
    ret = find_or_look(id, out, why);
    spin_unlock(&lock);
    return ret;
}
