/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A response that was decided, in the ring's padding, which is ours as long as the ring is. */
struct note {
    uint64_t id;
    uint64_t operation_status; /* operation | status << 16 */
    uint64_t tag;              /* last: NOTE_MARK and the index of the request */
};

#define NOTE_AT 24u
#define NOTE_MARK UINT64_C(0x626c6b6400000000)

_Static_assert(offsetof(struct blkif_sring, __pad) <= NOTE_AT, "public/io/ring.h");
_Static_assert(offsetof(struct blkif_sring, ring) >= NOTE_AT + sizeof(struct note), "public/io/ring.h");

static struct note *note_of(const struct ring *ring)
{
    return (struct note *)(void *)((uint8_t *)ring->shared + NOTE_AT);
}

static uint32_t shared_load(const uint32_t *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

/* Stores are seen in the order of the program, by the front end and by the next life. */
static void shared_store(uint32_t *at, uint32_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELEASE);
    RING_STEP();
}

static void shared_store64(uint64_t *at, uint64_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELEASE);
    RING_STEP();
}

static struct io *io_of(struct ring *ring, uint32_t index)
{
    return &ring->io[index & (ring->size - 1)];
}

/* -- publishing ----------------------------------------------------------------------------------- */

/* From the note to the slot to rsp_prod: each step may be done twice. */
static void note_publish(struct ring *ring, uint64_t id, uint8_t operation, int16_t status)
{
    struct blkif_response *rsp = &ring->shared->ring[ring->published & (ring->size - 1)].rsp;

    __atomic_store_n(&rsp->id, id, __ATOMIC_RELEASE);
    RING_STEP();
    __atomic_store_n(&rsp->operation, operation, __ATOMIC_RELEASE);
    RING_STEP();
    __atomic_store_n(&rsp->status, status, __ATOMIC_RELEASE);
    RING_STEP();
    ring->published++;
    shared_store(&ring->shared->rsp_prod, ring->published);
}

static void io_publish(struct ring *ring, struct io *io)
{
    struct note *note = note_of(ring);

    /* While it changes, its tag is that of a request which is published already. */
    shared_store64(&note->id, io->id);
    shared_store64(&note->operation_status, io->operation | (uint64_t)(uint16_t)io->status << 16);
    shared_store64(&note->tag, NOTE_MARK | ring->published);
    note_publish(ring, io->id, io->operation, io->status);
    io->state = IO_FREE;
}

static void note_recover(struct ring *ring)
{
    const struct note *note = note_of(ring);
    uint64_t tag = __atomic_load_n(&note->tag, __ATOMIC_ACQUIRE);
    uint64_t value = __atomic_load_n(&note->operation_status, __ATOMIC_ACQUIRE);

    if (tag == (NOTE_MARK | ring->published) && shared_load(&ring->shared->req_prod) != ring->published) {
        note_publish(ring, __atomic_load_n(&note->id, __ATOMIC_ACQUIRE), (uint8_t)value, (int16_t)(uint16_t)(value >> 16));
    }
}

void ring_publish(struct ring *ring)
{
    uint32_t old = ring->published;

    while (ring->published != ring->next && io_of(ring, ring->published)->state == IO_DONE) {
        io_publish(ring, io_of(ring, ring->published));
    }
    if (ring->published == old) {
        return;
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (ring->published - shared_load(&ring->shared->rsp_event) < ring->published - old) {
        RING_STEP();
        ring->ops->notify(ring->arg);
    }
}

/* -- taking --------------------------------------------------------------------------------------- */

static void io_release(struct io *io)
{
    struct ring *ring = io->ring;

    if (io->keep_count != 0) {
        ring->ops->put(ring->arg, io->keep, io->keep_count);
        ring->segments -= io->keep_count;
    }
    free(io->keep);
    free(io->vector);
    io->keep = NULL;
    io->vector = NULL;
    io->keep_count = io->vector_count = 0;
}

void ring_complete(struct io *io, int16_t status)
{
    io_release(io); /* before the front end is told: it may take its pages back then */
    io->status = status;
    io->state = IO_DONE;
    io->ring->running--;
}

/* @return 0; -EAGAIN; another negative errno */
static int read_indirect_pages(struct ring *ring, struct request *r)
{
    for (unsigned int i = 0; i < r->indirect_count; i++) {
        void *at, *keep;
        int rc = ring->ops->get(ring->arg, &r->indirect[i], 1, false, &at, &keep);

        if (rc != 0) {
            return rc;
        }
        request_indirect(r, i, at);
        ring->ops->put(ring->arg, &keep, 1);
    }
    return 0;
}

/* Parts that follow each other in memory are one. */
static void add_part(struct io *io, void *base, size_t bytes)
{
    struct iovec *last = io->vector_count != 0 ? &io->vector[io->vector_count - 1] : NULL;

    if (last != NULL && (uint8_t *)last->iov_base + last->iov_len == (uint8_t *)base) {
        last->iov_len += bytes;
        return;
    }
    io->vector[io->vector_count++] = (struct iovec){ .iov_base = base, .iov_len = bytes };
}

static int map_segments(struct io *io, const struct request *r)
{
    static grant_ref_t refs[REQUEST_SEGMENTS_MAX];
    static void *at[REQUEST_SEGMENTS_MAX];
    unsigned int count = r->segment_count;
    int rc;

    io->keep = malloc(count * sizeof(io->keep[0]));
    io->vector = malloc(count * sizeof(io->vector[0]));
    if (io->keep == NULL || io->vector == NULL) {
        return -ENOMEM;
    }
    for (unsigned int i = 0; i < count; i++) {
        refs[i] = r->segment[i].gref;
    }
    rc = io->ring->ops->get(io->ring->arg, refs, count, r->op == IO_READ, at, io->keep);
    if (rc != 0) {
        return rc;
    }
    io->keep_count = count;
    io->ring->segments += count;
    for (unsigned int i = 0; i < count; i++) {
        const struct blkif_request_segment *s = &r->segment[i];

        add_part(io, (uint8_t *)at[i] + s->first_sect * SECTOR_BYTES, (s->last_sect - s->first_sect + 1u) * SECTOR_BYTES);
    }
    return 0;
}

static void io_init(struct io *io, struct ring *ring, const struct request *r)
{
    *io = (struct io){ .ring = ring, .op = r->op, .operation = r->operation, .id = r->id, .status = BLKIF_RSP_OKAY };
    io->offset = r->sector * SECTOR_BYTES;
    io->bytes = r->sector_count * SECTOR_BYTES;
}

/* A request waits for others of its ring to end. */
static bool must_wait(const struct ring *ring, const struct request *r)
{
    return ring->running != 0 && (r->op == IO_FLUSH || ring->segments + r->segment_count > RING_SEGMENTS_MAX);
}

/* @return false: not now */
static bool take_one(struct ring *ring)
{
    static struct request r;
    struct io *io = io_of(ring, ring->next);
    int16_t status = request_read(&ring->shared->ring[ring->next & (ring->size - 1)].req, &ring->limits, &r);
    int rc = 0;

    if (status == BLKIF_RSP_OKAY && must_wait(ring, &r)) {
        return false;
    }
    if (status == BLKIF_RSP_OKAY) {
        rc = read_indirect_pages(ring, &r);
        status = rc != 0 ? BLKIF_RSP_ERROR : request_check(&r, &ring->limits);
    }
    io_init(io, ring, &r);
    if (status == BLKIF_RSP_OKAY && r.segment_count != 0) {
        rc = map_segments(io, &r);
        status = rc != 0 ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY;
    }
    if (rc == -EAGAIN && ring->running != 0) {
        io_release(io);
        return false;
    }
    ring->next++;
    RING_STEP();
    if (status != BLKIF_RSP_OKAY) {
        io_release(io);
        io->status = status;
        io->state = IO_DONE;
        return true;
    }
    io->state = IO_RUNNING;
    ring->running++;
    ring->ops->start(ring->arg, io);
    RING_STEP();
    return true;
}

static bool break_ring(struct ring *ring, const char *why)
{
    ring->broken = why;
    ring->stopped = true;
    return false;
}

bool ring_take(struct ring *ring, unsigned int budget)
{
    while (!ring->stopped) {
        uint32_t prod = shared_load(&ring->shared->req_prod);

        if (prod - ring->published > ring->size || prod - ring->published < ring->next - ring->published) {
            return break_ring(ring, "the number of requests is not possible");
        }
        if (prod == ring->next) {
            /* Ask for an event, then look once more: a request in between would come without one. */
            shared_store(&ring->shared->req_event, ring->next + 1);
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            if (shared_load(&ring->shared->req_prod) == ring->next) {
                return false;
            }
            continue;
        }
        if (budget-- == 0) {
            return true;
        }
        if (!take_one(ring)) {
            return false;
        }
    }
    return false;
}

/* -- coming and going ----------------------------------------------------------------------------- */

static uint32_t slots_of(unsigned int pages)
{
    size_t room = pages * (size_t)PAGE_BYTES - offsetof(struct blkif_sring, ring);
    uint32_t slots = 1;

    while (slots * 2 * sizeof(union blkif_sring_entry) <= room) {
        slots *= 2;
    }
    return slots;
}

struct ring *ring_attach(void *shared, unsigned int pages, const struct disk_limits *limits, const struct ring_ops *ops,
                         void *arg)
{
    uint32_t size = slots_of(pages);
    struct ring *ring = calloc(1, sizeof(*ring) + size * sizeof(ring->io[0]));

    if (ring == NULL) {
        return NULL;
    }
    ring->ops = ops;
    ring->arg = arg;
    ring->limits = *limits;
    ring->shared = shared;
    ring->size = size;
    ring->published = shared_load(&ring->shared->rsp_prod);
    note_recover(ring);
    ring->next = ring->published;
    /* The last life may have published what it had not told of yet. */
    ops->notify(arg);
    return ring;
}

void ring_detach(struct ring *ring)
{
    free(ring);
}
