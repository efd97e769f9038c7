/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the event log comes from. The hypercall's argument and buffer must stay in memory while the
 * hypervisor writes to them: they live in pages from /dev/xen/hypercall, or in locked pages where
 * that device is missing.
 */
#include "log_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../xen/include/public/bulkhead.h" /* <public/> is Xen's own folder */
#include <attest/error.h>
#include <attest/eventlog.h>

#define CHUNK 32768u
#define PAGES_SIZE (CHUNK + 4096u)

/* Linux's interface to Xen hypercalls, <xen/privcmd.h> of its UAPI. */
struct privcmd_hypercall {
    uint64_t op;
    uint64_t arg[5];
};
#define IOCTL_PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

static void *pages_open(void)
{
    int fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    void *p = MAP_FAILED;

    if (fd >= 0) {
        p = mmap(NULL, PAGES_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    }
    if (p == MAP_FAILED) {
        p = mmap(NULL, PAGES_SIZE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
    }
    return p == MAP_FAILED ? NULL : p;
}

static int append(struct bytes *log, const void *data, size_t n)
{
    uint8_t *p = realloc(log->data, log->size + n + 1);

    if (p == NULL) {
        return -ENOMEM;
    }
    memcpy(p + log->size, data, n);
    log->data = p;
    log->size += n;
    return 0;
}

static int read_hypervisor(struct bytes *log, struct attest_error *err)
{
    int fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    uint8_t *pages;
    int rc = 0;

    if (fd < 0) {
        return attest_fail(err, -errno, "/dev/xen/privcmd: %s", strerror(errno));
    }
    pages = pages_open();
    if (pages == NULL) {
        close(fd);
        return attest_fail(err, -ENOMEM, "no memory for hypercall pages");
    }
    log->size = 0;
    for (;;) {
        struct bulkhead_log_read *arg = (struct bulkhead_log_read *)(void *)(pages + CHUNK);
        struct privcmd_hypercall call = {.op = __HYPERVISOR_bulkhead_op};
        int got;

        *arg = (struct bulkhead_log_read){
            .offset = log->size, .buffer = (uintptr_t)pages, .size = CHUNK};
        call.arg[0] = BULKHEAD_log_read;
        call.arg[1] = (uintptr_t)arg;
        got = ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call);
        if (got < 0) {
            rc = attest_fail(err, -errno, "log_read hypercall: %s", strerror(errno));
            break;
        }
        if (got == 0 || (unsigned int)got > CHUNK) {
            break; /* the end */
        }
        if (log->size + (unsigned int)got > LOG_SIZE_MAX) {
            rc = attest_fail(err, -EFBIG, "event log above %u bytes", LOG_SIZE_MAX);
            break;
        }
        rc = append(log, pages, (size_t)got);
        if (rc != 0) {
            break;
        }
    }
    munmap(pages, PAGES_SIZE);
    close(fd);
    return rc;
}

int log_source_read(const char *path, struct bytes *log, struct attest_error *err)
{
    if (path == NULL) {
        return read_hypervisor(log, err);
    }
    bytes_free(log);
    return file_read(path, LOG_SIZE_MAX, &log->data, &log->size, err);
}
