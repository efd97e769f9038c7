/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMAR: the Intel IOMMUs. Structures of kind DRHD describe a unit with the devices behind it; RMRR asks that devices may reach
 * a range; the others (address translation by devices, distance of memory, names) ask nothing of us. All units are told the same
 * of all devices, so that it is not kept which unit has which.
 * Source: Intel Virtualization Technology for Directed I/O, D51397 rev. 3.4, chapter 8 (BIOS Considerations).
 */
#include "parse.h"

#include <xen/errno.h>
#include <xen/lib.h>

/* 8.1, the table */
#define DMAR_FLAGS 37u
#define DMAR_INTR_REMAP 1u
#define DMAR_STRUCTURES 48u
#define STRUCTURE_MINIMUM 4u

/* 8.3, DRHD; 8.4, RMRR */
#define DRHD 0u
#define DRHD_SIZE 16u
#define DRHD_INCLUDE_PCI_ALL 1u
#define RMRR 1u
#define RMRR_SIZE 24u

/* 8.3.1, device scope: a path of (device, function) pairs from a bus on */
#define SCOPE_SIZE 6u
#define SCOPE_FUNCTION 1u
#define SCOPE_BRIDGE 2u
#define SCOPE_IOAPIC 3u
#define PATH_STEP 2u

#define REGISTERS_ALIGN 0x1000u

static int malformed(const struct acpi_table *t, uint32_t at, const char *what, unsigned value)
{
    pr_err("ACPI: table %s: offset %u: %s %u", t->signature, at, what, value);
    return -EINVAL;
}

static int no_room(const char *what, unsigned limit)
{
    pr_err("ACPI: table DMAR: more than %u %s", limit, what);
    return -ENOSPC;
}

static int add_unit(const struct acpi_table *t, uint32_t at, struct acpi_dmar *dmar)
{
    uint64_t addr = acpi_field(t, at + 8, 8);
    unsigned i;

    if (acpi_field(t, at + 6, 2) != 0) {
        return malformed(t, at, "expected PCI segment 0, got", (unsigned)acpi_field(t, at + 6, 2));
    }
    if (addr == 0 || addr % REGISTERS_ALIGN != 0) {
        return malformed(t, at, "expected registers aligned to 4 KiB, address modulo that is",
                         (unsigned)(addr % REGISTERS_ALIGN));
    }
    for (i = 0; i < dmar->unit_count; i++) {
        if (dmar->unit[i] == addr) {
            return malformed(t, at, "has the registers of unit", i);
        }
    }
    if (dmar->unit_count == ACPI_MAX_DMAR_UNITS) {
        return no_room("units", ACPI_MAX_DMAR_UNITS);
    }
    dmar->unit[dmar->unit_count++] = addr;
    return 0;
}

/* What one step from a bus leads to. */
static uint16_t scope_device(const struct acpi_table *t, uint32_t at)
{
    return (uint16_t)(acpi_field(t, at + 5, 1) << 8 | (acpi_field(t, at + 6, 1) & 31) << 3 |
                      (acpi_field(t, at + 7, 1) & 7));
}

/* A function that there is no room for counts as one behind no unit. */
static void add_function(const struct acpi_table *t, uint32_t at, struct acpi_dmar *dmar)
{
    if (dmar->scope_count < ACPI_MAX_DMAR_SCOPE) {
        dmar->scope[dmar->scope_count++] = (struct acpi_dmar_scope){
            .device = scope_device(t, at), .is_bridge = acpi_field(t, at, 1) == SCOPE_BRIDGE,
        };
    }
}

static int add_ioapic(const struct acpi_table *t, uint32_t at, struct acpi_dmar *dmar)
{
    struct acpi_ioapic_device ioapic = { .id = (uint8_t)acpi_field(t, at + 4, 1), .device = scope_device(t, at) };
    unsigned i;

    for (i = 0; i < dmar->ioapic_count; i++) {
        if (dmar->ioapic[i].id == ioapic.id) {
            return malformed(t, at, "a second device for I/O APIC", ioapic.id);
        }
    }
    if (dmar->ioapic_count == ACPI_MAX_IOAPICS) {
        return no_room("I/O APICs", ACPI_MAX_IOAPICS);
    }
    dmar->ioapic[dmar->ioapic_count++] = ioapic;
    return 0;
}

static int read_scope(const struct acpi_table *t, uint32_t at, uint32_t end, struct acpi_dmar *dmar)
{
    uint32_t length;

    for (; at < end; at += length) {
        unsigned type = (unsigned)acpi_field(t, at, 1);
        int ret = 0;

        length = end - at < SCOPE_SIZE ? 0 : (uint32_t)acpi_field(t, at + 1, 1);
        if (length < SCOPE_SIZE + PATH_STEP || length % PATH_STEP != 0 || length > end - at) {
            return malformed(t, at, "device scope of bad length", length);
        }
        /* The bus behind a bridge is not in the table: what is there stays unknown. */
        if (length > SCOPE_SIZE + PATH_STEP) {
            continue;
        }
        if (type == SCOPE_IOAPIC) {
            ret = add_ioapic(t, at, dmar);
        } else if (type == SCOPE_FUNCTION || type == SCOPE_BRIDGE) {
            add_function(t, at, dmar);
        }
        if (ret != 0) {
            return ret;
        }
    }
    return 0;
}

static int read_drhd(const struct acpi_table *t, uint32_t at, uint32_t length, struct acpi_dmar *dmar)
{
    int ret;

    if (length < DRHD_SIZE) {
        return malformed(t, at, "DRHD of bad length", length);
    }
    ret = add_unit(t, at, dmar);
    dmar->pci_all |= (acpi_field(t, at + 4, 1) & DRHD_INCLUDE_PCI_ALL) != 0;
    return ret != 0 ? ret : read_scope(t, at + DRHD_SIZE, at + length, dmar);
}

int acpi_parse_dmar(const struct acpi_table *t, struct acpi_info *info)
{
    struct acpi_dmar *dmar = &info->dmar;
    uint32_t at = DMAR_STRUCTURES, length;
    int ret;

    dmar->remaps_interrupts = (acpi_field(t, DMAR_FLAGS, 1) & DMAR_INTR_REMAP) != 0;
    for (; at < t->size; at += length) {
        unsigned type = (unsigned)acpi_field(t, at, 2);

        length = (uint32_t)acpi_field(t, at + 2, 2);
        if (length < STRUCTURE_MINIMUM || length > t->size - at) {
            return malformed(t, at, "structure of bad length", length);
        }
        ret = 0;
        if (type == DRHD) {
            ret = read_drhd(t, at, length, dmar);
        } else if (type == RMRR) {
            ret = length < RMRR_SIZE ? malformed(t, at, "RMRR of bad length", length) : 0;
            dmar->rmrr_count++;
        }
        if (ret != 0) {
            return ret;
        }
    }
    if (dmar->unit_count == 0) {
        return malformed(t, DMAR_STRUCTURES, "no structure for a unit, size", t->size);
    }
    return 0;
}
