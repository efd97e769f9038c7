/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a front end asks: one slot of the shared ring, copied once and then checked, and for an indirect request the pages with its
 * segments, copied once too. Nothing of it is believed: operation, number and bounds of segments, the range on the disk.
 * Source: public/io/blkif.h, ABI of x86_64.
 */
#ifndef BLKD_REQUEST_H
#define BLKD_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <public/io/blkif.h>

#define PAGE_BYTES 4096u
#define SECTOR_BYTES 512u         /* the unit of the protocol, whatever the disk's is */
#define REQUEST_SEGMENTS_MAX 256u /* told as feature-max-indirect-segments */
#define SEGMENTS_PER_PAGE (PAGE_BYTES / (unsigned int)sizeof(struct blkif_request_segment))

enum io_op { IO_READ, IO_WRITE, IO_FLUSH, IO_DISCARD };

/* What a request may ask for. */
struct disk_limits {
    uint64_t sectors;
    bool readonly, discard;
};

struct request {
    enum io_op op;
    uint64_t id;          /* both as the response repeats them, also of a request that is refused */
    uint8_t operation;
    uint64_t sector, sector_count;
    unsigned int segment_count;
    unsigned int indirect_count;
    grant_ref_t indirect[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
    struct blkif_request_segment segment[REQUEST_SEGMENTS_MAX];
};

/**
 * Copy a slot, and check what can be checked without the indirect pages.
 *
 * @param slot  in shared memory
 * @param r     out: all of it, but for the segments of an indirect request and the number of sectors with them
 * @return BLKIF_RSP_OKAY; else the response's status
 */
int16_t request_read(const struct blkif_request *slot, const struct disk_limits *limits, struct request *r);

/** Copy a page of segments of an indirect request. @param page  in shared memory @param number  of the page */
void request_indirect(struct request *r, unsigned int number, const void *page);

/** Check the segments, and the range they make. @return as request_read() */
int16_t request_check(struct request *r, const struct disk_limits *limits);

#endif
