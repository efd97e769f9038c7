/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A GUID partition table with one EFI system partition. UEFI specification 2.10, section 5.3. All
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

/**
 * The two ends of a disk.
 *
 * @param seed     text that the identifiers are made from
 * @param sectors  size of the partition, in 512-byte sectors
 * @param head     out: sectors 0 to GPT_HEAD_SECTORS - 1
 * @param tail     out: the last GPT_TAIL_SECTORS sectors; the disk has GPT_FIRST_SECTOR + sectors +
 *                 GPT_TAIL_SECTORS of them
 */
void gpt_make(const char *seed, uint64_t sectors, struct buf *head, struct buf *tail);

#endif
