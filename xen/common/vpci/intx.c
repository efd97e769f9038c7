/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INTx, for functions that have neither MSI nor MSI-X: an I/O APIC of the domain's own, whose pins 16, 17... are the functions in
 * slots 1, 2...
 *
 * A line that stays asserted would interrupt the host without end until the domain has served the device. So the host takes its edge
 * only, and whether it is asserted still is asked of the function (PCI 3.0, 6.2.3, Interrupt Status) when the domain's local APIC
 * ends the interrupt: if so it comes again. Nobody shares the line (device_irq_bind_line).
 * Source: Intel 82093AA datasheet, 3.1, 3.2.
 */
#include "vpci_private.h"

#include <xen/domain.h>
#include <xen/lib.h>

#define REG_SELECT 0x00u
#define REG_WINDOW 0x10u
#define INDEX_ID 0x00u
#define INDEX_VERSION 0x01u
#define INDEX_ENTRIES 0x10u
#define VERSION 0x11u

#define ENTRY_KEPT 0x0001afffull        /* what can be written of the lower half; bits 12, 14: delivery status, remote IRR */
#define ENTRY_MASKED 0x10000u
#define ENTRY_LOGICAL 0x800u
#define ENTRY_VECTOR(e) ((uint8_t)(e))
#define ENTRY_DESTINATION(e) ((e) >> 56)

#define MESSAGE_ADDR 0xfee00000ull
#define MESSAGE_LOGICAL 4u

static struct vpci_function *function_of(struct vpci *p, unsigned pin)
{
    unsigned i = pin - VPCI_PIN_FIRST;
    struct vpci_function *f = pin >= VPCI_PIN_FIRST && i < IOMMU_DEVICES_MAX ? &p->function[i] : NULL;

    return f != NULL && f->state == VPCI_SHOWN && vpci_has_line(f) ? f : NULL;
}

static uint64_t *entry_of(struct vpci *p, const struct vpci_function *f)
{
    return &p->pins[VPCI_PIN_FIRST + (unsigned)(f - p->function)];
}

bool vpci_has_line(const struct vpci_function *f)
{
    return f->host->terms.has_line && f->host->msi == 0 && f->host->msix == 0;
}

/* The device's own switch: its line is heard when the domain hears it. */
static void line_follow(struct vpci *p, struct vpci_function *f)
{
    bool open = f->line_bound && !(f->command & PCI_COMMAND_NO_INTX) && !(*entry_of(p, f) & ENTRY_MASKED);

    pci_write(f->host->id, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | (f->command & PCI_COMMAND_MASTER) |
                                           (open ? 0 : PCI_COMMAND_NO_INTX));
}

static struct msi_message message_of(uint64_t entry)
{
    return (struct msi_message){
        .addr = MESSAGE_ADDR | ENTRY_DESTINATION(entry) << 12 | (entry & ENTRY_LOGICAL ? MESSAGE_LOGICAL : 0),
        .data = (uint32_t)entry & 0x7ff,
    };
}

void vpci_line_follow(struct domain *d, struct vpci_function *f)
{
    uint64_t entry = *entry_of(d->vpci, f);

    if (!vpci_has_line(f)) {
        return;
    }
    if (!(entry & ENTRY_MASKED) && !f->line_bound) {
        int ret = device_irq_bind_line(&f->irq[0], d, f->host->id, f->host->terms.gsi, message_of(entry));

        f->line_bound = ret == 0;
        if (ret != 0) {
            vpci_no_interrupt(d, f, ret);
        }
    } else if (f->line_bound) {
        device_irq_change(&f->irq[0], message_of(entry));
    }
    line_follow(d->vpci, f);
}

void vpci_line_off(struct vpci_function *f)
{
    if (f->line_bound) {
        f->line_bound = false;
        device_irq_unbind(&f->irq[0]);
    }
}

static uint32_t index_read(const struct vpci *p)
{
    unsigned n = p->ioapic_index - INDEX_ENTRIES;

    if (p->ioapic_index == INDEX_ID) {
        return (uint32_t)VPCI_IOAPIC_ID << 24;
    }
    if (p->ioapic_index == INDEX_VERSION) {
        return VERSION | (VPCI_PINS - 1) << 16;
    }
    return n / 2 < VPCI_PINS ? (uint32_t)(p->pins[n / 2] >> (n % 2 * 32)) : 0;
}

static void index_write(struct domain *d, uint32_t value)
{
    struct vpci *p = d->vpci;
    unsigned n = p->ioapic_index - INDEX_ENTRIES;
    struct vpci_function *f;

    if (p->ioapic_index < INDEX_ENTRIES || n / 2 >= VPCI_PINS) {
        return;
    }
    if (n % 2 != 0) {
        p->pins[n / 2] = (p->pins[n / 2] & 0xffffffff) | (uint64_t)value << 32;
    } else {
        p->pins[n / 2] = (p->pins[n / 2] & ~0xffffffffull) | (value & ENTRY_KEPT);
    }
    f = function_of(p, n / 2);
    if (f != NULL) {
        vpci_line_follow(d, f);
    }
}

uint32_t vpci_ioapic_read(struct domain *d, unsigned offset)
{
    uint32_t value;

    spin_lock(&d->vpci->lock);
    value = offset == REG_SELECT ? d->vpci->ioapic_index : offset == REG_WINDOW ? index_read(d->vpci) : 0;
    spin_unlock(&d->vpci->lock);
    return value;
}

void vpci_ioapic_write(struct domain *d, unsigned offset, uint32_t value)
{
    spin_lock(&d->vpci->lock);
    if (offset == REG_SELECT) {
        d->vpci->ioapic_index = value & 0xff;
    } else if (offset == REG_WINDOW) {
        index_write(d, value);
    }
    spin_unlock(&d->vpci->lock);
}

void vpci_ioapic_start(struct vpci *p)
{
    for (unsigned i = 0; i < VPCI_PINS; i++) {
        p->pins[i] = ENTRY_MASKED;
    }
}

void vpci_interrupt_ended(struct domain *d, uint8_t vector)
{
    struct vpci *p = d->vpci;

    spin_lock(&p->lock);
    for (unsigned i = 0; i < IOMMU_DEVICES_MAX; i++) {
        struct vpci_function *f = function_of(p, VPCI_PIN_FIRST + i);

        if (f != NULL && f->line_bound && ENTRY_VECTOR(*entry_of(p, f)) == vector &&
            (pci_read(f->host->id, PCI_COMMAND, 4) & PCI_STATUS_INTERRUPT)) {
            device_irq_again(&f->irq[0]);
        }
    }
    spin_unlock(&p->lock);
}
