/* SPDX-License-Identifier: Apache-2.0 */
/* One ACPI table, mapped whole and checked; reads are bounded and little endian. */
#ifndef ACPI_TABLE_H
#define ACPI_TABLE_H

#include <xen/types.h>

#define ACPI_HEADER_SIZE 36u
#define ACPI_TABLE_MAX (4u << 20) /* larger ones are refused */

typedef const void *acpi_map_fn(paddr_t addr, size_t size);

struct acpi_table {
    paddr_t addr;
    const uint8_t *data;
    uint32_t size;     /* at least ACPI_HEADER_SIZE */
    char signature[5]; /* NUL-terminated, printable */
};

/**
 * Map the table at addr: header first for its length, then all of it, whose bytes must sum up to 0.
 * @return 0; -EINVAL, logged with address and reason
 */
int acpi_table_open(struct acpi_table *t, paddr_t addr, acpi_map_fn *map) must_check;

/** Do all bytes sum up to 0? */
bool acpi_checksum_ok(const uint8_t *p, size_t size);

/** Field of `bytes` (1..8) bytes at offset; 0 when it lies outside of the table. */
uint64_t acpi_field(const struct acpi_table *t, uint32_t offset, unsigned bytes);

#endif
