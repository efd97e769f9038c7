/* SPDX-License-Identifier: Apache-2.0 */
#include "gpt.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ENTRY_COUNT 128u
#define ENTRY_SIZE 128u
#define ENTRIES_SIZE (ENTRY_COUNT * ENTRY_SIZE)
#define HEADER_SIZE 92u

/* C12A7328-F81F-11D2-BA4B-00A0C93EC93B, as stored: the first three fields little endian. */
static const uint8_t type_esp[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                      0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };

/* 21686148-6449-6E6F-744E-656564454649: BIOS boot partition, as GRUB and partitioning tools have it. */
static const uint8_t type_bios[16] = { 0x48, 0x61, 0x68, 0x21, 0x49, 0x64, 0x6f, 0x6e,
                                       0x74, 0x4e, 0x65, 0x65, 0x64, 0x45, 0x46, 0x49 };

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static void put64(uint8_t *at, uint64_t value)
{
    put32(at, (uint32_t)value);
    put32(at + 4, (uint32_t)(value >> 32));
}

static void guid_make(const char *seed, const char *what, uint8_t out[16])
{
    char *text = bh_printf("bulkhead:%s:%s", what, seed);
    uint8_t hash[SHA256_DIGEST_LENGTH];

    SHA256((const uint8_t *)text, strlen(text), hash);
    memcpy(out, hash, 16);
    out[7] = (uint8_t)((out[7] & 0x0f) | 0x80); /* RFC 9562 version 8; the field is little endian */
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
    free(text);
}

static void header_make(uint8_t header[GPT_SECTOR], const char *seed, uint64_t self,
                        uint64_t other, uint64_t entries_at, uint64_t last_usable,
                        const uint8_t *entries)
{
    memset(header, 0, GPT_SECTOR);
    memcpy(header, "EFI PART", 8);
    put32(header + 8, 0x00010000); /* revision 1.0 */
    put32(header + 12, HEADER_SIZE);
    put64(header + 24, self);
    put64(header + 32, other);
    put64(header + 40, GPT_HEAD_SECTORS);
    put64(header + 48, last_usable);
    guid_make(seed, "disk", header + 56);
    put64(header + 72, entries_at);
    put32(header + 80, ENTRY_COUNT);
    put32(header + 84, ENTRY_SIZE);
    put32(header + 88, (uint32_t)crc32(0, entries, ENTRIES_SIZE));
    put32(header + 16, (uint32_t)crc32(0, header, HEADER_SIZE));
}

static void entry_make(uint8_t entry[ENTRY_SIZE], const uint8_t type[16], const char *seed,
                       const char *what, uint64_t first, uint64_t last, const char *name)
{
    memcpy(entry, type, 16);
    guid_make(seed, what, entry + 16);
    put64(entry + 32, first);
    put64(entry + 40, last);
    for (size_t i = 0; name[i] != '\0'; i++) {
        entry[56 + 2 * i] = (uint8_t)name[i];
    }
}

void gpt_make(const char *seed, uint64_t sectors, const uint8_t *boot, struct buf *head,
              struct buf *tail)
{
    uint64_t total = GPT_FIRST_SECTOR + sectors + GPT_TAIL_SECTORS;
    uint64_t last = total - 1;
    uint64_t last_usable = total - GPT_TAIL_SECTORS - 1;
    uint8_t mbr[GPT_SECTOR] = { 0 };
    uint8_t header[GPT_SECTOR];
    uint8_t *entries = bh_alloc(ENTRIES_SIZE);

    if (boot != NULL) {
        memcpy(mbr, boot, GPT_BOOT_CODE);
    }
    /* Protective MBR: one partition of type 0xee over the whole disk. */
    mbr[446 + 2] = 0x02;
    mbr[446 + 4] = 0xee;
    mbr[446 + 5] = mbr[446 + 6] = mbr[446 + 7] = 0xff;
    put32(mbr + 446 + 8, 1);
    put32(mbr + 446 + 12, last > 0xffffffff ? 0xffffffff : (uint32_t)last);
    mbr[510] = 0x55;
    mbr[511] = 0xaa;

    entry_make(entries, type_esp, seed, "esp", GPT_FIRST_SECTOR, GPT_FIRST_SECTOR + sectors - 1,
               "BULKHEAD");
    if (boot != NULL) {
        entry_make(entries + ENTRY_SIZE, type_bios, seed, "bios", GPT_BIOS_SECTOR,
                   GPT_FIRST_SECTOR - 1, "BIOS");
    }
    header_make(header, seed, 1, last, 2, last_usable, entries);
    buf_put(head, mbr, sizeof(mbr));
    buf_put(head, header, sizeof(header));
    buf_put(head, entries, ENTRIES_SIZE);
    header_make(header, seed, last, 1, total - GPT_TAIL_SECTORS, last_usable, entries);
    buf_put(tail, entries, ENTRIES_SIZE);
    buf_put(tail, header, sizeof(header));
    free(entries);
}
