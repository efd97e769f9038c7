/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A number that the kernel tells of the device's queue, which a partition shares with its disk; 0: none. */
static uint64_t queue_number(dev_t number, const char *name)
{
    static const char *const folders[] = { "queue", "../queue" };
    char path[128], text[32];

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s/%s", major(number), minor(number), folders[i], name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

        if (fd >= 0) {
            close(fd);
        }
        if (n > 0) {
            text[n] = '\0';
            return strtoull(text, NULL, 10);
        }
    }
    return 0;
}

static int measure(struct device *d, dev_t number)
{
    uint64_t bytes;
    int logical;
    unsigned int physical;

    if (ioctl(d->fd, BLKGETSIZE64, &bytes) < 0 || ioctl(d->fd, BLKSSZGET, &logical) < 0
        || ioctl(d->fd, BLKPBSZGET, &physical) < 0) {
        return -1;
    }
    d->sectors = bytes / 512;
    d->logical = (unsigned int)logical;
    d->physical = physical;
    /* A discard is asked of it as zeroes that take no room. */
    if (queue_number(number, "discard_max_bytes") != 0 && queue_number(number, "write_zeroes_max_bytes") != 0) {
        d->discard_granularity = queue_number(number, "discard_granularity");
    }
    d->lingers = major(number) == LOOP_MAJOR || major(number) == NBD_MAJOR;
    return 0;
}

int device_open(struct device *device, const char *path, const char *number, bool readonly)
{
    struct device d = { .readonly = readonly };
    unsigned int high, low;
    struct stat st;

    if (sscanf(number, "%x:%x", &high, &low) != 2) {
        errno = EINVAL;
        return -1;
    }
    d.fd = open(path, (readonly ? O_RDONLY : O_RDWR) | O_DIRECT | O_CLOEXEC); /* a volume is a link */
    if (d.fd < 0) {
        return -1;
    }
    if (fstat(d.fd, &st) < 0 || !S_ISBLK(st.st_mode) || st.st_rdev != makedev(high, low)) {
        close(d.fd);
        errno = ENODEV;
        return -1;
    }
    if (measure(&d, st.st_rdev) < 0) {
        int error = errno;

        close(d.fd);
        errno = error;
        return -1;
    }
    *device = d;
    return 0;
}

void device_close(struct device *device)
{
    if (device->fd >= 0) {
        close(device->fd);
    }
    device->fd = -1;
}
