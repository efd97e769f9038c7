/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IVRS: the AMD IOMMUs. Blocks of kind IVHD describe an IOMMU, one or several for the same one, with a list of
 * device entries; blocks of kind IVMD ask that devices may reach a range. Every device is treated alike until it is
 * given away, so of the entries only those for I/O APICs are kept; the others are walked over, as far as they are whole.
 * Source: AMD I/O Virtualization Technology (IOMMU) Specification, 48882 rev. 3, 5.2 (I/O Virtualization ACPI Table).
 */
#include "parse.h"

#include <xen/errno.h>
#include <xen/lib.h>

#define IVRS_BLOCKS 48u

/* 5.2.2, IVHD; 5.2.3, IVMD */
#define IVHD_10 0x10u
#define IVHD_11 0x11u
#define IVHD_40 0x40u
#define IVMD_FIRST 0x20u
#define IVMD_LAST 0x22u
#define BLOCK_MINIMUM 4u
#define IVHD_10_MINIMUM 24u
#define IVHD_11_MINIMUM 40u
#define IVMD_SIZE 32u

/* 5.2.2.1, device entries */
#define ENTRY_SPECIAL 72u
#define ENTRY_HID 240u
#define ENTRY_HID_MINIMUM 22u
#define SPECIAL_IOAPIC 1u

#define REGISTERS_ALIGN 0x4000u /* 3.4: the registers take 16 KiB or more, aligned */

static int malformed(const struct acpi_table *t, uint32_t at, const char *what, unsigned value)
{
    pr_err("ACPI: table %s: offset %u: %s %u", t->signature, at, what, value);
    return -EINVAL;
}

static int no_room(const char *what, unsigned limit)
{
    pr_err("ACPI: table IVRS: more than %u %s", limit, what);
    return -ENOSPC;
}

static int add_iommu(const struct acpi_table *t, uint32_t at, struct acpi_ivrs *ivrs)
{
    struct acpi_iommu iommu = { .addr = acpi_field(t, at + 8, 8),
                                .device = (uint16_t)acpi_field(t, at + 4, 2) };
    unsigned i;

    if (acpi_field(t, at + 16, 2) != 0) {
        return malformed(t, at, "expected PCI segment 0, got", (unsigned)acpi_field(t, at + 16, 2));
    }
    if (iommu.addr == 0 || iommu.addr % REGISTERS_ALIGN != 0) {
        return malformed(t, at, "expected registers aligned to 16 KiB, address modulo that is",
                         (unsigned)(iommu.addr % REGISTERS_ALIGN));
    }
    for (i = 0; i < ivrs->iommu_count; i++) {
        bool same_device = ivrs->iommu[i].device == iommu.device;

        if (same_device != (ivrs->iommu[i].addr == iommu.addr)) {
            return malformed(t, at, "contradicts the block of IOMMU", i);
        }
        if (same_device) {
            return 0;
        }
    }
    if (ivrs->iommu_count == ACPI_MAX_IOMMUS) {
        return no_room("IOMMUs", ACPI_MAX_IOMMUS);
    }
    ivrs->iommu[ivrs->iommu_count++] = iommu;
    return 0;
}

static int add_ioapic(const struct acpi_table *t, uint32_t at, struct acpi_ivrs *ivrs)
{
    struct acpi_ioapic_device ioapic = { .id = (uint8_t)acpi_field(t, at + 4, 1),
                                       .device = (uint16_t)acpi_field(t, at + 5, 2) };
    unsigned i;

    for (i = 0; i < ivrs->ioapic_count; i++) {
        if (ivrs->ioapic[i].id == ioapic.id) {
            return ivrs->ioapic[i].device == ioapic.device ? 0 :
                   malformed(t, at, "a second device for I/O APIC", ioapic.id);
        }
    }
    if (ivrs->ioapic_count == ACPI_MAX_IOAPICS) {
        return no_room("I/O APICs", ACPI_MAX_IOAPICS);
    }
    ivrs->ioapic[ivrs->ioapic_count++] = ioapic;
    return 0;
}

/* An entry's type says its length, but for names, which say it themselves; 0 when it does not fit. */
static uint32_t entry_size(const struct acpi_table *t, uint32_t at, uint32_t end)
{
    unsigned type = (unsigned)acpi_field(t, at, 1);
    uint32_t size = type < 64 ? 4 : type < 128 ? 8 : type < 192 ? 16 : 32;

    if (type == ENTRY_HID) {
        size = ENTRY_HID_MINIMUM;
        if (end - at >= size) {
            size += (uint32_t)acpi_field(t, at + ENTRY_HID_MINIMUM - 1, 1);
        }
    }
    return size <= end - at ? size : 0;
}

static int read_entries(const struct acpi_table *t, uint32_t at, uint32_t end, struct acpi_ivrs *ivrs)
{
    while (at < end) {
        unsigned type = (unsigned)acpi_field(t, at, 1);
        uint32_t size = entry_size(t, at, end);
        int ret = 0;

        if (size == 0) {
            return malformed(t, at, "cut off: device entry of type", type);
        }
        if (type == ENTRY_SPECIAL && acpi_field(t, at + 7, 1) == SPECIAL_IOAPIC) {
            ret = add_ioapic(t, at, ivrs);
        }
        if (ret != 0) {
            return ret;
        }
        at += size;
    }
    return 0;
}

static int read_ivhd(const struct acpi_table *t, uint32_t at, uint32_t length, uint32_t header,
                     struct acpi_ivrs *ivrs)
{
    int ret;

    if (length < header) {
        return malformed(t, at, "IVHD of bad length", length);
    }
    ret = add_iommu(t, at, ivrs);
    return ret != 0 ? ret : read_entries(t, at + header, at + length, ivrs);
}

int acpi_parse_ivrs(const struct acpi_table *t, struct acpi_info *info)
{
    struct acpi_ivrs *ivrs = &info->ivrs;
    uint32_t at = IVRS_BLOCKS, length;
    int ret;

    for (; at < t->size; at += length) {
        unsigned type = (unsigned)acpi_field(t, at, 1);

        length = (uint32_t)acpi_field(t, at + 2, 2);
        if (length < BLOCK_MINIMUM || length > t->size - at) {
            return malformed(t, at, "block of bad length", length);
        }
        ret = 0;
        if (type == IVHD_10) {
            ret = read_ivhd(t, at, length, IVHD_10_MINIMUM, ivrs);
        } else if (type == IVHD_11 || type == IVHD_40) {
            ret = read_ivhd(t, at, length, IVHD_11_MINIMUM, ivrs);
        } else if (type >= IVMD_FIRST && type <= IVMD_LAST) {
            ret = length < IVMD_SIZE ? malformed(t, at, "IVMD of bad length", length) : 0;
            ivrs->ivmd_count++;
        }
        if (ret != 0) {
            return ret;
        }
    }
    if (ivrs->iommu_count == 0) {
        return malformed(t, IVRS_BLOCKS, "no block for an IOMMU, size", t->size);
    }
    return 0;
}
