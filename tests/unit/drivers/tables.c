/* SPDX-License-Identifier: Apache-2.0 */
#include "tables.h"

#include <stdlib.h>
#include <string.h>

#define HEADER 36u
#define ROOT_ENTRIES 40u

uint32_t host_q35_madt, host_q35_fadt, host_q35_dsdt, host_q35_tpm2, host_q35_mcfg, host_q35_ivrs, host_q35_dmar;

static struct host *current_host;

const void *host_map(uint64_t addr, size_t size)
{
    /* Each mapping is a copy of its own size, so that reading past it is caught. */
    static uint8_t *copies[64];
    static unsigned next;
    uint8_t **slot = &copies[next++ % 64];

    if (addr < HOST_BASE || addr - HOST_BASE > HOST_SIZE ||
        size > HOST_SIZE - (addr - HOST_BASE) || size == 0) {
        return NULL;
    }
    free(*slot);
    *slot = malloc(size);
    if (*slot == NULL) {
        abort();
    }
    memcpy(*slot, current_host->bytes + (addr - HOST_BASE), size);
    return *slot;
}

void host_put(struct host *h, uint32_t at, uint64_t value, unsigned bytes)
{
    unsigned i;

    for (i = 0; i < bytes; i++) {
        h->bytes[at + i] = (uint8_t)(value >> (8 * i));
    }
}

static void fix_sum(struct host *h, uint32_t from, uint32_t size, uint32_t at)
{
    uint8_t sum = 0;
    uint32_t i;

    h->bytes[at] = 0;
    for (i = 0; i < size; i++) {
        sum = (uint8_t)(sum + h->bytes[from + i]);
    }
    h->bytes[at] = (uint8_t)-sum;
}

void host_fix(struct host *h, uint32_t table)
{
    uint32_t size;

    memcpy(&size, h->bytes + table + 4, 4);
    fix_sum(h, table, size, table + 9);
}

void host_init(struct host *h, unsigned width)
{
    memset(h, 0, sizeof(*h));
    h->width = width;
    h->rsdp = 0x120;
    h->root = 0x200;
    h->used = 0x200 + HEADER + ROOT_ENTRIES * width;
    memcpy(h->bytes + h->root, width == 8 ? "XSDT" : "RSDT", 4);
    current_host = h;
}

uint32_t host_table_apart(struct host *h, const char *signature, const void *body, size_t size)
{
    uint32_t at = h->used;

    memcpy(h->bytes + at, signature, 4);
    host_put(h, at + 4, HEADER + size, 4);
    if (size != 0) {
        memcpy(h->bytes + at + HEADER, body, size);
    }
    h->used += HEADER + (uint32_t)size;
    host_fix(h, at);
    return at;
}

uint32_t host_table(struct host *h, const char *signature, const void *body, size_t size)
{
    uint32_t at = host_table_apart(h, signature, body, size);

    host_put(h, h->root + HEADER + h->width * h->count, HOST_BASE + at, h->width);
    h->count++;
    return at;
}

void host_finish(struct host *h)
{
    host_put(h, h->root + 4, HEADER + h->count * h->width, 4);
    host_fix(h, h->root);
    memcpy(h->bytes + h->rsdp, "RSD PTR ", 8);
    h->bytes[h->rsdp + 15] = h->width == 8 ? 2 : 0;
    host_put(h, h->rsdp + 16, HOST_BASE + h->root, 4);
    fix_sum(h, h->rsdp, 20, h->rsdp + 8);
    if (h->width == 8) {
        host_put(h, h->rsdp + 20, 36, 4);
        host_put(h, h->rsdp + 24, HOST_BASE + h->root, 8);
        fix_sum(h, h->rsdp, 36, h->rsdp + 32);
    }
}

void host_q35(struct host *h, unsigned width)
{
    static const uint8_t madt[] = {
        0x00, 0x00, 0xe0, 0xfe, 1, 0, 0, 0,
        0, 8, 0, 0, 1, 0, 0, 0,                         /* CPU 0 */
        0, 8, 1, 1, 1, 0, 0, 0,                         /* CPU 1 */
        0, 8, 2, 7, 0, 0, 0, 0,                         /* not there */
        9, 16, 0, 0, 0x2c, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, /* x2APIC 300 */
        1, 12, 2, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0,      /* I/O APIC */
        2, 10, 0, 0, 2, 0, 0, 0, 0, 0,                  /* IRQ 0 -> 2 */
        2, 10, 0, 9, 9, 0, 0, 0, 13, 0,
        4, 6, 255, 0, 0, 1,                             /* NMI, skipped */
    };
    static const uint8_t mcfg[24] = { [8] = 0, [8 + 3] = 0xb0, [8 + 11] = 255 };
    static const uint8_t hpet[20] = { [4] = 0, [4 + 4 + 2] = 0xd0, [4 + 4 + 3] = 0xfe };
    static const uint8_t aml[] = {
        0x08, '_', 'S', '3', '_', 0x12, 0x06, 0x04, 0x01, 0x01, 0x00, 0x00,
        0x08, '_', 'S', '5', '_', 0x12, 0x08, 0x04, 0x0a, 0x05, 0x0a, 0x05, 0x00, 0x00,
    };
    static const uint8_t ivrs[] = {
        0, 0x28, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0,       /* 40-bit addresses */
        0x10, 0, 36, 0, 0x10, 0, 0x40, 0, 0, 0, 0xd8, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0x44, 0, 0, 0,
        1, 0, 0, 0,                                     /* every device */
        72, 0, 0, 0, 2, 0xa0, 0, 1,                     /* I/O APIC 2 is 00:14.0 */
    };
    static const uint8_t dmar[] = {
        38, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,            /* 39-bit addresses, interrupts are remapped */
        0, 0, 24, 0, 1, 0, 0, 0, 0, 0, 0xd9, 0xfe, 0, 0, 0, 0, /* a unit for every device */
        3, 8, 0, 0, 2, 0xff, 0, 0,                      /* I/O APIC 2 is ff:00.0 */
        2, 0, 8, 0, 1, 0, 0, 0,                         /* devices may translate */
    };
    uint8_t fadt[244 - HEADER] = { 0 }, tpm2[76 - HEADER] = { 0 };

    host_init(h, width);
    host_q35_dsdt = host_table_apart(h, "DSDT", aml, sizeof(aml));
    host_q35_fadt = host_table(h, "FACP", fadt, sizeof(fadt));
    host_put(h, host_q35_fadt + 40, HOST_BASE + host_q35_dsdt, 4);
    host_put(h, host_q35_fadt + 64, 0x604, 4);  /* PM1a control */
    host_put(h, host_q35_fadt + 76, 0x608, 4);  /* PM timer */
    host_put(h, host_q35_fadt + 91, 4, 1);
    host_put(h, host_q35_fadt + 112, 1u << 8 | 1u << 10, 4);
    host_put(h, host_q35_fadt + 116, 1, 1);     /* reset: port 0xcf9 */
    host_put(h, host_q35_fadt + 120, 0xcf9, 8);
    host_put(h, host_q35_fadt + 128, 0x0f, 1);
    host_fix(h, host_q35_fadt);
    host_q35_madt = host_table(h, "APIC", madt, sizeof(madt));
    host_table(h, "HPET", hpet, sizeof(hpet));
    host_q35_mcfg = host_table(h, "MCFG", mcfg, sizeof(mcfg));
    host_q35_tpm2 = host_table(h, "TPM2", tpm2, sizeof(tpm2));
    host_put(h, host_q35_tpm2 + 48, 6, 4);
    host_put(h, host_q35_tpm2 + 64, 0x10000, 4);
    host_put(h, host_q35_tpm2 + 68, 0x7ffd0000, 8);
    host_fix(h, host_q35_tpm2);
    host_q35_ivrs = host_table(h, "IVRS", ivrs, sizeof(ivrs));
    host_q35_dmar = host_table(h, "DMAR", dmar, sizeof(dmar));
    host_finish(h);
}
