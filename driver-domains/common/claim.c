/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what is served, and the devices behind it. */
#include "claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/loop.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop.h"

#define CLAIMS_MAX 64

static struct claim claims[CLAIMS_MAX];

static struct claim *claim_find(dev_t device, ino_t inode)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++) {
        if (claims[i].users != 0 && claims[i].device == device && claims[i].inode == inode) {
            return &claims[i];
        }
    }
    return NULL;
}

static struct claim *claim_free_place(const char **why)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++) {
        if (claims[i].users == 0) {
            return &claims[i];
        }
    }
    *why = "more disks than there is room for; serve some from another domain";
    errno = ENOSPC;
    return NULL;
}

/* One more user of what is served already. */
static struct claim *claim_share(struct claim *claim, int readonly, const char **why)
{
    if (!readonly || !claim->readonly) {
        *why = claim->readonly
                   ? "another disk is served from it for reading; give this one a target of its own, or mode = ro"
                   : "another disk is served from it for writing; give this one a target of its own";
        errno = EBUSY;
        return NULL;
    }
    claim->users++;
    return claim;
}

static int block_hold(struct claim *claim, const char *path, dev_t number, const char **why)
{
    struct stat st;

    snprintf(claim->path, sizeof(claim->path), "%s", path);
    claim->held = open(path, (claim->readonly ? O_RDONLY : O_RDWR) | O_EXCL | O_CLOEXEC);
    if (claim->held < 0) {
        *why = errno == EBUSY ? "a part of this disk, its file system or its volume group is in use; "
                                "use each part in one way"
               : errno == EROFS || errno == EACCES ? "the device cannot be written; add mode = ro"
                                                   : "claiming the device failed";
        return -1;
    }
    if (fstat(claim->held, &st) < 0 || st.st_rdev != number) {
        *why = "the device changed while it was opened";
        close(claim->held);
        errno = EAGAIN;
        return -1;
    }
    claim->number = number;
    return 0;
}

static int file_hold(struct claim *claim, int fd, const char **why)
{
    struct stat st;

    claim->held = loop_attach(fd, claim->readonly, claim->path, sizeof(claim->path));
    if (claim->held < 0) {
        *why = "no loop device for the file; is the module loop in the image?";
        return -1;
    }
    if (fstat(claim->held, &st) < 0) {
        close(claim->held);
        return -1;
    }
    claim->number = st.st_rdev;
    return 0;
}

struct claim *claim_take(int fd, const char *path, int readonly, const char **why)
{
    struct stat st;

    *why = "its state cannot be read";
    if (fstat(fd, &st) < 0) {
        return NULL;
    }
    int block = S_ISBLK(st.st_mode);
    const dev_t device = block ? st.st_rdev : st.st_dev;
    const ino_t inode = block ? 0 : st.st_ino;
    struct claim *claim = claim_find(device, inode);

    if (claim != NULL) {
        return claim_share(claim, readonly, why);
    }
    if ((claim = claim_free_place(why)) == NULL) {
        return NULL;
    }
    *claim = (struct claim){ .readonly = readonly, .device = device, .inode = inode };
    if ((block ? block_hold(claim, path, st.st_rdev, why) : file_hold(claim, fd, why)) < 0) {
        return NULL;
    }
    claim->users = 1;
    return claim;
}

struct claim *claim_adopt_loop(const char *path, int readonly)
{
    struct loop_info64 info;
    const char *why;
    struct stat st;
    int fd = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0 || ioctl(fd, LOOP_GET_STATUS64, &info) < 0) {
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    struct claim *claim = claim_find((dev_t)info.lo_device, (ino_t)info.lo_inode);

    if (claim != NULL) {
        close(fd);
        return claim_share(claim, readonly, &why);
    }
    if ((claim = claim_free_place(&why)) == NULL) {
        close(fd);
        return NULL;
    }
    *claim = (struct claim){ .users = 1, .readonly = readonly, .device = (dev_t)info.lo_device,
                             .inode = (ino_t)info.lo_inode, .held = fd, .number = st.st_rdev };
    snprintf(claim->path, sizeof(claim->path), "%s", path);
    return claim;
}

void claim_release(struct claim *claim)
{
    if (claim != NULL && claim->users > 0 && --claim->users == 0) {
        close(claim->held);
    }
}
