/* SPDX-License-Identifier: Apache-2.0 */
#include "loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "gpt.h"
#include "spawn.h"

/*
 * GRUB's boot sector for hard disks, and where it and the first sector of the core have what depends on the disk:
 * where the core begins, the jump into a check of the drive number that only floppies need to skip, and the list of
 * blocks of the rest of the core (first block, count, segment; grub-mkimage fills the other two).
 * Source: GRUB 2.06, include/grub/i386/pc/boot.h and offsets.h.
 */
#define EFI_PLATFORM "x86_64-efi"
#define BIOS_PLATFORM "i386-pc"
#define SECTOR 512u
#define BOOT_CORE_AT 0x5c
#define BOOT_DRIVE_CHECK_AT 0x66
#define CORE_LIST_AT (SECTOR - 12)
#define NOP 0x90

#define TAR_BLOCK 512u
#define CONFIG_NAME "boot/grub/grub.cfg"
#define CONFIG_SLACK 128u /* bytes left in the last tar block, so that a test can lengthen a line */

/*
 * Run by GRUB's core before anything else: `root` is the partition the program came from, so no
 * search, which would open and measure files, is needed. The prefix keeps GRUB from looking for its
 * own files on the disk.
 */
static const char core_config[] = "set prefix=(memdisk)/boot/grub\n"
                                  "normal (memdisk)/" CONFIG_NAME "\n";

void loader_config(const struct image *image, struct buf *out)
{
    buf_printf(out, "multiboot2 /boot/bulkhead%s%s\n", *image->cmdline != '\0' ? " " : "",
               image->cmdline);
    for (unsigned int i = 0; i < image->module_count; i++) {
        buf_printf(out, "module2 --nounzip /boot/%s\n", image->modules[i].name);
    }
    buf_puts(out, "boot\n");
}

static void tar_octal(char *field, size_t size, unsigned long long value)
{
    snprintf(field, size, "%0*llo", (int)size - 1, value);
}

/* A ustar archive with one file. POSIX.1-2017, pax, "ustar Interchange Format". */
static void tar_make(const char *name, const struct buf *content, struct buf *out)
{
    char header[TAR_BLOCK] = { 0 };
    unsigned int sum = 0;

    snprintf(header, 100, "%s", name);
    tar_octal(header + 100, 8, 0444);
    tar_octal(header + 108, 8, 0);
    tar_octal(header + 116, 8, 0);
    tar_octal(header + 124, 12, content->len);
    tar_octal(header + 136, 12, 0);
    memset(header + 148, ' ', 8);
    header[156] = '0';
    memcpy(header + 257, "ustar", 6);
    memcpy(header + 263, "00", 2);
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        sum += (unsigned char)header[i];
    }
    snprintf(header + 148, 7, "%06o", sum);
    buf_put(out, header, TAR_BLOCK);
    buf_put(out, content->data, content->len);
    buf_zero(out, (TAR_BLOCK - content->len % TAR_BLOCK) % TAR_BLOCK);
    buf_zero(out, 2 * TAR_BLOCK);
}

/* The folder of a platform's parts of GRUB; owned; NULL after reporting. */
static char *grub_folder(struct debian *debian, const char *package, const char *platform, struct diag *diag)
{
    const char *root = debian_root(debian, package, diag);

    return root != NULL ? bh_printf("%s/usr/lib/grub/%s", root, platform) : NULL;
}

bool loader_make(const struct image *image, struct debian *debian, const char *folder, struct diag *diag)
{
    char *efi_parts = grub_folder(debian, LOADER_PACKAGE, EFI_PLATFORM, diag);
    char *bios_parts = grub_folder(debian, LOADER_BIOS_PACKAGE, BIOS_PLATFORM, diag);
    char *core = bh_printf("%s/core.cfg", folder);
    char *memdisk = bh_printf("%s/memdisk.tar", folder);
    char *efi = bh_printf("%s/%s", folder, LOADER_PATH);
    char *bios = bh_printf("%s/%s", folder, LOADER_BIOS_PATH);
    struct buf config = { 0 }, tar = { 0 };
    /* -m before -p: it sets a prefix of its own. */
    const char *for_efi[] = { "grub-mkimage", "-d", efi_parts, "-O", EFI_PLATFORM, "-m", memdisk, "-p",
                              "/boot/grub", "-c", core, "-o", efi, "boot", "fat", "memdisk",
                              "multiboot2", "normal", "part_gpt", "tar", "tpm", NULL };
    /* A BIOS tells the disk only; the prefix tells the partition. */
    const char *for_bios[] = { "grub-mkimage", "-d", bios_parts, "-O", BIOS_PLATFORM, "-m", memdisk, "-p",
                               "(,gpt1)/boot/grub", "-c", core, "-o", bios, "biosdisk", "boot",
                               "fat", "memdisk", "multiboot2", "normal", "part_gpt", "tar", NULL };

    loader_config(image, &config);
    while ((TAR_BLOCK - config.len % TAR_BLOCK) % TAR_BLOCK < CONFIG_SLACK) {
        buf_puts(&config, "\n");
    }
    tar_make(CONFIG_NAME, &config, &tar);
    bool good = efi_parts != NULL && bios_parts != NULL && file_save(core, core_config, strlen(core_config), diag)
                && file_save(memdisk, tar.data, tar.len, diag)
                && spawn_check(for_efi, NULL, NULL, diag)
                && spawn_check(for_bios, NULL, NULL, diag);

    unlink(core);
    unlink(memdisk);
    buf_free(&config);
    buf_free(&tar);
    free(efi_parts);
    free(bios_parts);
    free(core);
    free(memdisk);
    free(efi);
    free(bios);
    return good;
}

static void put64(char *at, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        at[i] = (char)(value >> (8 * i));
    }
}

bool loader_bios(struct debian *debian, const char *folder, uint32_t sector, uint8_t *code,
                 struct buf *core, struct diag *diag)
{
    char *parts = grub_folder(debian, LOADER_BIOS_PACKAGE, BIOS_PLATFORM, diag);
    char *sector_path = bh_printf("%s/boot.img", parts != NULL ? parts : "");
    char *path = bh_printf("%s/%s", folder, LOADER_BIOS_PATH);
    struct buf boot = { 0 };
    bool good = parts != NULL && file_load(sector_path, &boot, diag) && file_load(path, core, diag);

    if (good && (boot.len != SECTOR || core->len < SECTOR)) {
        diag_error(diag, sector_path, 0, NULL, "is not a boot sector of GRUB");
        good = false;
    }
    if (good) {
        put64(boot.data + BOOT_CORE_AT, sector);
        memset(boot.data + BOOT_DRIVE_CHECK_AT, NOP, 2);
        memcpy(code, boot.data, GPT_BOOT_CODE);
        put64(core->data + CORE_LIST_AT, sector + 1u);
        buf_zero(core, (SECTOR - core->len % SECTOR) % SECTOR);
    }
    buf_free(&boot);
    free(parts);
    free(sector_path);
    free(path);
    return good;
}

static void event_add(struct loader_event **events, size_t *count, enum loader_event_kind kind,
                      const char *component, char *text)
{
    *events = bh_grow(*events, *count + 1, sizeof(**events));
    (*events)[(*count)++] = (struct loader_event){ kind, component, text };
}

size_t loader_events(const struct image *image, struct loader_event **events)
{
    size_t count = 0;

    *events = NULL;
    event_add(events, &count, LOADER_COMMAND, "cmdline",
              bh_printf("multiboot2 /boot/bulkhead%s%s", *image->cmdline != '\0' ? " " : "",
                        image->cmdline));
    event_add(events, &count, LOADER_FILE, "hypervisor", bh_strdup("/boot/bulkhead"));
    event_add(events, &count, LOADER_COMMAND, "cmdline", bh_strdup(image->cmdline));
    for (unsigned int i = 0; i < image->module_count; i++) {
        const char *name = image->modules[i].name;

        event_add(events, &count, LOADER_COMMAND, "loader",
                  bh_printf("module2 --nounzip /boot/%s", name));
        event_add(events, &count, LOADER_FILE, name, bh_printf("/boot/%s", name));
        event_add(events, &count, LOADER_COMMAND, "loader", bh_strdup(""));
    }
    event_add(events, &count, LOADER_COMMAND, "loader", bh_strdup("boot"));
    return count;
}

void loader_events_free(struct loader_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(events[i].text);
    }
    free(events);
}
