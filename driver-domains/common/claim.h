/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is served from what. A device or file that anybody may write has one user; one that all only
 * read may have many. A device is claimed from the kernel too (O_EXCL), so that neither a mounted
 * file system nor a volume group, nor another part of the same disk, is served beside it.
 */
#ifndef DRIVER_DOMAINS_CLAIM_H
#define DRIVER_DOMAINS_CLAIM_H

#include <sys/types.h>

#include "qemu_nbd.h"

#define CLAIM_PATH_MAX 300

enum claim_format {
    FORMAT_RAW,
    FORMAT_QCOW2, /* a file that a tool reads */
};

struct claim {
    unsigned int users;  /* 0: the place is free */
    int readonly;
    enum claim_format format;
    struct qemu_nbd tool; /* of FORMAT_QCOW2 */
    dev_t device;        /* key: of the file system that the file is in, or the block device's own */
    ino_t inode;         /* 0 for a block device */
    int held;            /* descriptor that keeps the claim, and a loop or nbd device alive */
    dev_t number;        /* what the kernel's backend opens */
    char path[CLAIM_PATH_MAX]; /* its name */
};

/**
 * Take a device or a file.
 *
 * @param fd        an open block device or regular file; the caller closes it
 * @param path      the block device's name; of a file not used
 * @param readonly  the user will not write
 * @param format    of a file; a block device is raw
 * @param why       out, on failure: what is wrong and what to do
 * @return the claim; NULL with errno, 0 where `why` says it all
 */
struct claim *claim_take(int fd, const char *path, int readonly, enum claim_format format, const char **why);

/**
 * Know a loop device again that an earlier life of this process set up.
 *
 * @param path  its name
 */
struct claim *claim_adopt_loop(const char *path, int readonly);

/** The same of an nbd device. */
struct claim *claim_adopt_nbd(const char *path, int readonly);

/** Is it served still? @return 0; -1 its tool has ended, `why` says how */
int claim_look(struct claim *claim, const char **why);

/** One user less; the last one frees it. NULL is no mistake. */
void claim_release(struct claim *claim);

#endif
