/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a device's BARs are is the device's word: its configuration is read, and a device whose firmware an earlier owner has
 * changed can answer anything. What a domain is given must be registers of that device, whole pages of them, and of nobody else:
 * not memory, not what the hypervisor drives itself, not another function's. A BAR of another function that begins below and reaches
 * in is not seen, because nobody knows how long it is without switching that function off.
 */
#include <xen/pci.h>

#include "pci_private.h"

#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>

/* BARs of a function by the type of its header (PCI 3.0, 6.1; PCI-to-PCI Bridge 1.2, 3.2). */
static unsigned bar_count(unsigned type)
{
    return type == PCI_HEADER_DEVICE ? PCI_BARS : type == PCI_HEADER_BRIDGE ? 2 : 0;
}

static bool overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

/* The pages of f's BARs and this place have something in common. */
static bool is_in(const struct pci_function *f, uint64_t addr, uint64_t size)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        if (f->bar[i].size != 0 && overlaps(f->bar[i].addr, f->bar[i].size, addr, size)) {
            return true;
        }
    }
    return false;
}

static bool shares_with(const struct pci_function *f, uint16_t id, unsigned type)
{
    unsigned count = bar_count(type & PCI_HEADER_TYPE);

    for (unsigned i = 0; i < count; i++) {
        uint32_t low = pci_read(id, PCI_BAR(i), 4);
        bool wide = (low & 7) == PCI_BAR_WIDE && i + 1 < count;
        uint64_t addr = low & ~PCI_BAR_FLAGS;

        if (low & PCI_BAR_IO) {
            continue;
        }
        addr |= wide ? (uint64_t)pci_read(id, PCI_BAR(i + 1), 4) << 32 : 0;
        if (addr != 0 && is_in(f, addr, 1)) {
            return true;
        }
        i += wide;
    }
    return false;
}

static bool shares_with_others(const struct pci_function *f)
{
    unsigned end = acpi_info.mcfg_addr != 0 ? ((unsigned)acpi_info.mcfg_bus_last + 1) << 8 : 0x10000;

    for (unsigned id = 0; id < end; id++) {
        unsigned type;

        if (pci_read((uint16_t)id, PCI_ID, 2) == 0xffff) {
            id |= id & 7 ? 0 : 7; /* no function 0, no others */
            continue;
        }
        type = pci_read((uint16_t)id, PCI_HEADER, 1);
        if (id != f->id && shares_with(f, (uint16_t)id, type)) {
            return true;
        }
        id |= (id & 7) == 0 && !(type & PCI_HEADER_MULTI) ? 7 : 0;
    }
    return false;
}

static bool is_configuration(const struct pci_bar *bar)
{
    return acpi_info.mcfg_addr != 0 &&
           overlaps(bar->addr, bar->size, acpi_info.mcfg_addr, ((uint64_t)acpi_info.mcfg_bus_last + 1) << 20);
}

int pci_bars_check(const struct pci_function *f, const char **why)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        const struct pci_bar *bar = &f->bar[i];

        if (bar->size == 0) {
            continue;
        }
        if (is_configuration(bar) || host_uses(bar->addr, bar->size)) {
            *why = "a BAR is where the host has memory or registers of its own";
            return -EBUSY;
        }
        for (unsigned k = 0; k < i; k++) {
            if (f->bar[k].size != 0 && overlaps(bar->addr, bar->size, f->bar[k].addr, f->bar[k].size)) {
                *why = "two of its BARs are at one place";
                return -EBUSY;
            }
        }
    }
    if (shares_with_others(f)) {
        *why = "another device's registers may be in the page of a BAR";
        return -EBUSY;
    }
    return 0;
}
