/* SPDX-License-Identifier: Apache-2.0 */
/* MADT: the processors and interrupt controllers. Source: ACPI Specification 6.4, 5.2.12. */
#include "parse.h"

#include <xen/errno.h>
#include <xen/lib.h>

#define MADT_ENTRIES 44u

enum {
    MADT_LAPIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LAPIC_ADDRESS = 5,
    MADT_X2APIC = 9,
};

#define LAPIC_ENABLED 1u

static int no_room(const char *what, unsigned limit)
{
    pr_err("ACPI: table APIC: more than %u %s", limit, what);
    return -ENOSPC;
}

/* The same processor may have an entry of both kinds. */
static int add_cpu(struct acpi_info *info, uint64_t flags, uint64_t apic_id)
{
    unsigned i;

    if ((flags & LAPIC_ENABLED) == 0) {
        return 0;
    }
    for (i = 0; i < info->cpu_count; i++) {
        if (info->cpu_apic_id[i] == apic_id) {
            return 0;
        }
    }
    if (info->cpu_count == ACPI_MAX_CPUS) {
        return no_room("processors", ACPI_MAX_CPUS);
    }
    info->cpu_apic_id[info->cpu_count++] = (uint32_t)apic_id;
    return 0;
}

static int add_ioapic(struct acpi_info *info, const struct acpi_table *t, uint32_t at)
{
    if (info->ioapic_count == ACPI_MAX_IOAPICS) {
        return no_room("I/O APICs", ACPI_MAX_IOAPICS);
    }
    info->ioapic[info->ioapic_count++] = (struct acpi_ioapic){
        .id = (uint32_t)acpi_field(t, at + 2, 1),
        .addr = (uint32_t)acpi_field(t, at + 4, 4),
        .gsi_base = (uint32_t)acpi_field(t, at + 8, 4),
    };
    return 0;
}

static int add_override(struct acpi_info *info, const struct acpi_table *t, uint32_t at)
{
    if (info->override_count == ACPI_MAX_OVERRIDES) {
        return no_room("interrupt overrides", ACPI_MAX_OVERRIDES);
    }
    info->override[info->override_count++] = (struct acpi_override){
        .source = (uint8_t)acpi_field(t, at + 3, 1),
        .gsi = (uint32_t)acpi_field(t, at + 4, 4),
        .flags = (uint16_t)acpi_field(t, at + 8, 2),
    };
    return 0;
}

/* Smallest length of the entries that are read here; 2 for others. */
static unsigned entry_minimum(unsigned type)
{
    switch (type) {
    case MADT_LAPIC:
        return 8;
    case MADT_IOAPIC:
    case MADT_LAPIC_ADDRESS:
        return 12;
    case MADT_OVERRIDE:
        return 10;
    case MADT_X2APIC:
        return 16;
    default:
        return 2;
    }
}

static int read_entry(const struct acpi_table *t, uint32_t at, unsigned type,
                      struct acpi_info *info)
{
    uint64_t lapic;

    switch (type) {
    case MADT_LAPIC:
        return add_cpu(info, acpi_field(t, at + 4, 4), acpi_field(t, at + 3, 1));
    case MADT_X2APIC:
        return add_cpu(info, acpi_field(t, at + 8, 4), acpi_field(t, at + 4, 4));
    case MADT_IOAPIC:
        return add_ioapic(info, t, at);
    case MADT_OVERRIDE:
        return add_override(info, t, at);
    case MADT_LAPIC_ADDRESS:
        lapic = acpi_field(t, at + 4, 8);
        if (lapic > UINT32_MAX) {
            pr_err("ACPI: table APIC: local APICs at %#llx: expected them below 4 GiB",
                   (unsigned long long)lapic);
            return -EINVAL;
        }
        info->lapic_addr = (uint32_t)lapic;
        return 0;
    default:
        return 0;
    }
}

int acpi_parse_madt(const struct acpi_table *t, struct acpi_info *info)
{
    uint32_t at = MADT_ENTRIES;

    info->lapic_addr = (uint32_t)acpi_field(t, 36, 4);
    while (at < t->size) {
        unsigned type = (unsigned)acpi_field(t, at, 1);
        unsigned length = (unsigned)acpi_field(t, at + 1, 1);
        int ret;

        if (length < entry_minimum(type) || length > t->size - at) {
            pr_err("ACPI: table APIC: entry of type %u at offset %u: bad length %u", type, at, length);
            return -EINVAL;
        }
        ret = read_entry(t, at, type, info);
        if (ret != 0) {
            return ret;
        }
        at += length;
    }
    if (info->cpu_count == 0 || t->size < MADT_ENTRIES) {
        pr_err("ACPI: table APIC: expected at least one enabled processor");
        return -EINVAL;
    }
    return 0;
}
