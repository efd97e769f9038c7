/* SPDX-License-Identifier: Apache-2.0 */
/* Source: io_uring_setup(2), io_uring_enter(2), linux/io_uring.h. */
#include "uring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define QUEUE_ENTRIES 128u
#define RESULT_ENTRIES 4096u /* more than may run at a time: RUNNING_MAX of queue.h and a budget */

static uint8_t *map(int fd, size_t size, uint64_t what)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)what);

    return at == MAP_FAILED ? NULL : at;
}

static uint32_t *word(uint8_t *base, uint32_t offset)
{
    return (uint32_t *)(void *)(base + offset);
}

int uring_open(struct uring *u)
{
    struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE, .cq_entries = RESULT_ENTRIES };
    uint8_t *rings;
    size_t sq_size, cq_size;

    u->fd = (int)syscall(SYS_io_uring_setup, QUEUE_ENTRIES, &p);
    if (u->fd < 0) {
        return -1;
    }
    if ((p.features & IORING_FEAT_SINGLE_MMAP) == 0 || (p.features & IORING_FEAT_NODROP) == 0) {
        errno = ENOSYS;
        return -1;
    }
    sq_size = p.sq_off.array + p.sq_entries * sizeof(uint32_t);
    cq_size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
    rings = map(u->fd, sq_size > cq_size ? sq_size : cq_size, IORING_OFF_SQ_RING);
    u->sqes = (void *)map(u->fd, p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    if (rings == NULL || u->sqes == NULL) {
        return -1;
    }
    u->sq_head = word(rings, p.sq_off.head);
    u->sq_tail = word(rings, p.sq_off.tail);
    u->sq_flags = word(rings, p.sq_off.flags);
    u->sq_array = word(rings, p.sq_off.array);
    u->sq_mask = *word(rings, p.sq_off.ring_mask);
    u->sq_size = p.sq_entries;
    u->cq_head = word(rings, p.cq_off.head);
    u->cq_tail = word(rings, p.cq_off.tail);
    u->cq_mask = *word(rings, p.cq_off.ring_mask);
    u->cqes = (void *)word(rings, p.cq_off.cqes);
    return 0;
}

static int enter(const struct uring *u, uint32_t submit, unsigned int flags)
{
    return (int)syscall(SYS_io_uring_enter, u->fd, submit, 0, flags, NULL, 0);
}

void uring_submit(struct uring *u)
{
    while (u->queued != 0) {
        int n = enter(u, u->queued, 0);

        if (n > 0) {
            u->queued -= (uint32_t)n;
        } else if (n < 0 && errno == EBUSY) {
            return; /* results are to be fetched first */
        } else if (n < 0 && errno == EAGAIN) {
            usleep(1000); /* the kernel has no memory for it now */
        } else if (n < 0 && errno != EINTR) {
            abort(); /* a mistake of ours; the next life takes everything up again */
        }
    }
}

static struct io_uring_sqe *entry(struct uring *u)
{
    uint32_t tail = *u->sq_tail;
    struct io_uring_sqe *e;

    if (tail - __atomic_load_n(u->sq_head, __ATOMIC_ACQUIRE) == u->sq_size) {
        uring_submit(u);
        if (u->queued != 0) {
            abort();
        }
    }
    e = &u->sqes[tail & u->sq_mask];
    memset(e, 0, sizeof(*e));
    u->sq_array[tail & u->sq_mask] = tail & u->sq_mask;
    return e;
}

static void push(struct uring *u, struct io_uring_sqe *e, void *cookie)
{
    e->user_data = (uint64_t)(uintptr_t)cookie;
    __atomic_store_n(u->sq_tail, *u->sq_tail + 1, __ATOMIC_RELEASE);
    u->queued++;
}

void uring_rw(struct uring *u, int fd, int write, const struct iovec *vector, unsigned int count, uint64_t offset, int flags,
              void *cookie)
{
    struct io_uring_sqe *e = entry(u);

    e->fd = fd;
    if (count == 1) { /* the kernel need not fetch the vector */
        e->opcode = write ? IORING_OP_WRITE : IORING_OP_READ;
        e->addr = (uint64_t)(uintptr_t)vector->iov_base;
        e->len = (uint32_t)vector->iov_len;
    } else {
        e->opcode = write ? IORING_OP_WRITEV : IORING_OP_READV;
        e->addr = (uint64_t)(uintptr_t)vector;
        e->len = count;
    }
    e->off = offset;
    e->rw_flags = (uint32_t)flags;
    push(u, e, cookie);
}

void uring_flush(struct uring *u, int fd, void *cookie)
{
    struct io_uring_sqe *e = entry(u);

    e->opcode = IORING_OP_FSYNC;
    e->fd = fd;
    e->fsync_flags = IORING_FSYNC_DATASYNC;
    push(u, e, cookie);
}

void uring_punch(struct uring *u, int fd, uint64_t offset, uint64_t bytes, void *cookie)
{
    struct io_uring_sqe *e = entry(u);

    e->opcode = IORING_OP_FALLOCATE;
    e->fd = fd;
    e->off = offset;
    e->addr = bytes;
    e->len = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    push(u, e, cookie);
}

bool uring_has_results(const struct uring *u)
{
    return *u->cq_head != __atomic_load_n(u->cq_tail, __ATOMIC_ACQUIRE);
}

unsigned int uring_reap(struct uring *u, void (*done)(void *cookie, int32_t result))
{
    uint32_t head = *u->cq_head, count = 0;

    if ((__atomic_load_n(u->sq_flags, __ATOMIC_RELAXED) & IORING_SQ_CQ_OVERFLOW) != 0) {
        (void)enter(u, 0, IORING_ENTER_GETEVENTS);
    }
    while (head != __atomic_load_n(u->cq_tail, __ATOMIC_ACQUIRE)) {
        const struct io_uring_cqe *e = &u->cqes[head & u->cq_mask];
        void *cookie = (void *)(uintptr_t)e->user_data;
        int32_t result = e->res;

        __atomic_store_n(u->cq_head, ++head, __ATOMIC_RELEASE);
        done(cookie, result);
        count++;
    }
    return count;
}
