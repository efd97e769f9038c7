/* SPDX-License-Identifier: Apache-2.0 */
/* Files in the ESP of a host image's disk, by mtools; whole files of the host's file system. */
#ifndef BH_RUN_TAMPER_DISK_H
#define BH_RUN_TAMPER_DISK_H

#include <stddef.h>
#include <stdint.h>

#define TAMPER_FILE_MAX (256u << 20)

/** Read a whole file. @return owned bytes; NULL with a line on stderr */
uint8_t *tamper_read(const char *path, size_t *size);

/** Write a whole file. @return 0; -1 with a line on stderr */
int tamper_write(const char *path, const uint8_t *data, size_t size);

/** Replace the file `name` of the ESP of DIR/disk.img. @return 0; -1 with a line on stderr */
int tamper_disk_put(const char *dir, const char *path, const char *name);

/** Copy the file `name` of the ESP out. @return 0; -1 with a line on stderr */
int tamper_disk_get(const char *dir, const char *path, const char *name);

/**
 * Where the EFI system partition of a GPT disk begins.
 *
 * @param disk  the first bytes of the disk, the partition table included
 * @return byte offset; 0 no GPT, or no such partition in the bytes given
 * Source: UEFI 2.9, 5.3.2 and 5.3.3; sectors of 512 bytes.
 */
uint64_t tamper_esp_offset(const uint8_t *disk, size_t size);

#endif
