/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSI-X. The page of the table is not in the domain's memory map: each access comes here. The device's table holds what the IOMMU
 * wants; the domain's, what it wrote. An entry is bound to an interrupt when it is first unmasked, and stays so until MSI-X is
 * switched off. Source: PCI Local Bus Specification 3.0, 6.8.2.
 */
#include "vpci_private.h"

#include <asm/io.h>
#include <xen/domain.h>
#include <xen/lib.h>

#define CONTROL 2u
#define CONTROL_ENABLE 0x8000u
#define CONTROL_MASK_ALL 0x4000u
#define ENTRY_SIZE 16u
#define ENTRY_MASKED 1u

static void host_control(const struct vpci_function *f, uint16_t control)
{
    pci_write(f->host->id, f->host->msix + CONTROL, 2, control);
}

static volatile uint8_t *host_entry(const struct vpci_function *f, unsigned n)
{
    return f->host->msix_table + n * ENTRY_SIZE;
}

void vpci_msix_start(struct vpci_function *f)
{
    f->msix.count = f->host->msix != 0 ? min(f->host->msix_count, IOMMU_IRQS_MAX) : 0;
    for (unsigned n = 0; n < f->msix.count; n++) {
        f->msix.entry[n].masked = true;
    }
    for (unsigned n = 0; f->host->msix != 0 && n < f->host->msix_count; n++) {
        writel(host_entry(f, n) + 12, ENTRY_MASKED);
    }
}

static void host_message(const struct vpci_function *f, unsigned n, const struct msi_message *m)
{
    writel(host_entry(f, n), (uint32_t)m->addr);
    writel(host_entry(f, n) + 4, (uint32_t)(m->addr >> 32));
    writel(host_entry(f, n) + 8, m->data);
}

/* The device's entry n follows the domain's. */
static void entry_follow(struct domain *d, struct vpci_function *f, unsigned n)
{
    struct vpci_msix_entry *e = &f->msix.entry[n];
    struct msi_message m;
    int ret;

    if (!f->msix.enabled) {
        return;
    }
    if (!e->masked && !f->msix.masked && !e->bound) {
        ret = device_irq_bind(&f->irq[n], d, f->host->id, n, e->message, &m);
        if (ret != 0) {
            vpci_no_interrupt(d, f, ret);
            return;
        }
        e->bound = true;
        host_message(f, n, &m);
    } else if (e->bound) {
        device_irq_change(&f->irq[n], e->message);
    }
    writel(host_entry(f, n) + 12, e->masked || !e->bound ? ENTRY_MASKED : 0);
}

void vpci_msix_off(struct vpci_function *f)
{
    if (!f->msix.enabled) {
        return;
    }
    f->msix.enabled = false;
    host_control(f, CONTROL_MASK_ALL);
    for (unsigned n = 0; n < f->msix.count; n++) {
        writel(host_entry(f, n) + 12, ENTRY_MASKED);
        device_irq_unbind(&f->irq[n]);
        f->msix.entry[n].bound = false;
    }
}

static void control_write(struct domain *d, struct vpci_function *f, uint16_t control)
{
    f->msix.masked = control & CONTROL_MASK_ALL;
    if (!(control & CONTROL_ENABLE) || f->msi.enabled) { /* one of both */
        vpci_msix_off(f);
        return;
    }
    f->msix.enabled = true;
    host_control(f, CONTROL_ENABLE | CONTROL_MASK_ALL);
    for (unsigned n = 0; n < f->msix.count; n++) {
        entry_follow(d, f, n);
    }
    host_control(f, CONTROL_ENABLE | (f->msix.masked ? CONTROL_MASK_ALL : 0));
}

uint32_t vpci_msix_read(const struct vpci_function *f, unsigned offset)
{
    if (offset == 0) {
        return (uint32_t)((f->msix.count - 1) | (f->msix.enabled ? CONTROL_ENABLE : 0) |
                          (f->msix.masked ? CONTROL_MASK_ALL : 0)) << 16;
    }
    return pci_read(f->host->id, f->host->msix + offset, 4); /* where the tables are */
}

void vpci_msix_write(struct domain *d, struct vpci_function *f, unsigned offset, uint32_t value)
{
    if (offset == 0) {
        control_write(d, f, (uint16_t)(value >> 16));
    }
}

/* -- the table ------------------------------------------------------------------------------------- */

/* Entry number of an offset in the BAR; count: none. */
static unsigned entry_at(const struct vpci_function *f, unsigned bar, uint64_t offset)
{
    uint64_t at = offset - f->host->msix_offset;

    return bar == f->host->msix_bar && offset >= f->host->msix_offset && at / ENTRY_SIZE < f->msix.count ?
           (unsigned)(at / ENTRY_SIZE) : f->msix.count;
}

uint32_t vpci_table_read(const struct vpci_function *f, unsigned bar, uint64_t offset)
{
    unsigned n = entry_at(f, bar, offset);
    const struct vpci_msix_entry *e = &f->msix.entry[n];
    uint64_t pba = offset - f->host->pba_offset;

    if (n < f->msix.count) {
        const uint32_t words[] = { (uint32_t)e->message.addr, (uint32_t)(e->message.addr >> 32), e->message.data,
                                   e->masked ? ENTRY_MASKED : 0 };

        return words[(offset - f->host->msix_offset) % ENTRY_SIZE / 4];
    }
    if (bar == f->host->pba_bar && offset >= f->host->pba_offset && pba < ROUND_UP(f->host->msix_count, 64u) / 8) {
        return readl(f->host->msix_pba + pba);
    }
    return 0;
}

void vpci_table_write(struct domain *d, struct vpci_function *f, unsigned bar, uint64_t offset, uint32_t value)
{
    unsigned n = entry_at(f, bar, offset);
    struct vpci_msix_entry *e = &f->msix.entry[n];

    if (n >= f->msix.count) {
        return;
    }
    switch ((offset - f->host->msix_offset) % ENTRY_SIZE) {
    case 0:
        e->message.addr = (e->message.addr & ~0xffffffffull) | (value & ~3u);
        break;
    case 4:
        e->message.addr = (e->message.addr & 0xffffffff) | (uint64_t)value << 32;
        break;
    case 8:
        e->message.data = value;
        break;
    default:
        e->masked = value & ENTRY_MASKED;
        break;
    }
    entry_follow(d, f, n);
}
