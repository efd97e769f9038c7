/* SPDX-License-Identifier: Apache-2.0 */
/* The ESP of a host image. */
#include "tamper_disk.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proc.h"

#define SECTOR 512
#define TABLE_BYTES (34 * SECTOR)

static const uint8_t esp_type[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                      0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };

uint8_t *tamper_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    struct stat st;
    uint8_t *data = NULL;

    *size = 0;
    if (file != NULL && fstat(fileno(file), &st) == 0 && st.st_size > 0
        && (uint64_t)st.st_size <= TAMPER_FILE_MAX) {
        *size = (size_t)st.st_size;
        data = malloc(*size);
        if (data != NULL && fread(data, 1, *size, file) != *size) {
            free(data);
            data = NULL;
        }
    }
    if (data == NULL) {
        fprintf(stderr, "bh tamper: %s: cannot be read\n", path);
    }
    if (file != NULL) {
        fclose(file);
    }
    return data;
}

int tamper_write(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "we");
    int good = file != NULL && fwrite(data, 1, size, file) == size;

    if (file != NULL && fclose(file) != 0) {
        good = 0;
    }
    if (!good) {
        fprintf(stderr, "bh tamper: %s: %s\n", path, strerror(errno));
    }
    return good ? 0 : -1;
}

static uint64_t le64(const uint8_t *p)
{
    uint64_t value = 0;

    for (int i = 7; i >= 0; i--) {
        value = value << 8 | p[i];
    }
    return value;
}

uint64_t tamper_esp_offset(const uint8_t *disk, size_t size)
{
    if (size < TABLE_BYTES || memcmp(disk + SECTOR, "EFI PART", 8) != 0) {
        return 0;
    }
    uint64_t table = le64(disk + SECTOR + 72);
    uint64_t count = le64(disk + SECTOR + 80) & 0xffffffff;
    uint64_t entry = le64(disk + SECTOR + 80) >> 32;

    if (table > size / SECTOR || entry < 128 || entry > SECTOR || count > 128) {
        return 0;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = table * SECTOR + i * entry;

        if (at + entry > size) {
            return 0;
        }
        uint64_t first = le64(disk + at + 32);

        if (memcmp(disk + at, esp_type, sizeof(esp_type)) == 0 && first < UINT64_MAX / SECTOR) {
            return first * SECTOR;
        }
    }
    return 0;
}

static int mcopy(const char *dir, const char *from, const char *to)
{
    char image[PATH_MAX + 64];
    uint8_t table[TABLE_BYTES];
    struct proc proc;

    snprintf(image, sizeof(image), "%s/disk.img", dir);
    FILE *file = fopen(image, "re");
    size_t got = file != NULL ? fread(table, 1, sizeof(table), file) : 0;

    if (file != NULL) {
        fclose(file);
    }
    uint64_t offset = got == sizeof(table) ? tamper_esp_offset(table, got) : 0;

    if (offset == 0) {
        fprintf(stderr, "bh tamper: %s: no EFI system partition found\n", image);
        return -1;
    }
    size_t used = strlen(image);

    snprintf(image + used, sizeof(image) - used, "@@%" PRIu64, offset);
    char *argv[] = { (char[]){ "mcopy" }, (char[]){ "-o" }, (char[]){ "-i" }, image, strdupa(from),
                     strdupa(to), NULL };
    int status = proc_start(&proc, argv, NULL, NULL, 0) == 0 ? proc_wait(&proc, 60) : -1;

    proc_end(&proc, 1);
    if (status != 0) {
        fprintf(stderr, "bh tamper: mcopy %s %s failed (status %d)\n", from, to, status);
    }
    return status == 0 ? 0 : -1;
}

int tamper_disk_put(const char *dir, const char *path, const char *name)
{
    char to[PATH_MAX];

    snprintf(to, sizeof(to), "::/%s", name);
    return mcopy(dir, path, to);
}

int tamper_disk_get(const char *dir, const char *path, const char *name)
{
    char from[PATH_MAX];

    snprintf(from, sizeof(from), "::/%s", name);
    return mcopy(dir, from, path);
}
