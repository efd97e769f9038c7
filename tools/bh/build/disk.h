/* SPDX-License-Identifier: Apache-2.0 */
/* The boot disk: a partition table, one FAT32 file system, the files of the image in it. */
#ifndef BH_BUILD_DISK_H
#define BH_BUILD_DISK_H

#include "debian.h"
#include "image.h"

/**
 * Make a disk image without root rights or mounts.
 *
 * @param image   which files there are
 * @param debian  has GRUB's boot sector
 * @param folder  the image's folder; boot/... and the loader are in it already
 * @param path    the disk to write; holes where it holds nothing
 */
bool disk_make(const struct image *image, struct debian *debian, const char *folder, const char *path,
               struct diag *diag);

#endif
