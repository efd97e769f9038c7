/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block devices. `params` names a block device below /dev, or a regular file below /images, which
 * then gets a loop device. blkback opens what `physical-device` says, so the numbers are taken from
 * the open device itself and not from its name a second time.
 */
#include "backend.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int params_valid(const char *params)
{
    return (strncmp(params, "/dev/", 5) == 0 || strncmp(params, "/images/", 8) == 0)
           && strstr(params, "..") == NULL;
}

/* Attach a file to a free loop device. @return its open descriptor; -1 with errno */
static int loop_attach(int file, int readonly, char *path, size_t size)
{
    struct loop_config config = { .fd = (unsigned int)file };
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

    if (control < 0) {
        return -1;
    }
    int number = ioctl(control, LOOP_CTL_GET_FREE);
    int error = errno;

    close(control);
    if (number < 0) {
        errno = error;
        return -1;
    }
    snprintf(path, size, "/dev/loop%d", number);
    config.info.lo_flags = readonly ? LO_FLAGS_READ_ONLY : 0;
    int loop = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);

    if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) < 0) {
        error = errno;
        close(loop);
        errno = error;
        return -1;
    }
    return loop;
}

enum hotplug_result vbd_hotplug(struct store *store, const struct backend *backend)
{
    char params[BACKEND_VALUE_MAX];
    char path[BACKEND_VALUE_MAX];
    char text[BACKEND_VALUE_MAX];
    struct stat st;

    if (backend_read(store, backend, "params", params) < 0 || !params_valid(params)) {
        return backend_fail(store, backend, "params: want a path below /dev or /images", EINVAL);
    }
    int readonly = backend_read(store, backend, "mode", text) < 0 || strcmp(text, "w") != 0;
    int fd = open(params, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);

    if (fd < 0) {
        return backend_fail(store, backend, params, errno);
    }
    snprintf(path, sizeof(path), "%s", params);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        int loop = loop_attach(fd, readonly, path, sizeof(path));
        int error = errno;

        close(fd);
        fd = loop;
        if (fd < 0) {
            return backend_fail(store, backend, "loop device", error);
        }
    }
    if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode)) {
        close(fd);
        return backend_fail(store, backend, path, ENOTBLK);
    }
    /* The number last: it is what blkback waits for. The descriptor stays open until it has it. */
    snprintf(text, sizeof(text), "%x:%x", major(st.st_rdev), minor(st.st_rdev));
    int rc = backend_write(store, backend, "physical-device-path", path);

    rc |= backend_write(store, backend, "hotplug-status", "connected");
    rc |= backend_write(store, backend, "physical-device", text);
    int error = errno;

    close(fd);
    if (rc < 0) {
        return backend_fail(store, backend, "writing physical-device", error);
    }
    printf("backendd: vbd %u/%u: %s connected\n", backend->domid, backend->device, path);
    return HOTPLUG_DONE;
}
