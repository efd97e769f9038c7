/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is served from what. A device or file that anybody may write has one user; one that all only
 * read may have many. A device is claimed from the kernel too (O_EXCL), so that neither a mounted
 * file system nor a volume group, nor another part of the same disk, is served beside it.
 */
#ifndef DRIVER_DOMAINS_CLAIM_H
#define DRIVER_DOMAINS_CLAIM_H

#include <sys/types.h>

#define CLAIM_PATH_MAX 300

struct claim {
    unsigned int users;  /* 0: the place is free */
    int readonly;
    dev_t device;        /* key: of the file system that the file is in, or the block device's own */
    ino_t inode;         /* 0 for a block device */
    int held;            /* descriptor that keeps the claim, and a loop device alive */
    dev_t number;        /* what the kernel's backend opens */
    char path[CLAIM_PATH_MAX]; /* its name */
};

/**
 * Take a device or a file.
 *
 * @param fd        an open block device or regular file; the caller closes it
 * @param path      the block device's name; of a file not used
 * @param readonly  the user will not write
 * @param why       out, on failure: what is wrong and what to do
 * @return the claim; NULL with errno
 */
struct claim *claim_take(int fd, const char *path, int readonly, const char **why);

/**
 * Know a loop device again that an earlier life of this process set up.
 *
 * @param path  its name
 */
struct claim *claim_adopt_loop(const char *path, int readonly);

/** One user less; the last one frees it. NULL is no mistake. */
void claim_release(struct claim *claim);

#endif
