/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a disk is served from, as host.conf's key `target` says it:
 *
 *   /dev/NAME             a whole disk, a partition, any block device
 *   /dev/VG/LV            a volume of LVM, activated when it is asked for and not there
 *   /dev/NAME:/PATH       an image file in the ext4 file system on that device
 *   /images/PATH          an image file of the ramdisk
 *
 * The text comes from the measured seed; it is checked all the same. No symbolic link is followed
 * inside a file system, and none leads out of it.
 */
#ifndef DRIVER_DOMAINS_TARGET_H
#define DRIVER_DOMAINS_TARGET_H

#define TARGET_MAX 256

#ifndef TARGET_IMAGES /* a test has its own */
#define TARGET_IMAGES "/images"
#define TARGET_MOUNTS "/run/mnt"
#endif

struct target {
    char device[TARGET_MAX]; /* block device, or empty */
    char file[TARGET_MAX];   /* path in that device's file system, or in /images; or empty */
};

/** Take a target apart. @return 0; -1 it is none */
int target_parse(const char *text, struct target *target);

/**
 * Open what it names.
 *
 * @param readonly  open, and mount, for reading alone
 * @param attempt   how often it has been tried: activation is not tried each time
 * @param why       out, on failure: what failed
 * @return descriptor of a block device (not yet claimed) or a regular file; -1 with errno, ENOENT
 *         and ENXIO when the device may still come
 */
int target_open(const struct target *target, int readonly, unsigned int attempt, const char **why);

#endif
