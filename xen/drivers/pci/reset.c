/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resets, as a table of short steps with a time to wait after each: nobody waits in the hypervisor. They clear the BARs, and how large
 * packets may be and the like, which the port above agrees with: these are written again at the end.
 * Source: PCIe 4.0, 6.6.2 (function level reset), 6.6.1 (times); PCI Power Management 1.2, 5.6.1; PCI-to-PCI Bridge 1.2, 3.2.5.18.
 */
#include <xen/pci.h>

#include "pci_private.h"

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/time.h>

#define PM_STATE 3u
#define BRIDGE_CONTROL 0x3eu
#define BRIDGE_RESET 0x40u
#define MSI_ENABLE 1u
#define MSIX_ENABLE 0x8000u
#define MSIX_MASK_ALL 0x4000u

static void flr(const struct pci_function *f)
{
    pci_write(f->id, f->express + PCI_EXPRESS_CONTROL, 2, f->express_control | PCI_EXPRESS_CONTROL_FLR);
}

static void set_state(const struct pci_function *f, unsigned state)
{
    unsigned reg = pci_find_cap(f->id, PCI_CAP_PM, PCI_PM_SIZE) + PCI_PM_CONTROL;

    if (reg != PCI_PM_CONTROL) {
        pci_write(f->id, reg, 2, (pci_read(f->id, reg, 2) & ~PM_STATE) | state);
    }
}

static void to_d3(const struct pci_function *f)
{
    set_state(f, 3);
}

static void to_d0(const struct pci_function *f)
{
    set_state(f, 0);
}

static void bus_assert(const struct pci_function *f)
{
    pci_write(f->bridge, BRIDGE_CONTROL, 2, pci_read(f->bridge, BRIDGE_CONTROL, 2) | BRIDGE_RESET);
}

static void bus_release(const struct pci_function *f)
{
    pci_write(f->bridge, BRIDGE_CONTROL, 2, pci_read(f->bridge, BRIDGE_CONTROL, 2) & ~BRIDGE_RESET);
}

static const struct step {
    void (*act)(const struct pci_function *f); /* NULL: the end */
    unsigned wait_ms;
} steps[][3] = {
    [PCI_RESET_NONE] = { { NULL, 0 } },
    [PCI_RESET_FLR] = { { flr, 100 }, { NULL, 0 } },
    [PCI_RESET_PM] = { { to_d3, 10 }, { to_d0, 10 }, { NULL, 0 } },
    [PCI_RESET_BUS] = { { bus_assert, 2 }, { bus_release, 100 }, { NULL, 0 } },
};

void pci_quiet(const struct pci_function *f)
{
    unsigned msi = f->msi + 2u, msix = f->msix + 2u;

    pci_write(f->id, PCI_COMMAND, 2, PCI_COMMAND_NO_INTX | PCI_COMMAND_MEMORY);
    if (f->msi != 0) {
        pci_write(f->id, msi, 2, pci_read(f->id, msi, 2) & ~MSI_ENABLE);
    }
    if (f->msix != 0) {
        pci_write(f->id, msix, 2, (pci_read(f->id, msix, 2) & ~MSIX_ENABLE) | MSIX_MASK_ALL);
    }
}

static void restore(const struct pci_function *f)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        const struct pci_bar *bar = &f->bar[i];

        if (bar->size != 0) {
            pci_write(f->id, PCI_BAR(i), 4, (uint32_t)bar->addr);
        }
        if (bar->size != 0 && bar->wide) {
            pci_write(f->id, PCI_BAR(i + 1), 4, (uint32_t)(bar->addr >> 32));
        }
    }
    if (f->express != 0) {
        pci_write(f->id, f->express + PCI_EXPRESS_CONTROL, 2, f->express_control);
    }
    pci_quiet(f);
}

void pci_reset_begin(struct pci_function *f)
{
    pci_write(f->id, PCI_COMMAND, 2, PCI_COMMAND_NO_INTX);
    f->reset_step = 1;
    f->reset_until_ns = 0;
}

int pci_reset_step(struct pci_function *f)
{
    const struct step *at;

    if (f->reset_step == 0) {
        return 0;
    }
    if (time_now_ns() < f->reset_until_ns) {
        return -EAGAIN;
    }
    at = &steps[f->reset_kind][f->reset_step - 1];
    if (at->act == NULL) {
        f->reset_step = 0;
        restore(f);
        return 0;
    }
    at->act(f);
    f->reset_step++;
    f->reset_until_ns = time_now_ns() + at->wait_ms * NS_PER_MS;
    return -EAGAIN;
}
