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
static struct claim *claim_share(struct claim *claim, int readonly, enum claim_format format, const char **why)
{
    if (format != claim->format) {
        *why = "another disk is served from it in another format; give both the same one";
        errno = EBUSY;
        return NULL;
    }
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

static int device_of_file(struct claim *claim, int fd, const char **why)
{
    if (claim->format == FORMAT_QCOW2) {
        return qemu_nbd_start(fd, claim->readonly, &claim->tool, claim->path, sizeof(claim->path), why);
    }
    *why = "no loop device for the file; is the module loop in the image?";
    return loop_attach(fd, claim->readonly, claim->path, sizeof(claim->path));
}

/* Give up the device, after what was written to it. */
static void let_go(struct claim *claim)
{
    if (claim->format == FORMAT_QCOW2) {
        qemu_nbd_stop(&claim->tool, claim->held);
    } else {
        close(claim->held);
    }
}

static int file_hold(struct claim *claim, int fd, const char **why)
{
    struct stat st;

    claim->held = device_of_file(claim, fd, why);
    if (claim->held < 0) {
        return -1;
    }
    if (fstat(claim->held, &st) < 0) {
        let_go(claim);
        return -1;
    }
    claim->number = st.st_rdev;
    return 0;
}

struct claim *claim_take(int fd, const char *path, int readonly, enum claim_format format, const char **why)
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
        return claim_share(claim, readonly, format, why);
    }
    if ((claim = claim_free_place(why)) == NULL) {
        return NULL;
    }
    *claim = (struct claim){ .readonly = readonly, .format = format, .device = device, .inode = inode };
    if ((block ? block_hold(claim, path, st.st_rdev, why) : file_hold(claim, fd, why)) < 0) {
        return NULL;
    }
    claim->users = 1;
    return claim;
}

/* A device of a file, open already, which is closed where it is of no use. */
static struct claim *claim_adopt(const struct claim *known)
{
    struct claim *claim = claim_find(known->device, known->inode);
    const char *why;

    if (claim != NULL) {
        close(known->held);
        return claim_share(claim, known->readonly, known->format, &why);
    }
    if ((claim = claim_free_place(&why)) == NULL) {
        close(known->held);
        return NULL;
    }
    *claim = *known;
    claim->users = 1;
    return claim;
}

/* @return 0 opened; -1 */
static int known_open(struct claim *known, const char *path, int readonly)
{
    struct stat st;

    *known = (struct claim){ .readonly = readonly };
    snprintf(known->path, sizeof(known->path), "%s", path);
    known->held = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (known->held >= 0 && fstat(known->held, &st) == 0) {
        known->number = st.st_rdev;
        return 0;
    }
    return -1;
}

struct claim *claim_adopt_loop(const char *path, int readonly)
{
    struct loop_info64 info;
    struct claim known;

    if (known_open(&known, path, readonly) < 0) {
        return NULL;
    }
    if (ioctl(known.held, LOOP_GET_STATUS64, &info) < 0) {
        close(known.held);
        return NULL;
    }
    known.device = (dev_t)info.lo_device;
    known.inode = (ino_t)info.lo_inode;
    return claim_adopt(&known);
}

struct claim *claim_adopt_nbd(const char *path, int readonly)
{
    struct claim known;

    if (known_open(&known, path, readonly) < 0) {
        return NULL;
    }
    known.format = FORMAT_QCOW2;
    if (qemu_nbd_adopt(path, &known.tool, &known.device, &known.inode) < 0) {
        close(known.held);
        return NULL;
    }
    struct claim *claim = claim_adopt(&known);

    if (claim == NULL || claim->held != known.held) {
        close(known.tool.process); /* another user of the same device knows it */
    }
    return claim;
}

int claim_look(struct claim *claim, const char **why)
{
    return claim->format == FORMAT_QCOW2 ? qemu_nbd_look(&claim->tool, why) : 0;
}

void claim_release(struct claim *claim)
{
    if (claim != NULL && claim->users > 0 && --claim->users == 0) {
        let_go(claim);
    }
}
