/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mtools write into the partition of the disk file itself. They take every time from
 * SOURCE_DATE_EPOCH, and the serial number is given, so that the bytes depend on the files alone.
 */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "efi_image.h"
#include "file.h"
#include "gpt.h"
#include "loader.h"
#include "spawn.h"

/*
 * Clusters of 4 KiB: loaders walk the chain of clusters one by one, 512-byte ones make that slow.
 * FAT32 has at least 65525 clusters; the disk file has holes for those that are free.
 */
#define CLUSTER 4096u
#define CLUSTERS_MIN 65600u
#define FAT_ENTRY 4u

static uint64_t file_size(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static uint64_t clusters_of(uint64_t size)
{
    return (size + CLUSTER - 1) / CLUSTER + 1;
}

/* The program that firmware starts, as a file of the image's folder. */
static char *program_path(const struct image *image, const char *folder)
{
    return bh_printf("%s/%s", folder, image->host->boot == BOOT_EFI ? EFI_IMAGE_PATH : LOADER_PATH);
}

static uint64_t partition_sectors(const struct image *image, const char *folder)
{
    char *program = program_path(image, folder);
    uint64_t clusters = 16 + clusters_of(file_size(program));

    if (image->host->boot == BOOT_GRUB) {
        clusters += clusters_of(image->hypervisor.len);
        for (unsigned int i = 0; i < image->module_count; i++) {
            clusters += clusters_of(image->modules[i].data.len);
        }
    }
    free(program);
    clusters += clusters / 16;
    if (clusters < CLUSTERS_MIN) {
        clusters = CLUSTERS_MIN;
    }
    /* The data, two tables, and what is reserved before them; whole MiB. */
    uint64_t bytes = clusters * CLUSTER + 2 * clusters * FAT_ENTRY + 65536;

    return (bytes + (1 << 20) - 1) / (1 << 20) * ((1 << 20) / GPT_SECTOR);
}

/* The sectors before the partition and behind it: tables, and what a BIOS loads. */
static bool ends_write(const struct image *image, struct debian *debian, const char *path, const char *folder,
                       uint64_t sectors, struct diag *diag)
{
    struct buf head = { 0 }, tail = { 0 }, core = { 0 };
    bool bios = image->host->boot == BOOT_GRUB;
    uint8_t code[GPT_BOOT_CODE];

    if (bios && !loader_bios(debian, folder, GPT_BIOS_SECTOR, code, &core, diag)) {
        buf_free(&core);
        return false;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    gpt_make(image->host->name, sectors, bios ? code : NULL, &head, &tail);
    off_t tail_at = (off_t)((GPT_FIRST_SECTOR + sectors) * GPT_SECTOR);
    bool fits = core.len <= (GPT_FIRST_SECTOR - GPT_BIOS_SECTOR) * GPT_SECTOR;
    bool good = fits && fd >= 0 && pwrite(fd, head.data, head.len, 0) == (ssize_t)head.len
                && pwrite(fd, core.data, core.len, GPT_BIOS_SECTOR * GPT_SECTOR)
                       == (ssize_t)core.len
                && pwrite(fd, tail.data, tail.len, tail_at) == (ssize_t)tail.len;

    if (!good) {
        diag_error(diag, path, 0, NULL, "cannot be written: %s",
                   fits ? strerror(errno) : "the BIOS loader is too big");
    }
    if (fd >= 0) {
        close(fd);
    }
    buf_free(&head);
    buf_free(&core);
    buf_free(&tail);
    return good;
}

static bool file_copy(const char *drive, const char *from, const char *to, struct diag *diag)
{
    char *target = bh_printf("::%s", to);
    const char *argv[] = { "mcopy", "-i", drive, from, target, NULL };
    bool good = spawn_check(argv, NULL, NULL, diag);

    free(target);
    return good;
}

static bool files_copy(const struct image *image, const char *folder, const char *drive,
                       struct diag *diag)
{
    bool efi = image->host->boot == BOOT_EFI;
    const char *folders[] = { "mmd", "-i", drive, "::EFI", "::EFI/BOOT", efi ? NULL : "::boot",
                              NULL };
    char *program = program_path(image, folder);
    char *hypervisor = bh_printf("%s/boot/bulkhead", folder);
    bool good = spawn_check(folders, NULL, NULL, diag)
                && file_copy(drive, program, LOADER_PATH, diag)
                && (efi || file_copy(drive, hypervisor, "boot/bulkhead", diag));

    for (unsigned int i = 0; i < image->module_count && good && !efi; i++) {
        char *name = bh_printf("boot/%s", image->modules[i].name);
        char *from = bh_printf("%s/%s", folder, name);

        good = file_copy(drive, from, name, diag);
        free(name);
        free(from);
    }
    free(program);
    free(hypervisor);
    return good;
}

bool disk_make(const struct image *image, struct debian *debian, const char *folder, const char *path,
               struct diag *diag)
{
    uint64_t sectors = partition_sectors(image, folder);
    char *drive = bh_printf("%s@@%u", path, GPT_FIRST_SECTOR * GPT_SECTOR);
    char *size = bh_printf("%llu", (unsigned long long)sectors);
    char *hidden = bh_printf("%u", GPT_FIRST_SECTOR);
    char *cluster = bh_printf("%u", CLUSTER / GPT_SECTOR);
    uint8_t hash[SHA256_DIGEST_LENGTH];

    SHA256((const uint8_t *)image->host->name, strlen(image->host->name), hash);
    char *serial = bh_printf("%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3]);
    const char *format[] = { "mformat", "-i", drive, "-F", "-T", size, "-H", hidden, "-c",
                             cluster, "-N", serial, "-v", "BULKHEAD", "::", NULL };
    bool good = ends_write(image, debian, path, folder, sectors, diag)
                && spawn_check(format, NULL, NULL, diag)
                && files_copy(image, folder, drive, diag);

    free(drive);
    free(size);
    free(hidden);
    free(cluster);
    free(serial);
    return good;
}
