/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <string.h>

_Static_assert(sizeof(struct blkif_request) == 112 && sizeof(struct blkif_request_segment) == 8, "x86_64-abi");
_Static_assert(sizeof(struct blkif_request_indirect) <= sizeof(struct blkif_request), "a slot holds each kind");

/* What is copied stays as it is: the compiler must not read the other side's memory a second time. */
static void copy_once(void *to, const void *from, size_t size)
{
    memcpy(to, from, size);
    __asm__ volatile("" ::: "memory");
}

static bool in_range(const struct disk_limits *limits, uint64_t sector, uint64_t count)
{
    return count <= limits->sectors && sector <= limits->sectors - count;
}

static int16_t read_direct(const struct blkif_request *copy, struct request *r)
{
    if (copy->nr_segments == 0 || copy->nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST) {
        return BLKIF_RSP_ERROR;
    }
    r->op = copy->operation == BLKIF_OP_READ ? IO_READ : IO_WRITE;
    r->sector = copy->sector_number;
    r->segment_count = copy->nr_segments;
    memcpy(r->segment, copy->seg, r->segment_count * sizeof(r->segment[0]));
    return BLKIF_RSP_OKAY;
}

static int16_t read_indirect(const void *slot, struct request *r)
{
    struct blkif_request_indirect all, *copy = &all;

    memcpy(copy, slot, sizeof(*copy));
    r->operation = copy->indirect_op;
    if (copy->nr_segments == 0 || copy->nr_segments > REQUEST_SEGMENTS_MAX
        || (copy->indirect_op != BLKIF_OP_READ && copy->indirect_op != BLKIF_OP_WRITE)) {
        return BLKIF_RSP_ERROR;
    }
    r->op = copy->indirect_op == BLKIF_OP_READ ? IO_READ : IO_WRITE;
    r->sector = copy->sector_number;
    r->segment_count = copy->nr_segments;
    r->indirect_count = (r->segment_count + SEGMENTS_PER_PAGE - 1) / SEGMENTS_PER_PAGE;
    memcpy(r->indirect, copy->indirect_grefs, r->indirect_count * sizeof(r->indirect[0]));
    return BLKIF_RSP_OKAY;
}

static int16_t read_discard(const void *slot, const struct disk_limits *limits, struct request *r)
{
    struct blkif_request_discard all, *copy = &all;

    memcpy(copy, slot, sizeof(*copy));
    r->op = IO_DISCARD;
    r->sector = copy->sector_number;
    r->sector_count = copy->nr_sectors;
    if (!limits->discard || (copy->flag & BLKIF_DISCARD_SECURE) != 0) {
        return BLKIF_RSP_EOPNOTSUPP;
    }
    return !limits->readonly && r->sector_count != 0 && in_range(limits, r->sector, r->sector_count) ? BLKIF_RSP_OKAY
                                                                                                  : BLKIF_RSP_ERROR;
}

int16_t request_read(const struct blkif_request *slot, const struct disk_limits *limits, struct request *r)
{
    struct blkif_request copy; /* of our own: other kinds of request are taken out of it */

    copy_once(&copy, slot, sizeof(copy));
    r->id = copy.id;
    r->operation = copy.operation;
    r->sector = r->sector_count = 0;
    r->segment_count = r->indirect_count = 0;
    switch (copy.operation) {
    case BLKIF_OP_READ:
    case BLKIF_OP_WRITE:
        return read_direct(&copy, r);
    case BLKIF_OP_FLUSH_DISKCACHE:
        r->op = IO_FLUSH;
        return copy.nr_segments == 0 ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
    case BLKIF_OP_DISCARD:
        return read_discard(&copy, limits, r);
    case BLKIF_OP_INDIRECT:
        return read_indirect(&copy, r);
    default:
        return BLKIF_RSP_EOPNOTSUPP;
    }
}

void request_indirect(struct request *r, unsigned int number, const void *page)
{
    unsigned int first = number * SEGMENTS_PER_PAGE;
    unsigned int count = r->segment_count - first;

    copy_once(&r->segment[first], page, (count < SEGMENTS_PER_PAGE ? count : SEGMENTS_PER_PAGE) * sizeof(r->segment[0]));
}

int16_t request_check(struct request *r, const struct disk_limits *limits)
{
    if (r->op != IO_READ && r->op != IO_WRITE) {
        return BLKIF_RSP_OKAY;
    }
    r->sector_count = 0;
    for (unsigned int i = 0; i < r->segment_count; i++) {
        const struct blkif_request_segment *s = &r->segment[i];

        if (s->first_sect > s->last_sect || s->last_sect >= PAGE_BYTES / SECTOR_BYTES) {
            return BLKIF_RSP_ERROR;
        }
        r->sector_count += s->last_sect - s->first_sect + 1u;
    }
    return in_range(limits, r->sector, r->sector_count) && (r->op == IO_READ || !limits->readonly) ? BLKIF_RSP_OKAY
                                                                                                : BLKIF_RSP_ERROR;
}
