/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the root pointer to every table we use. The tables come from firmware, which is trusted to state
 * the truth but not to be free of bugs: nothing is read outside of a table's own length, and what we need and
 * cannot read stops the boot.
 * Source: ACPI Specification 6.4, 5.2.5 to 5.2.8.
 */
#include <xen/acpi.h>

#include "parse.h"

#include <xen/errno.h>
#include <xen/lib.h>

#define RSDP_SIZE_1 20u
#define RSDP_SIZE_2 36u
#define ROOT_ENTRY_MAX 256u
#define EBDA_POINTER 0x40eu
#define EBDA_SEARCH 1024u
#define BIOS_START 0xe0000u
#define BIOS_END 0x100000u

struct acpi_info acpi_info;

static uint64_t get(const uint8_t *p, unsigned bytes)
{
    uint64_t value = 0;
    unsigned i;

    for (i = 0; i < bytes; i++) {
        value |= (uint64_t)p[i] << (8 * i);
    }
    return value;
}

static bool is_rsdp(const uint8_t *p)
{
    return memcmp(p, "RSD PTR ", 8) == 0 && acpi_checksum_ok(p, RSDP_SIZE_1);
}

static paddr_t search_range(paddr_t start, size_t size, acpi_map_fn *map)
{
    const uint8_t *p = map(start, size);
    size_t at;

    for (at = 0; p != NULL && at + RSDP_SIZE_2 <= size; at += 16) {
        if (is_rsdp(p + at)) {
            return start + at;
        }
    }
    return 0;
}

static paddr_t search_bios(acpi_map_fn *map)
{
    const uint8_t *pointer = map(EBDA_POINTER, 2);
    paddr_t ebda = pointer != NULL ? get(pointer, 2) << 4 : 0;
    paddr_t found = 0;

    if (ebda >= 0x400 && ebda < 0xa0000) {
        found = search_range(ebda, EBDA_SEARCH, map);
    }
    return found != 0 ? found : search_range(BIOS_START, BIOS_END - BIOS_START, map);
}

/* Address of the table of tables, and the width of its entries. */
static int read_rsdp(paddr_t rsdp, acpi_map_fn *map, paddr_t *root, unsigned *width)
{
    const uint8_t *p = map(rsdp, RSDP_SIZE_1);

    if (p == NULL || !is_rsdp(p)) {
        pr_err("ACPI: no root pointer at %#llx", (unsigned long long)rsdp);
        return -EINVAL;
    }
    *root = get(p + 16, 4);
    *width = 4;
    if (p[15] >= 2) {
        p = map(rsdp, RSDP_SIZE_2);
        if (p == NULL || !acpi_checksum_ok(p, RSDP_SIZE_2)) {
            pr_err("ACPI: root pointer at %#llx: its %u bytes do not sum up to 0",
                   (unsigned long long)rsdp, RSDP_SIZE_2);
            return -EINVAL;
        }
        if (get(p + 24, 8) != 0) {
            *root = get(p + 24, 8);
            *width = 8;
        }
    }
    return 0;
}

static int read_fadt(const struct acpi_table *t, acpi_map_fn *map)
{
    struct acpi_table dsdt;
    paddr_t addr = 0;
    int ret = acpi_parse_fadt(t, &acpi_info, &addr);

    /* The DSDT serves power-off only: the host runs without it. */
    if (ret == 0 && addr != 0 && acpi_table_open(&dsdt, addr, map) == 0) {
        acpi_parse_dsdt(&dsdt, &acpi_info);
    }
    return ret;
}

static int read_table(const struct acpi_table *t, acpi_map_fn *map)
{
    if (strcmp(t->signature, "APIC") == 0) {
        return acpi_parse_madt(t, &acpi_info);
    }
    if (strcmp(t->signature, "FACP") == 0) {
        return read_fadt(t, map);
    }
    if (strcmp(t->signature, "MCFG") == 0) {
        return acpi_parse_mcfg(t, &acpi_info);
    }
    if (strcmp(t->signature, "HPET") == 0) {
        return acpi_parse_hpet(t, &acpi_info);
    }
    if (strcmp(t->signature, "TPM2") == 0) {
        return acpi_parse_tpm2(t, &acpi_info);
    }
    if (strcmp(t->signature, "IVRS") == 0) {
        return acpi_parse_ivrs(t, &acpi_info);
    }
    if (strcmp(t->signature, "DMAR") == 0) {
        return acpi_parse_dmar(t, &acpi_info);
    }
    return 0;
}

/* A table we do not know may be broken; it is skipped after its line in the log. */
static bool is_needed(const char *signature)
{
    static const char *const needed[] = { "APIC", "FACP", "MCFG", "HPET", "TPM2", "IVRS", "DMAR" };
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(needed); i++) {
        if (strcmp(signature, needed[i]) == 0) {
            return true;
        }
    }
    return false;
}

int acpi_init(paddr_t rsdp, acpi_map_fn *map)
{
    struct acpi_table root, t;
    paddr_t addr;
    unsigned width;
    uint32_t at;
    int ret;

    memset(&acpi_info, 0, sizeof(acpi_info));
    if (rsdp == 0) {
        rsdp = search_bios(map);
    }
    if (rsdp == 0) {
        return -ENOENT;
    }
    ret = read_rsdp(rsdp, map, &addr, &width);
    if (ret == 0) {
        ret = acpi_table_open(&root, addr, map);
    }
    if (ret != 0) {
        return ret;
    }
    if (strcmp(root.signature, width == 8 ? "XSDT" : "RSDT") != 0 ||
        (root.size - ACPI_HEADER_SIZE) / width > ROOT_ENTRY_MAX) {
        pr_err("ACPI: table %s of %u bytes: expected %s with at most %u entries", root.signature,
               root.size, width == 8 ? "XSDT" : "RSDT", ROOT_ENTRY_MAX);
        return -EINVAL;
    }
    for (at = ACPI_HEADER_SIZE; root.size - at >= width; at += width) {
        addr = acpi_field(&root, at, width);
        if (addr == 0) {
            continue;
        }
        ret = acpi_table_open(&t, addr, map);
        if (ret != 0 && is_needed(t.signature)) {
            return ret;
        }
        if (ret == 0) {
            ret = read_table(&t, map);
            if (ret != 0) {
                return ret;
            }
        }
    }
    if (acpi_info.cpu_count == 0) {
        pr_err("ACPI: expected a table APIC");
        return -EINVAL;
    }
    return 0;
}
