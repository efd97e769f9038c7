/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image files that are not raw, as block devices: Debian's qemu-nbd reads the format, the kernel's nbd device passes its
 * blocks on. The tool is a program of many formats and protocols that reads what somebody else made, in a domain with
 * everybody's disks. So it gets one open file and one socket, and keeps no way to others (Landlock), no capability but the one to open
 * that file again, and no sight of other processes; it is told the format, and to open no backing file.
 */
#ifndef DRIVER_DOMAINS_QEMU_NBD_H
#define DRIVER_DOMAINS_QEMU_NBD_H

#include <stddef.h>
#include <sys/types.h>

struct qemu_nbd {
    int process;  /* pidfd */
    int messages; /* what it says; -1: an earlier life of this process heard it */
    int number;   /* of the device */
};

/**
 * Serve a qcow2 image.
 *
 * @param file  open regular file
 * @param path  out: the device's name
 * @param why   out, on failure: what is wrong and what to do, until the next call
 * @return descriptor of the device; -1 with errno, 0 where `why` says it all
 */
int qemu_nbd_start(int file, int readonly, struct qemu_nbd *tool, char *path, size_t size, const char **why);

/**
 * Know a device again that an earlier life of this process set up.
 *
 * @param path           its name
 * @param device, inode  out: the file that it is made of
 * @return 0; -1 it has none, or the tool has ended: the device is of no use
 */
int qemu_nbd_adopt(const char *path, struct qemu_nbd *tool, dev_t *device, ino_t *inode);

/** Pass on what it said. @return 0 it runs; -1 it has ended, `why` says how, until the next call */
int qemu_nbd_look(struct qemu_nbd *tool, const char **why);

/** Close the device and end the tool, after everything has been written. */
void qemu_nbd_stop(struct qemu_nbd *tool, int device);

#endif
