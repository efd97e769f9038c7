/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input and output that goes on while we do other things: the kernel's io_uring, by hand. What is queued is handed over with
 * uring_submit(); what has ended is fetched without a system call.
 */
#ifndef BLKD_URING_H
#define BLKD_URING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct uring {
    int fd; /* readable when something has ended */
    uint32_t *sq_head, *sq_tail, *sq_flags, *sq_array;
    uint32_t sq_mask, sq_size, queued;
    struct io_uring_sqe *sqes;
    uint32_t *cq_head, *cq_tail;
    uint32_t cq_mask;
    struct io_uring_cqe *cqes;
};

/** @return 0; -1 with errno */
int uring_open(struct uring *u);

/* What ends is told by `cookie`. */
void uring_rw(struct uring *u, int fd, int write, const struct iovec *vector, unsigned int count, uint64_t offset, int flags,
              void *cookie);
void uring_flush(struct uring *u, int fd, void *cookie);
void uring_punch(struct uring *u, int fd, uint64_t offset, uint64_t bytes, void *cookie);

void uring_submit(struct uring *u);

bool uring_has_results(const struct uring *u);

/** Call `done` for each that has ended; `result` is its count of bytes or a negative errno. @return how many */
unsigned int uring_reap(struct uring *u, void (*done)(void *cookie, int32_t result));

#endif
