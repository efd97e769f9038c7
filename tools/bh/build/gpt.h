/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A GUID partition table with one EFI system partition and, for disks that a BIOS boots too, a
 * partition before it for the BIOS loader's core. UEFI specification 2.10, section 5.3. All
 * identifiers come from a seed, so that the same host gives the same bytes.
 */
#ifndef BH_BUILD_GPT_H
#define BH_BUILD_GPT_H

#include <stdint.h>

#include "buf.h"

#define GPT_SECTOR 512u
#define GPT_FIRST_SECTOR 2048u /* the partition starts at 1 MiB */
#define GPT_HEAD_SECTORS 34u   /* protective MBR, header, 128 entries */
#define GPT_TAIL_SECTORS 33u   /* entries, header */
#define GPT_BIOS_SECTOR 40u    /* the BIOS boot partition, up to GPT_FIRST_SECTOR */
#define GPT_BOOT_CODE 440u     /* bytes of the first sector that are a BIOS's to run */

/**
 * The two ends of a disk.
 *
 * @param seed     text that the identifiers are made from
 * @param sectors  size of the partition, in 512-byte sectors
 * @param boot     GPT_BOOT_CODE bytes for the first sector, and the disk has a BIOS boot partition;
 *                 or NULL
 * @param head     out: sectors 0 to GPT_HEAD_SECTORS - 1
 * @param tail     out: the last GPT_TAIL_SECTORS sectors; the disk has GPT_FIRST_SECTOR + sectors +
 *                 GPT_TAIL_SECTORS of them
 */
void gpt_make(const char *seed, uint64_t sectors, const uint8_t *boot, struct buf *head,
              struct buf *tail);

#endif
