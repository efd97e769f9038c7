/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <xen/errno.h>
#include <xen/lib.h>

bool acpi_checksum_ok(const uint8_t *p, size_t size)
{
    uint8_t sum = 0;

    while (size-- > 0) {
        sum = (uint8_t)(sum + *p++);
    }
    return sum == 0;
}

uint64_t acpi_field(const struct acpi_table *t, uint32_t offset, unsigned bytes)
{
    uint64_t value = 0;
    unsigned i;

    if (offset > t->size || bytes > t->size - offset) {
        return 0;
    }
    for (i = 0; i < bytes; i++) {
        value |= (uint64_t)t->data[offset + i] << (8 * i);
    }
    return value;
}

int acpi_table_open(struct acpi_table *t, paddr_t addr, acpi_map_fn *map)
{
    unsigned i;

    memcpy(t->signature, "????", 5);
    t->addr = addr;
    t->size = ACPI_HEADER_SIZE;
    t->data = map(addr, ACPI_HEADER_SIZE);
    if (t->data == NULL) {
        pr_err("ACPI: no table can be mapped at %#llx", (unsigned long long)addr);
        return -EINVAL;
    }
    for (i = 0; i < 4; i++) {
        t->signature[i] = t->data[i] > ' ' && t->data[i] < 0x7f ? (char)t->data[i] : '?';
    }
    t->signature[4] = '\0';
    t->size = (uint32_t)acpi_field(t, 4, 4);
    if (t->size < ACPI_HEADER_SIZE || t->size > ACPI_TABLE_MAX) {
        pr_err("ACPI: table %s at %#llx: length %u, expected %u to %u", t->signature,
               (unsigned long long)addr, t->size, ACPI_HEADER_SIZE, ACPI_TABLE_MAX);
        return -EINVAL;
    }
    t->data = map(addr, t->size);
    if (t->data == NULL || !acpi_checksum_ok(t->data, t->size)) {
        pr_err("ACPI: table %s at %#llx: %s", t->signature, (unsigned long long)addr,
               t->data == NULL ? "cannot be mapped" : "its bytes do not sum up to 0");
        return -EINVAL;
    }
    return 0;
}
