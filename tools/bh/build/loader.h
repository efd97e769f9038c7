/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot loader: GRUB as one EFI program with its configuration inside, so that the firmware's
 * measurement of the program covers the configuration too. What GRUB measures on the way is known
 * in advance; loader_events() lists it in order. The same GRUB for a BIOS, which measures nothing:
 * Debian's i386-pc build has no module tpm.
 */
#ifndef BH_BUILD_LOADER_H
#define BH_BUILD_LOADER_H

#include "debian.h"
#include "image.h"

#define LOADER_PATH "EFI/BOOT/BOOTX64.EFI"
#define LOADER_BIOS_PATH "bios-core.img"

/* GRUB's own parts come out of these; grub-mkimage, which puts them together, is the build machine's. */
#define LOADER_PACKAGE "grub-efi-amd64-bin"
#define LOADER_BIOS_PACKAGE "grub-pc-bin"

/** GRUB's configuration for an image. */
void loader_config(const struct image *image, struct buf *out);

/** Make the EFI program and the BIOS core with grub-mkimage, at LOADER_PATH and LOADER_BIOS_PATH in `folder`. */
bool loader_make(const struct image *image, struct debian *debian, const char *folder, struct diag *diag);

/**
 * What a BIOS runs: GRUB's boot sector, and its core at a place of the disk.
 *
 * @param folder  the image's folder
 * @param sector  where the core will be
 * @param code    out: GPT_BOOT_CODE bytes for the first sector
 * @param core    out: whole sectors
 */
bool loader_bios(struct debian *debian, const char *folder, uint32_t sector, uint8_t *code,
                 struct buf *core, struct diag *diag);

enum loader_event_kind {
    LOADER_COMMAND, /* PCR 8: hash of `text` */
    LOADER_FILE,    /* PCR 9: hash of the file `text` below the image's folder */
};

struct loader_event {
    enum loader_event_kind kind;
    const char *component; /* what it belongs to: hypervisor, cmdline, loader, or a module's name */
    char *text;            /* owned */
};

/**
 * Everything GRUB extends, in the order it does.
 *
 * @param events  out: owned, loader_events_free()
 * @return how many
 * Source: measured with GRUB 2.06: of a command its words joined by one blank, of kernel and
 *         module command lines what follows the file name, of files the bytes on disk.
 */
size_t loader_events(const struct image *image, struct loader_event **events);

void loader_events_free(struct loader_event *events, size_t count);

#endif
