/* SPDX-License-Identifier: Apache-2.0 */
/* I/O APICs: everything masked at boot; the few interrupts the hypervisor itself takes are routed to the boot CPU. */
#include <asm/cpu.h>
#include <asm/io.h>
#include <asm/lapic.h>
#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/iommu.h>
#include <xen/lib.h>
#include <xen/mm.h>

/* Redirection entry: 82093AA datasheet, 3.2.4 */
#define RED_MASKED 0x10000u
#define RED_LEVEL 0x8000u
#define RED_LOW 0x2000u
#define RED_CPU(apic_id) ((uint64_t)(apic_id) << 56)

struct ioapic {
    volatile uint8_t *regs;
    uint32_t id, gsi_base, pins;
};
static struct ioapic ioapics[ACPI_MAX_IOAPICS];
static unsigned ioapic_count;

static uint32_t ioapic_read(struct ioapic *a, unsigned reg)
{
    writel(a->regs, reg);
    return readl(a->regs + 0x10);
}

static void ioapic_write(struct ioapic *a, unsigned reg, uint32_t v)
{
    writel(a->regs, reg);
    writel(a->regs + 0x10, v);
}

void ioapic_init(void)
{
    for (unsigned i = 0; i < acpi_info.ioapic_count; i++) {
        struct ioapic *a = &ioapics[ioapic_count];

        a->regs = ioremap(acpi_info.ioapic[i].addr, PAGE_SIZE);
        if (!a->regs) {
            panic("boot: cannot map I/O APIC %u", i);
        }
        a->id = acpi_info.ioapic[i].id;
        a->gsi_base = acpi_info.ioapic[i].gsi_base;
        a->pins = ((ioapic_read(a, 1) >> 16) & 0xff) + 1;
        for (unsigned p = 0; p < a->pins; p++) {
            ioapic_write(a, 0x10 + 2 * p, RED_MASKED);
        }
        ioapic_count++;
    }
    /* The old PICs stay masked for good. */
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
}

/* Masked while its halves do not belong together. */
static int pin_route(struct ioapic *a, unsigned pin, uint64_t entry)
{
    int ret = iommu_ioapic_entry(a->id, pin, &entry);

    if (ret == 0) {
        ioapic_write(a, 0x10 + 2 * pin, RED_MASKED);
        ioapic_write(a, 0x11 + 2 * pin, (uint32_t)(entry >> 32));
        ioapic_write(a, 0x10 + 2 * pin, (uint32_t)entry);
    }
    return ret;
}

/* The I/O APIC and pin of a global number, NULL: there is none. */
static struct ioapic *find(uint32_t gsi, unsigned *pin)
{
    for (unsigned i = 0; i < ioapic_count; i++) {
        *pin = gsi - ioapics[i].gsi_base;
        if (gsi >= ioapics[i].gsi_base && *pin < ioapics[i].pins) {
            return &ioapics[i];
        }
    }
    return NULL;
}

int ioapic_route_isa(unsigned irq, uint8_t vector)
{
    uint32_t gsi = irq, flags = 0;
    struct ioapic *a;
    unsigned pin;

    for (unsigned i = 0; i < acpi_info.override_count; i++) {
        if (acpi_info.override[i].source == irq) {
            gsi = acpi_info.override[i].gsi;
            flags = acpi_info.override[i].flags;
        }
    }
    a = find(gsi, &pin);
    return a == NULL ? -ENOENT :
           pin_route(a, pin, RED_CPU(cpus[0].apic_id) | vector | ((flags & 3) == 3 ? RED_LOW : 0) |
                             ((flags >> 2 & 3) == 3 ? RED_LEVEL : 0));
}

/* A pin that is routed is somebody's. */
int ioapic_gsi_is_free(uint32_t gsi)
{
    unsigned pin;
    struct ioapic *a = find(gsi, &pin);

    if (a == NULL) {
        return -ENOENT;
    }
    return ioapic_read(a, 0x10 + 2 * pin) & RED_MASKED ? 0 : -EBUSY;
}

/* Lines of PCI are active low (PCI 3.0, 2.2.6). */
int ioapic_route_gsi(uint32_t gsi, uint8_t vector, uint32_t apic_id)
{
    unsigned pin;
    struct ioapic *a = find(gsi, &pin);

    return a == NULL ? -ENOENT : pin_route(a, pin, RED_CPU(apic_id) | vector | RED_LOW);
}

void ioapic_close_gsi(uint32_t gsi)
{
    unsigned pin;
    struct ioapic *a = find(gsi, &pin);

    if (a != NULL) {
        ioapic_write(a, 0x10 + 2 * pin, RED_MASKED);
    }
}
