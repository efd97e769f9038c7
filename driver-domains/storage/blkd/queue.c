/* SPDX-License-Identifier: Apache-2.0 */
#include "queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "channel.h"

#define BUDGET 16u /* requests of one ring before the others have their turn */

static int get(void *arg, const grant_ref_t *refs, unsigned int count, bool to_guest, void **at, void **keep)
{
    struct queue *q = arg;

    return grants_get(q->grants, refs, count, to_guest, at, keep);
}

static void put(void *arg, void **keep, unsigned int count)
{
    struct queue *q = arg;

    grants_put(q->grants, keep, count);
}

static void start(void *arg, struct io *io)
{
    struct queue *q = arg;
    struct uring *u = &q->blkd->uring;
    int fd = q->device->fd;

    q->blkd->running++;
    switch (io->op) {
    case IO_READ:
    case IO_WRITE:
        /* What was told to be written must be there when this domain is gone, be it asked for a flush or not. */
        uring_rw(u, fd, io->op == IO_WRITE, io->vector, io->vector_count, io->offset,
                 io->op == IO_WRITE && q->device->lingers ? RWF_DSYNC : 0, io);
        break;
    case IO_FLUSH:
        uring_flush(u, fd, io);
        break;
    case IO_DISCARD:
        uring_punch(u, fd, io->offset, io->bytes, io);
        break;
    }
}

static void notify(void *arg)
{
    const struct queue *q = arg;

    channel_notify(q->blkd->channels, q->port);
}

static const struct ring_ops ops = { get, put, start, notify };

void queue_done(void *cookie, int32_t result)
{
    struct io *io = cookie;
    struct queue *q = io->ring->arg;
    bool moves = io->op == IO_READ || io->op == IO_WRITE;

    q->blkd->running--;
    ring_complete(io, result < 0 || (moves && (uint64_t)result != io->bytes) ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY);
    q->ready = true;
}

void queue_run(struct queue *q)
{
    q->ready = q->blkd->running >= RUNNING_MAX || ring_take(q->ring, BUDGET);
    ring_publish(q->ring);
    if (q->ring->broken != NULL && !q->told) {
        fprintf(stderr, "blkd: domain %u: a ring is stopped: %s\n", q->domid, q->ring->broken);
        q->told = true;
    }
}

void queue_stop(struct queue *q)
{
    q->ring->stopped = true;
}

bool queue_is_quiet(const struct queue *q)
{
    return q->ring->running == 0;
}

struct queue *queue_open(struct blkd *blkd, const struct device *device, const struct queue_address *address)
{
    const struct disk_limits limits = { .sectors = device->sectors, .readonly = device->readonly,
                                        .discard = device->discard_granularity != 0 };
    struct queue *q = calloc(1, sizeof(*q));
    void *shared;
    int port, error;

    if (q == NULL || blkd->queue_count == QUEUES_MAX) {
        free(q);
        errno = ENOSPC;
        return NULL;
    }
    q->blkd = blkd;
    q->domid = address->domid;
    q->device = device;
    q->grants = grants_open(address->domid, address->persistent);
    shared = q->grants != NULL ? grants_map_ring(q->grants, address->refs, address->pages) : NULL;
    port = shared != NULL ? channel_bind(blkd->channels, address->domid, address->port) : -1;
    if (port > 0) {
        q->port = (unsigned int)port;
        q->ring = ring_attach(shared, address->pages, &limits, &ops, q);
    }
    if (q->ring == NULL) {
        error = errno;
        queue_close(q);
        errno = error;
        return NULL;
    }
    q->ready = true;
    blkd->queue[blkd->queue_count++] = q;
    return q;
}

static void forget(struct blkd *blkd, const struct queue *q)
{
    for (unsigned int i = 0; i < blkd->queue_count; i++) {
        if (blkd->queue[i] == q) {
            blkd->queue[i] = blkd->queue[--blkd->queue_count];
            return;
        }
    }
}

void queue_close(struct queue *q)
{
    if (q == NULL) {
        return;
    }
    forget(q->blkd, q);
    if (q->port != 0) {
        channel_unbind(q->blkd->channels, q->port);
    }
    if (q->ring != NULL) {
        ring_detach(q->ring);
    }
    grants_close(q->grants);
    free(q);
}
