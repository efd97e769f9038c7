/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TRIES 16 /* another process may take the device that was free */

static int loop_try(int control, int file, int readonly, char *path, size_t size)
{
    struct loop_config config = { .fd = (unsigned int)file };
    int number = ioctl(control, LOOP_CTL_GET_FREE);

    if (number < 0) {
        return -1;
    }
    snprintf(path, size, "/dev/loop%d", number);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO
                           | (readonly ? LO_FLAGS_READ_ONLY : 0);
    int loop = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);

    if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) < 0) {
        int error = errno;

        close(loop);
        errno = error;
        return -1;
    }
    return loop;
}

int loop_attach(int file, int readonly, char *path, size_t size)
{
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int loop = -1;

    if (control < 0) {
        return -1;
    }
    for (int i = 0; i < TRIES; i++) {
        loop = loop_try(control, file, readonly, path, size);
        if (loop >= 0 || errno != EBUSY) {
            break;
        }
    }
    int error = errno;

    close(control);
    errno = error;
    return loop;
}
