/* SPDX-License-Identifier: Apache-2.0 */
/* Where one byte can change without the host failing to boot. Bounded reads of our own files. */
#include "tamper.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
           || c == '.' || c == '-';
}

/*
 * A type in a binary policy is four little-endian words, the first being the length of the name that
 * follows. Types end in "_t" or "_type" by custom; the last letter of one that occurs nowhere in
 * `names` (manifest and seed, which name types) may change.
 */
ssize_t tamper_find_policy(const uint8_t *policy, size_t size, const uint8_t *names,
                           size_t names_size)
{
    for (size_t at = 16; at + 3 < size; at++) {
        uint32_t length = le32(policy + at - 16);

        if (length < 4 || length > 64 || length > size - at) {
            continue;
        }
        size_t i = 0;

        while (i < length && is_name_char(policy[at + i])) {
            i++;
        }
        if (i < length || memcmp(policy + at + length - 2, "_t", 2) != 0
            || (at + length < size && is_name_char(policy[at + length]))) {
            continue;
        }
        if (memmem(names, names_size, policy + at, length) == NULL) {
            return (ssize_t)(at + length - 1);
        }
    }
    return -1;
}

/* Whether [offset, offset + length) covers `at`. */
static int covers(uint64_t offset, uint64_t length, size_t at)
{
    return at >= offset && at - offset < length;
}

/* The byte must be in no header table and in nothing that is loaded. */
static int elf32_free(const uint8_t *elf, const Elf32_Ehdr *head, size_t at)
{
    if (at < sizeof(*head) || covers(head->e_phoff, (uint64_t)head->e_phnum * sizeof(Elf32_Phdr), at)
        || covers(head->e_shoff, (uint64_t)head->e_shnum * sizeof(Elf32_Shdr), at)) {
        return 0;
    }
    for (unsigned int i = 0; i < head->e_phnum; i++) {
        Elf32_Phdr ph;

        memcpy(&ph, elf + head->e_phoff + i * sizeof(ph), sizeof(ph));
        if (covers(ph.p_offset, ph.p_filesz, at)) {
            return 0;
        }
    }
    return 1;
}

static int elf64_free(const uint8_t *elf, const Elf64_Ehdr *head, size_t at)
{
    if (at < sizeof(*head) || covers(head->e_phoff, (uint64_t)head->e_phnum * sizeof(Elf64_Phdr), at)
        || covers(head->e_shoff, (uint64_t)head->e_shnum * sizeof(Elf64_Shdr), at)) {
        return 0;
    }
    for (unsigned int i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr ph;

        memcpy(&ph, elf + head->e_phoff + i * sizeof(ph), sizeof(ph));
        if (covers(ph.p_offset, ph.p_filesz, at)) {
            return 0;
        }
    }
    return 1;
}

ssize_t tamper_find_elf(const uint8_t *elf, size_t size)
{
    Elf32_Ehdr head32;
    Elf64_Ehdr head64;

    if (size < sizeof(head64) || memcmp(elf, ELFMAG, SELFMAG) != 0) {
        return -1;
    }
    memcpy(&head32, elf, sizeof(head32));
    memcpy(&head64, elf, sizeof(head64));
    int is64 = elf[EI_CLASS] == ELFCLASS64;
    uint64_t table = is64 ? head64.e_phoff : head32.e_phoff;
    uint64_t length = is64 ? (uint64_t)head64.e_phnum * sizeof(Elf64_Phdr)
                           : (uint64_t)head32.e_phnum * sizeof(Elf32_Phdr);

    if (table > size || length > size - table) {
        return -1;
    }
    for (size_t at = size; at-- > 0;) {
        if (is64 ? elf64_free(elf, &head64, at) : elf32_free(elf, &head32, at)) {
            return (ssize_t)at;
        }
    }
    return -1;
}

/* RFC 1952: magic, method, flags, then four bytes of modification time, which nothing reads. */
ssize_t tamper_find_gzip(const uint8_t *gz, size_t size)
{
    return size >= 18 && gz[0] == 0x1f && gz[1] == 0x8b && gz[2] == 8 ? 4 : -1;
}

/* -- the loader's embedded configuration ------------------------------------------------------- */
#define TAR_BLOCK 512
#define TAR_SIZE_AT 124
#define TAR_SUM_AT 148
#define TAR_MAGIC_AT 257

static void tar_checksum_set(uint8_t *header)
{
    unsigned int sum = 0;
    char text[8];

    memset(header + TAR_SUM_AT, ' ', 8);
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        sum += header[i];
    }
    snprintf(text, sizeof(text), "%06o", sum & 0777777);
    memcpy(header + TAR_SUM_AT, text, 7);
}

/* End of the line that loads the hypervisor, or NULL. */
static uint8_t *hypervisor_line_end(uint8_t *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        uint8_t *line = text + at;
        uint8_t *end = memchr(line, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - line) : size - at;
        size_t blank = 0;

        while (blank < length && (line[blank] == ' ' || line[blank] == '\t')) {
            blank++;
        }
        if (length - blank > 11 && memcmp(line + blank, "multiboot2 ", 11) == 0) {
            return line + length;
        }
        at += length + 1;
    }
    return NULL;
}

static int member_extend(uint8_t *header, size_t size, const char *words)
{
    char field[13] = "";
    size_t extra = strlen(words);

    memcpy(field, header + TAR_SIZE_AT, 12);
    unsigned long length = strtoul(field, NULL, 8);

    if (length == 0 || length > size - TAR_BLOCK) {
        return -1;
    }
    uint8_t *text = header + TAR_BLOCK;
    uint8_t *end = hypervisor_line_end(text, length);
    size_t padded = (length + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;

    if (end == NULL || padded - length < extra || padded > size - TAR_BLOCK) {
        return -1;
    }
    memmove(end + extra, end, length - (size_t)(end - text));
    memcpy(end, words, extra);
    snprintf(field, sizeof(field), "%011lo", length + extra);
    memcpy(header + TAR_SIZE_AT, field, 12);
    tar_checksum_set(header);
    return 0;
}

int tamper_grub(uint8_t *image, size_t size, const char *words)
{
    for (size_t at = 0; at + 2 * TAR_BLOCK <= size; at++) {
        if (memcmp(image + at + TAR_MAGIC_AT, "ustar", 5) == 0
            && memmem(image + at, 100, "grub.cfg", 8) != NULL
            && member_extend(image + at, size - at, words) == 0) {
            return 0;
        }
    }
    return -1;
}

int tamper_efi_cmdline(uint8_t *image, size_t size, const char *words)
{
    static const char name[8] = ".cmdline";
    size_t pe = size >= 64 ? le32(image + 0x3c) : size;

    if (pe > size || size - pe < 24) {
        return -1;
    }
    size_t count = le32(image + pe + 4) >> 16;
    size_t table = pe + 24 + (le32(image + pe + 20) & 0xffff);

    for (size_t i = 0; i < count && table + (i + 1) * 40 <= size; i++) {
        const uint8_t *entry = image + table + i * 40;
        size_t length = le32(entry + 8), at = le32(entry + 20), used = 0;

        if (memcmp(entry, name, sizeof(name)) != 0) {
            continue;
        }
        if (at > size || length > size - at) {
            return -1;
        }
        while (used < length && image[at + used] != 0) {
            used++;
        }
        if (length - used <= strlen(words)) {
            return -1;
        }
        memcpy(image + at + used, words, strlen(words));
        return 0;
    }
    return -1;
}
