/* SPDX-License-Identifier: Apache-2.0 */
/* /dev/xen/privcmd: Linux passes the registers through and returns the hypervisor's result. */
#include "privcmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <public/xen.h>
#include <public/sys/privcmd.h>

static int fd = -1;
static uint8_t page[4096] __attribute__((aligned(4096)));

int privcmd_open(void)
{
    fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    return fd < 0 || mlock(page, sizeof(page)) < 0 ? -1 : 0;
}

void *privcmd_page(void)
{
    memset(page, 0, sizeof(page));
    return page;
}

long privcmd_call(unsigned long op, unsigned long a1, unsigned long a2, unsigned long a3)
{
    struct privcmd_hypercall call = { .op = op, .arg = { a1, a2, a3 } };
    int rc = ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call);

    return rc < 0 ? -(long)errno : rc;
}
