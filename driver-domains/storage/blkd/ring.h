/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ring of a disk, from requests to responses.
 *
 *   request taken (copied, checked, its pages mapped) -> running -> done -> published
 *
 * Requests run at the same time and end in any order, but responses are published in the order of the requests. So whatever
 * instant this program, or its whole domain, ends at: the requests from rsp_prod to req_prod of the shared ring are the ones
 * that nobody has answered, and their slots still hold them. The next life attaches to the same ring and runs them all again. A
 * write that had been done before is done with the same data again, before anybody could see that it was complete.
 *
 * A response takes the slot of its request, and rsp_prod moves only then; between the two the slot would hold neither. So the
 * response is noted in the ring's padding first (struct note), with its index: who attaches and finds a note for the index at
 * rsp_prod publishes it. The note is shared memory and as little believed as a request; a front end can deceive only itself with it.
 *
 * A flush is taken only when all requests before it are complete, and tells of all that was complete then.
 *
 * Pages, input and output, and notifications are the caller's (struct ring_ops); the ring's memory is bounded at attaching.
 */
#ifndef BLKD_RING_H
#define BLKD_RING_H

#include <stddef.h>
#include <sys/uio.h>

#include "request.h"

#define RING_PAGES_MAX 16u
#define RING_SEGMENTS_MAX 4096u /* of all requests that run */

enum io_state { IO_FREE, IO_RUNNING, IO_DONE };

struct ring;

/* A request that was taken. */
struct io {
    struct ring *ring;
    enum io_state state;
    enum io_op op;
    uint8_t operation;
    int16_t status;
    uint64_t id;
    uint64_t offset, bytes;   /* on the disk */
    struct iovec *vector;     /* vector_count parts of the pages that `keep` holds */
    unsigned int vector_count;
    void **keep;
    unsigned int keep_count;
};

struct ring_ops {
    /**
     * Map pages of the front end.
     *
     * @param to_guest  they will be written
     * @param at        out: an address for each
     * @param keep      out, one place for each page: what put() is given back
     * @return 0; -EAGAIN there is no room now, some will be when a request has ended; another negative errno: refused
     */
    int (*get)(void *arg, const grant_ref_t *refs, unsigned int count, bool to_guest, void **at, void **keep);
    void (*put)(void *arg, void **keep, unsigned int count);

    /** Start what an io says. It ends with ring_complete(), later. */
    void (*start)(void *arg, struct io *io);

    void (*notify)(void *arg);
};

struct ring {
    const struct ring_ops *ops;
    void *arg;
    struct disk_limits limits;
    struct blkif_sring *shared;
    uint32_t size;        /* slots, a power of two */
    uint32_t next;        /* index of the next request to take */
    uint32_t published;   /* our own copy of rsp_prod */
    uint32_t running;
    uint32_t segments;    /* of the ones that run */
    bool stopped;         /* takes no more requests */
    const char *broken;   /* what the front end did against the protocol; NULL: nothing */
    struct io io[];       /* by index, modulo size */
};

/**
 * Attach to a ring that is fresh or that an earlier life has left.
 *
 * @param shared  `pages` pages next to each other
 * @return the ring; NULL: no memory
 */
struct ring *ring_attach(void *shared, unsigned int pages, const struct disk_limits *limits, const struct ring_ops *ops,
                         void *arg);

/** Give up a ring of which nothing is running. */
void ring_detach(struct ring *ring);

/**
 * Take requests.
 *
 * @param budget  so many at most
 * @return whether there are more that could be taken at once; if not, the front end's next event or the end of a request
 *         is what to wait for
 */
bool ring_take(struct ring *ring, unsigned int budget);

/** An io has ended. */
void ring_complete(struct io *io, int16_t status);

/** Publish what is done and in order, and notify if the front end waits for it. */
void ring_publish(struct ring *ring);

/* Between any two of these a test may end this life. */
#ifndef RING_STEP
#define RING_STEP() ((void)0)
#endif

#endif
