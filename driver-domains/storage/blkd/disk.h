/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk of a guest, as XenStore has it: what the back end and the front end tell each other.
 *
 * NEW       its folder was found
 * WAITING   back end's state InitWait: backendd finds the device, the front end makes its rings
 * SERVING   Connected. A front end that is Connected when we come had an earlier life of ours; it is attached to as any other
 * LEAVING   its rings take no more; when nothing runs they are closed, and it waits again or is Closed
 *
 * The front end's folder is the guest's: numbers are bounded, and paths below it are made of numbers.
 */
#ifndef BLKD_DISK_H
#define BLKD_DISK_H

#include "backend.h"
#include "queue.h"

#define DISK_QUEUES_MAX 4u
#define DISK_RING_ORDER_MAX 4u

enum disk_phase { DISK_NEW, DISK_WAITING, DISK_SERVING, DISK_LEAVING };

struct disk {
    bool used;
    struct backend backend;
    struct backend frontend; /* its path alone, for backend_read() */
    enum disk_phase phase;
    bool connected;          /* the front end has said so since the rings were attached */
    unsigned int tries;
    struct device device;
    unsigned int queue_count;
    struct queue *queue[DISK_QUEUES_MAX];
};

/** Take the next step that the states of both sides want. @return whether to come again soon, without an event */
bool disk_step(struct blkd *blkd, struct store *store, struct disk *disk);

#endif
