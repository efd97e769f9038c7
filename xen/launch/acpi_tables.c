/* SPDX-License-Identifier: Apache-2.0 */
#include "acpi_tables.h"

#include <launch/pci_aml.h>
#include <xen/lib.h>
#include <xen/vpci.h>

#define RSDP_SIZE 36u
#define HEADER_SIZE 36u
#define FADT_SIZE 276u /* revision 6 */
#define MADT_SIZE 44u  /* before its entries */
#define MADT_IOAPIC_SIZE 12u
#define TPM2_SIZE 52u  /* revision 4 without log area: the log is read by hypercall */
#define MCFG_SIZE 60u  /* one window: PCI Firmware Specification 3.3, 4.1.2 */
#define XSDT_ENTRY_MAX 5

/* Where the next table goes, and the page they are written to. */
struct acpi_writer {
    uint8_t *page;
    gaddr_t base;
    uint32_t used;
};

static void put(uint8_t *p, uint64_t value, unsigned bytes)
{
    unsigned i;

    for (i = 0; i < bytes; i++) {
        p[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint8_t checksum(const uint8_t *p, size_t size)
{
    uint8_t sum = 0;

    while (size-- > 0) {
        sum = (uint8_t)(sum + *p++);
    }
    return (uint8_t)(0 - sum);
}

/* Begin a table with its header; the caller fills in the rest and calls table_end(). */
static uint8_t *table_begin(struct acpi_writer *w, const char *signature, uint8_t revision,
                            uint32_t size)
{
    uint8_t *t = w->page + w->used;

    ASSERT(size <= PAGE_SIZE - w->used);
    memcpy(t, signature, 4);
    put(t + 4, size, 4);
    t[8] = revision;
    memcpy(t + 10, "BLKHD ", 6);
    memcpy(t + 16, "BULKHEAD", 8);
    put(t + 24, 1, 4);
    memcpy(t + 28, "BLKH", 4);
    put(t + 32, 1, 4);
    return t;
}

static gaddr_t table_end(struct acpi_writer *w, uint8_t *t, uint32_t size)
{
    gaddr_t at = w->base + w->used;

    t[9] = checksum(t, size);
    w->used = ROUND_UP(w->used + size, 16u);
    return at;
}

/* Generic address structure naming one byte-wide I/O port. */
static void put_port(uint8_t *p, uint16_t port)
{
    p[0] = 1; /* system I/O */
    p[1] = 8; /* bits */
    p[3] = 1; /* byte access */
    put(p + 4, port, 8);
}

static gaddr_t write_dsdt(struct acpi_writer *w, const struct launch_acpi *in)
{
    /* Name (\_S5, Package () { 5, 5, 0, 0 }) */
    static const uint8_t sleep[] = {
        0x08, '\\', '_', 'S', '5', '_', 0x12, 0x08, 0x04, 0x0a, 0x05, 0x0a, 0x05, 0x00, 0x00,
    };
    /*
     * Scope (\_SB) { Device (TPM0) { Name (_HID, "MSFT0101") Name (_STA, 0x0f)
     *     Name (_CRS, ResourceTemplate () { Memory32Fixed (ReadWrite, base, 0x1000) }) } }
     */
    static const uint8_t tpm[] = {
        0x10, 0x3a, '\\', '_', 'S', 'B', '_',
        0x5b, 0x82, 0x32, 'T', 'P', 'M', '0',
        0x08, '_', 'H', 'I', 'D', 0x0d, 'M', 'S', 'F', 'T', '0', '1', '0', '1', 0x00,
        0x08, '_', 'S', 'T', 'A', 0x0a, 0x0f,
        0x08, '_', 'C', 'R', 'S', 0x11, 0x11, 0x0a, 0x0e,
        0x86, 0x09, 0x00, 0x01, 0, 0, 0, 0, 0x00, 0x10, 0x00, 0x00, 0x79, 0x00,
    };
    const size_t tpm_base_at = sizeof(tpm) - 10;
    uint32_t size = HEADER_SIZE + (uint32_t)sizeof(sleep) + (in->tpm ? (uint32_t)sizeof(tpm) : 0);
    uint8_t *t = table_begin(w, "DSDT", 2, size);

    memcpy(t + HEADER_SIZE, sleep, sizeof(sleep));
    if (in->tpm) {
        uint8_t *device = t + HEADER_SIZE + sizeof(sleep);

        memcpy(device, tpm, sizeof(tpm));
        put(device + tpm_base_at, in->tpm_base, 4);
    }
    return table_end(w, t, size);
}

static gaddr_t write_fadt(struct acpi_writer *w, const struct launch_acpi *in, gaddr_t dsdt)
{
    uint8_t *t = table_begin(w, "FACP", 6, FADT_SIZE);

    put(t + 40, dsdt, 4);
    put(t + 109, 1u << 2 | 1u << 5, 2);                     /* no VGA, no CMOS clock */
    put(t + 112, 1u | 1u << 4 | 1u << 5 | 1u << 20, 4);     /* WBINVD, no buttons, hardware-reduced */
    t[131] = 4;                                             /* minor version: ACPI 6.4 */
    put(t + 140, dsdt, 8);
    put_port(t + 244, in->sleep_port);
    put_port(t + 256, (uint16_t)(in->sleep_port + 1));
    return table_end(w, t, FADT_SIZE);
}

static gaddr_t write_madt(struct acpi_writer *w, const struct launch_acpi *in)
{
    uint32_t size = MADT_SIZE + 8 * in->vcpu_count + (in->pci ? MADT_IOAPIC_SIZE : 0);
    uint8_t *t = table_begin(w, "APIC", 5, size);
    unsigned i;

    put(t + 36, 0xfee00000, 4);
    for (i = 0; i < in->vcpu_count; i++) {
        uint8_t *entry = t + MADT_SIZE + 8 * i;

        entry[0] = 0; /* local APIC */
        entry[1] = 8;
        entry[2] = (uint8_t)i;
        entry[3] = (uint8_t)(2 * i); /* APIC identifiers are even, as Xen gives them */
        put(entry + 4, 1, 4);        /* enabled */
    }
    if (in->pci) {
        uint8_t *entry = t + MADT_SIZE + 8 * in->vcpu_count;

        entry[0] = 1; /* I/O APIC; its pins from 0 on */
        entry[1] = MADT_IOAPIC_SIZE;
        entry[2] = VPCI_IOAPIC_ID;
        put(entry + 4, VPCI_IOAPIC, 4);
    }
    return table_end(w, t, size);
}

static gaddr_t write_tpm2(struct acpi_writer *w)
{
    uint8_t *t = table_begin(w, "TPM2", 4, TPM2_SIZE);

    put(t + 48, 6, 4); /* start method: TIS */
    return table_end(w, t, TPM2_SIZE);
}

static gaddr_t write_mcfg(struct acpi_writer *w)
{
    uint8_t *t = table_begin(w, "MCFG", 1, MCFG_SIZE);

    put(t + 44, VPCI_WINDOW, 8); /* segment 0, first and last bus 0 */
    return table_end(w, t, MCFG_SIZE);
}

/* Compiled from pci.asl, with its header and sum. */
static gaddr_t write_ssdt(struct acpi_writer *w)
{
    gaddr_t at = w->base + w->used;

    ASSERT(sizeof(pci_aml) <= PAGE_SIZE - w->used);
    memcpy(w->page + w->used, pci_aml, sizeof(pci_aml));
    w->used = ROUND_UP(w->used + (uint32_t)sizeof(pci_aml), 16u);
    return at;
}

static gaddr_t write_xsdt(struct acpi_writer *w, const gaddr_t *tables, unsigned count)
{
    uint32_t size = HEADER_SIZE + 8 * count;
    uint8_t *t = table_begin(w, "XSDT", 1, size);
    unsigned i;

    for (i = 0; i < count; i++) {
        put(t + HEADER_SIZE + 8 * i, tables[i], 8);
    }
    return table_end(w, t, size);
}

size_t launch_acpi_build(const struct launch_acpi *in, uint8_t page[PAGE_SIZE])
{
    struct acpi_writer w = { .page = page, .base = in->base, .used = ROUND_UP(RSDP_SIZE, 16u) };
    gaddr_t tables[XSDT_ENTRY_MAX];
    unsigned count = 0;

    ASSERT(in->vcpu_count <= LAUNCH_ACPI_CPU_MAX);
    tables[count++] = write_fadt(&w, in, write_dsdt(&w, in));
    tables[count++] = write_madt(&w, in);
    if (in->tpm) {
        tables[count++] = write_tpm2(&w);
    }
    if (in->pci) {
        tables[count++] = write_ssdt(&w);
        tables[count++] = write_mcfg(&w);
    }
    memcpy(page, "RSD PTR ", 8);
    memcpy(page + 9, "BLKHD ", 6);
    page[15] = 2;
    put(page + 20, RSDP_SIZE, 4);
    put(page + 24, write_xsdt(&w, tables, count), 8);
    page[8] = checksum(page, 20);
    page[32] = checksum(page, RSDP_SIZE);
    return w.used;
}
