/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a function's configuration, word by word. Source: PCI Local Bus Specification 3.0, 6.1, 6.2. */
#include "vpci_private.h"

#include <xen/lib.h>

/* What a domain may switch: decoding, mastering, and bits of error reporting that change nothing here. */
#define COMMAND_SHOWN (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_NO_INTX | 0x0140u)

#define PIN_A 0x100u

static uint32_t host_read(const struct vpci_function *f, unsigned reg)
{
    return pci_read(f->host->id, reg, 4);
}

uint32_t vpci_word_read(struct vpci_function *f, unsigned reg)
{
    const struct vpci_cap *cap;

    switch (reg) {
    case PCI_ID:
    case PCI_CLASS:
    case PCI_SUBSYSTEM:
        return host_read(f, reg);
    case PCI_COMMAND:
        return f->command | (f->cap_count != 0 ? PCI_STATUS_CAPABILITIES : 0);
    case PCI_BAR(0) ... PCI_BAR(PCI_BARS - 1):
        return vpci_bar_read(f, (reg - PCI_BAR(0)) / 4);
    case PCI_CAPABILITIES:
        return f->cap_count != 0 ? f->cap[0].at : 0;
    case PCI_INTERRUPT:
        return f->line | (vpci_has_line(f) ? PIN_A : 0);
    default:
        break;
    }
    cap = vpci_cap_at(f, reg);
    return cap != NULL ? vpci_cap_read(f, cap, reg) : 0;
}

/* The device always decodes: whether the domain reaches it is a matter of its memory map. */
static void command_write(struct domain *d, struct vpci_function *f, uint16_t command)
{
    f->command = command & COMMAND_SHOWN;
    pci_write(f->host->id, PCI_COMMAND, 2,
              PCI_COMMAND_MEMORY | PCI_COMMAND_NO_INTX | (f->command & PCI_COMMAND_MASTER));
    vpci_line_follow(d, f);
    vpci_bars_follow(d, f);
}

void vpci_word_write(struct domain *d, struct vpci_function *f, unsigned reg, uint32_t value)
{
    const struct vpci_cap *cap;

    switch (reg) {
    case PCI_COMMAND:
        command_write(d, f, (uint16_t)value);
        return;
    case PCI_BAR(0) ... PCI_BAR(PCI_BARS - 1):
        vpci_bar_write(d, f, (reg - PCI_BAR(0)) / 4, value);
        return;
    case PCI_INTERRUPT:
        f->line = (uint8_t)value;
        return;
    default:
        break;
    }
    cap = vpci_cap_at(f, reg);
    if (cap != NULL) {
        vpci_cap_write(d, f, cap, reg, value);
    }
}
