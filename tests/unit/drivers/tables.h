/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up host with ACPI tables in memory, for tests to bend. */
#ifndef TEST_TABLES_H
#define TEST_TABLES_H

#include <stddef.h>
#include <stdint.h>

#define HOST_BASE 0xe0000u /* the BIOS area, where the root pointer is searched for */
#define HOST_SIZE 0x20000u

struct host {
    uint8_t bytes[HOST_SIZE];
    uint32_t rsdp, root, used; /* offsets */
    unsigned count;            /* of tables below the root */
    unsigned width;            /* 4: RSDT, 8: XSDT */
};

void host_init(struct host *h, unsigned width);
/** Add a table; body follows the header. @return its offset */
uint32_t host_table(struct host *h, const char *signature, const void *body, size_t size);
/** Add one that the root does not name. */
uint32_t host_table_apart(struct host *h, const char *signature, const void *body, size_t size);
void host_put(struct host *h, uint32_t at, uint64_t value, unsigned bytes);
/** Make the sum of the table at offset right again. */
void host_fix(struct host *h, uint32_t table);
/** The root pointer and root table's sums, at the end. */
void host_finish(struct host *h);

/** A PC as QEMU's q35 describes itself. */
void host_q35(struct host *h, unsigned width);
extern uint32_t host_q35_madt, host_q35_fadt, host_q35_dsdt, host_q35_tpm2, host_q35_mcfg,
                host_q35_ivrs, host_q35_dmar;

/** Map function over the host made by the last host_finish(). */
const void *host_map(uint64_t addr, size_t size);

#endif
