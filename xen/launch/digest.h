/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch digest: what identifies a domain before its first instruction, whoever built it. SHA-256
 * over every page that is not all zero, in ascending order of frame number: the frame number as 8
 * bytes little endian, then the 4096 bytes; last the record of the initial vCPU.
 */
#ifndef LAUNCH_DIGEST_H
#define LAUNCH_DIGEST_H

#include <xen/sha256.h>
#include <xen/types.h>

/* Hashed as three 32-bit little-endian words, in this order. */
struct launch_vcpu {
    uint32_t entry;      /* guest physical */
    uint32_t start_info; /* guest physical, in EBX */
    uint32_t mode;       /* LAUNCH_MODE_* */
};
#define LAUNCH_MODE_PVH 1u /* 32-bit protected mode, flat segments, paging off */
#define LAUNCH_VCPU_RECORD 12

/* Frames of a domain. */
struct launch_range {
    uint64_t first, count;
};

/** The bytes of a frame, valid until the next call; NULL when it is not there. */
typedef const uint8_t *launch_page_fn(void *arg, uint64_t gfn);

/**
 * Add the pages of a range that are not all zero. Ranges are given in ascending order; frames in none of
 * them must be all zero.
 * @return 0; -EFAULT a frame is missing
 */
int launch_digest_pages(struct sha256 *ctx, const struct launch_range *range, launch_page_fn *page,
                        void *arg) must_check;

/** Add the vCPU record and finish. */
void launch_digest_finish(struct sha256 *ctx, const struct launch_vcpu *vcpu,
                          uint8_t digest[SHA256_SIZE]);

#endif
