/* SPDX-License-Identifier: Apache-2.0 */
/* Finding what a disk is served from: devices, volumes, file systems, files. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "volume.h"

#define ATTEMPTS_PER_ACTIVATION 20

static int path_is_clean(const char *path)
{
    return path[0] == '/' && path[1] != '\0' && strstr(path, "/..") == NULL
           && strstr(path, "//") == NULL && strlen(path) < TARGET_MAX;
}

int target_parse(const char *text, struct target *target)
{
    size_t length = strcspn(text, ":");

    memset(target, 0, sizeof(*target));
    if (!path_is_clean(text)) {
        return -1;
    }
    if (strncmp(text, "/images/", 8) == 0) {
        strcpy(target->file, text + 8);
        return target->file[0] != '\0' ? 0 : -1;
    }
    if (strncmp(text, "/dev/", 5) != 0 || length == 5) {
        return -1;
    }
    memcpy(target->device, text, length);
    if (text[length] == ':') {
        if (!path_is_clean(text + length + 1)) {
            return -1;
        }
        strcpy(target->file, text + length + 2);
    }
    return 0;
}

/* Open a file below a folder, without any link on the way. */
static int open_below(const char *folder, const char *file, int readonly)
{
    struct open_how how = { .flags = (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV };
    int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (root < 0) {
        return -1;
    }
    int fd = (int)syscall(SYS_openat2, root, file, &how, sizeof(how));
    int error = errno;

    close(root);
    errno = error;
    return fd;
}

/* Mount a device once; a later user who writes makes it writable. */
static int mount_device(const char *device, const struct stat *st, int readonly, char *where,
                        size_t size)
{
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

    snprintf(where, size, TARGET_MOUNTS "/%u-%u", major(st->st_rdev), minor(st->st_rdev));
    if ((mkdir(TARGET_MOUNTS, 0755) < 0 && errno != EEXIST) || (mkdir(where, 0755) < 0 && errno != EEXIST)) {
        return -1;
    }
    if (mount(device, where, "ext4", flags | (readonly ? MS_RDONLY : 0), NULL) == 0) {
        return 0;
    }
    struct stat inside, outside;

    /* Mounted already: busy, and what lies there is another file system than that around it. */
    if (errno != EBUSY || stat(where, &inside) < 0 || stat(TARGET_MOUNTS, &outside) < 0
        || inside.st_dev == outside.st_dev) {
        return -1;
    }
    return readonly ? 0 : mount(device, where, NULL, flags | MS_REMOUNT, NULL);
}

int target_open(const struct target *target, int readonly, unsigned int attempt, const char **why)
{
    char where[64] = TARGET_IMAGES;
    struct stat st;

    *why = "opening it";
    if (target->device[0] != '\0') {
        if (stat(target->device, &st) < 0) {
            if (errno == ENOENT && attempt % ATTEMPTS_PER_ACTIVATION == 0
                && volume_activate(target->device) == 0 && stat(target->device, &st) == 0) {
                errno = 0;
            } else {
                errno = errno == ENOTDIR ? ENOENT : errno;
                return -1;
            }
        }
        if (!S_ISBLK(st.st_mode)) {
            errno = ENOTBLK;
            return -1;
        }
        if (target->file[0] == '\0') {
            return open(target->device, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
        }
        *why = "mounting its ext4 file system";
        if (mount_device(target->device, &st, readonly, where, sizeof(where)) < 0) {
            return -1;
        }
    }
    *why = "opening the file";
    int fd = open_below(where, target->file, readonly);

    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        *why = "it is not a regular file";
        errno = EINVAL;
        return -1;
    }
    if (fd < 0 && errno == ENOENT) {
        errno = EINVAL; /* a device may still come; a file will not */
        *why = "there is no such file";
    }
    return fd;
}
