/* SPDX-License-Identifier: Apache-2.0 */
/* A ring with all that it needs: its pages, its event channel, and the way to the device. */
#ifndef BLKD_QUEUE_H
#define BLKD_QUEUE_H

#include "device.h"
#include "grants.h"
#include "ring.h"
#include "uring.h"

#define RUNNING_MAX 2048u /* requests of all rings at a time; the uring has room for the results of more */

#define QUEUES_MAX 256u

/* What the process has one of. */
struct blkd {
    struct uring uring;
    int channels;
    unsigned int running; /* of all rings */
    struct queue *queue[QUEUES_MAX];
    unsigned int queue_count;
};

struct queue {
    struct blkd *blkd;
    unsigned int domid;
    const struct device *device;
    struct grants *grants;
    struct ring *ring;
    unsigned int port; /* 0: none */
    bool ready;        /* there may be something to take or to publish */
    bool told;         /* that its front end broke the protocol */
};

/* How a front end says to reach it. */
struct queue_address {
    unsigned int domid, port;
    bool persistent;
    unsigned int pages;
    grant_ref_t refs[RING_PAGES_MAX];
};

/** Attach. @return the queue; NULL with errno, ENOSPC there are too many */
struct queue *queue_open(struct blkd *blkd, const struct device *device, const struct queue_address *address);

/** No more requests are taken. */
void queue_stop(struct queue *q);

/** @return whether nothing of it is running: only then may it be closed */
bool queue_is_quiet(const struct queue *q);
void queue_close(struct queue *q);

/** Take requests within a budget and publish responses. */
void queue_run(struct queue *q);

/** For uring_reap(). */
void queue_done(void *cookie, int32_t result);

#endif
