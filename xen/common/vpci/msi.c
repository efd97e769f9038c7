/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSI with one message. The device's own registers hold what the IOMMU wants; the domain's hold what it wrote, and say where the
 * interrupt goes. Source: PCI Local Bus Specification 3.0, 6.8.1.
 */
#include "vpci_private.h"

#include <xen/domain.h>
#include <xen/lib.h>

#define CONTROL 2u
#define CONTROL_ENABLE 0x0001u
#define CONTROL_MESSAGES 0x0070u /* 0: one */
#define CONTROL_WIDE 0x0080u
#define CONTROL_MASKS 0x0100u

/* Without the bits that change. What the device says later does not move its registers. */
static uint16_t host_control(const struct vpci_function *f)
{
    return f->host->msi_control;
}

/* Where the parts are depends on the width of the address. */
static unsigned data_at(uint16_t control)
{
    return control & CONTROL_WIDE ? 12 : 8;
}

static unsigned mask_at(uint16_t control)
{
    return data_at(control) + 4;
}

unsigned vpci_msi_size(const struct vpci_function *f)
{
    uint16_t control = f->host->msi != 0 ? host_control(f) : 0;

    if (f->host->msi == 0) {
        return 0;
    }
    return control & CONTROL_MASKS ? mask_at(control) + 8 : data_at(control) + 4;
}

uint32_t vpci_msi_read(const struct vpci_function *f, unsigned offset)
{
    uint16_t control = host_control(f);

    if (offset == 0) {
        return (uint32_t)((control & (CONTROL_WIDE | CONTROL_MASKS)) | (f->msi.enabled ? CONTROL_ENABLE : 0)) << 16;
    }
    if (offset == 4) {
        return (uint32_t)f->msi.message.addr;
    }
    if (offset == 8 && (control & CONTROL_WIDE)) {
        return (uint32_t)(f->msi.message.addr >> 32);
    }
    if (offset == data_at(control)) {
        return f->msi.message.data;
    }
    return offset == mask_at(control) ? f->msi.mask : 0;
}

static void host_message(const struct vpci_function *f, const struct msi_message *m)
{
    uint16_t id = f->host->id, control = host_control(f);
    unsigned at = f->host->msi;

    pci_write(id, at + 4, 4, (uint32_t)m->addr);
    if (control & CONTROL_WIDE) {
        pci_write(id, at + 8, 4, (uint32_t)(m->addr >> 32));
    }
    pci_write(id, at + data_at(control), 2, m->data);
}

void vpci_no_interrupt(const struct domain *d, struct vpci_function *f, int error)
{
    if (!f->complained) {
        pr_warn("domain %u %s: no interrupt for a device (error %d)", d->id, d->name, -error);
        f->complained = true;
    }
}

void vpci_msi_off(struct vpci_function *f)
{
    if (f->msi.enabled) {
        f->msi.enabled = false;
        pci_write(f->host->id, f->host->msi + CONTROL, 2, host_control(f) & ~(CONTROL_MESSAGES | CONTROL_ENABLE));
        device_irq_unbind(&f->irq[0]);
    }
}

static void msi_on(struct domain *d, struct vpci_function *f)
{
    struct msi_message m;
    int ret;

    if (f->msi.enabled || f->msix.enabled) { /* one of both; the other way round is undefined (6.8) */
        return;
    }
    ret = device_irq_bind(&f->irq[0], d, f->host->id, 0, f->msi.message, &m);
    if (ret != 0) {
        vpci_no_interrupt(d, f, ret);
        return;
    }
    host_message(f, &m);
    pci_write(f->host->id, f->host->msi + CONTROL, 2, (host_control(f) & ~CONTROL_MESSAGES) | CONTROL_ENABLE);
    f->msi.enabled = true;
}

void vpci_msi_write(struct domain *d, struct vpci_function *f, unsigned offset, uint32_t value)
{
    uint16_t control = host_control(f);
    struct msi_message *m = &f->msi.message;

    if (offset == 0) {
        if (value >> 16 & CONTROL_ENABLE) {
            msi_on(d, f);
        } else {
            vpci_msi_off(f);
        }
        return;
    }
    if (offset == 4) {
        m->addr = (m->addr & ~0xffffffffull) | (value & ~3u);
    } else if (offset == 8 && (control & CONTROL_WIDE)) {
        m->addr = (m->addr & 0xffffffff) | (uint64_t)value << 32;
    } else if (offset == data_at(control)) {
        m->data = value & 0xffff;
    } else if (offset == mask_at(control) && (control & CONTROL_MASKS)) {
        f->msi.mask = value & 1;
        pci_write(f->host->id, f->host->msi + offset, 4, f->msi.mask);
    }
    if (f->msi.enabled) {
        device_irq_change(&f->irq[0], *m);
    }
}
