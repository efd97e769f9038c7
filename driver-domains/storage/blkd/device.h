/* SPDX-License-Identifier: Apache-2.0 */
/* The block device that a disk is served from, and what it can do. */
#ifndef BLKD_DEVICE_H
#define BLKD_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct device {
    int fd;                         /* opened past the page cache; -1: none */
    uint64_t sectors;               /* of 512 bytes */
    unsigned int logical, physical; /* bytes of its own sectors */
    uint64_t discard_granularity;   /* 0: it cannot discard */
    bool readonly;
    bool lingers; /* a loop or nbd device: what it has written is on the disk only after a flush */
};

/**
 * Open a device.
 *
 * @param path    its name
 * @param number  MAJOR:MINOR in hexadecimal, which it must have
 * @return 0; -1 with errno
 */
int device_open(struct device *device, const char *path, const char *number, bool readonly);

void device_close(struct device *device);

#endif
