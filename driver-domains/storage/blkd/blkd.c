/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blkd: the back end of disks, in user space. It stands where the kernel's xen-blkback does: backendd tells it the device in
 * the disk's own folder of XenStore, and it does the rest (disk.h). What it adds is that a front end does not notice when this
 * program, or the domain it runs in, ends and starts again (ring.h).
 *
 * One thread. XenStore is looked at SCAN_MS apart, however often a guest changes its nodes; each ring has its turn.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "disk.h"
#include "options.h"

#define DISKS_MAX (QUEUES_MAX / DISK_QUEUES_MAX)
#define PORTS_MAX 64u
#define SCAN_MS 50
#define RETRY_MS 100
#define EVENTS_MAX 256u /* of XenStore, read at a time */
#define BUSY_TURNS 8u   /* turns of the loop before events are looked for all the same */

static struct blkd blkd;
static struct store store;
static struct disk disks[DISKS_MAX];

/* -- disks ---------------------------------------------------------------------------------------- */

static void disk_add(const char *domid, const char *device)
{
    struct disk fresh = { .used = true, .device.fd = -1 };
    struct disk *place = NULL;

    if (options_number(domid, 0x7fef, &fresh.backend.domid) < 0
        || options_number(device, 0x7fffffff, &fresh.backend.device) < 0) {
        return;
    }
    snprintf(fresh.backend.path, sizeof(fresh.backend.path), "backend/vbd/%u/%u", fresh.backend.domid,
             fresh.backend.device);
    for (unsigned int i = 0; i < DISKS_MAX; i++) {
        if (!disks[i].used) {
            place = place != NULL ? place : &disks[i];
        } else if (strcmp(disks[i].backend.path, fresh.backend.path) == 0) {
            return;
        }
    }
    if (place == NULL) {
        fprintf(stderr, "blkd: more than %u disks, %s ignored\n", DISKS_MAX, fresh.backend.path);
    } else {
        *place = fresh;
    }
}

static void find_disks(void)
{
    char domains[STORE_PAYLOAD_MAX + 2], devices[STORE_PAYLOAD_MAX + 2], path[64];

    if (store_list(&store, "backend/vbd", domains, sizeof(domains)) < 0) {
        return;
    }
    for (const char *d = domains; *d != '\0'; d += strlen(d) + 1) {
        snprintf(path, sizeof(path), "backend/vbd/%.10s", d);
        if (store_list(&store, path, devices, sizeof(devices)) < 0) {
            continue;
        }
        for (const char *v = devices; *v != '\0'; v += strlen(v) + 1) {
            disk_add(d, v);
        }
    }
}

/* @return whether to come again soon */
static bool scan(void)
{
    bool soon = false;

    find_disks();
    for (unsigned int i = 0; i < DISKS_MAX; i++) {
        soon = (disks[i].used && disk_step(&blkd, &store, &disks[i])) || soon;
    }
    return soon;
}

/* -- rings ---------------------------------------------------------------------------------------- */

static void take_events(void)
{
    uint32_t ports[PORTS_MAX];
    size_t count = channel_events(blkd.channels, ports, PORTS_MAX);

    for (unsigned int at = 0; count != 0 && at < blkd.queue_count; at++) {
        struct queue *q = blkd.queue[at];

        for (size_t i = 0; i < count; i++) {
            q->ready = q->ready || ports[i] == q->port;
        }
    }
    if (count != 0) {
        channel_ready(blkd.channels, ports, count);
    }
}

/*
 * Each ring is the first in turn: what can run at a time is bounded, and who is first has most of it.
 *
 * @return whether there is more to do at once
 */
static bool run_queues(void)
{
    static unsigned int first;
    bool more = false;

    first++;
    for (unsigned int i = 0; i < blkd.queue_count; i++) {
        struct queue *q = blkd.queue[(first + i) % blkd.queue_count];

        if (q->ready) {
            queue_run(q);
            more = more || q->ready;
        }
    }
    uring_submit(&blkd.uring);
    return more && blkd.running < RUNNING_MAX; /* else the end of one of them is waited for */
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* -- the loop ------------------------------------------------------------------------------------- */

static int watched; /* epoll's descriptor; of XenStore an event is told once, until it is asked for again */

static void watch(int how, int fd, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.fd = fd };

    if (epoll_ctl(watched, how, fd, &e) < 0) {
        fprintf(stderr, "blkd: epoll: %s\n", strerror(errno));
        exit(1);
    }
}

/* Wait for something to do. @return whether XenStore may have changed */
static bool wait_events(int timeout)
{
    struct epoll_event events[3];
    int count = epoll_wait(watched, events, 3, timeout);
    bool changed = false;

    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == blkd.channels) {
            take_events();
        }
        changed = changed || events[i].data.fd == store.fd;
    }
    return changed;
}

/* Take what XenStore has told, and step every disk. @return whether to come again soon */
static bool look_at_store(void)
{
    int rc = 1;
    bool soon;

    for (unsigned int i = 0; rc == 1 && i < EVENTS_MAX; i++) {
        rc = store_changed(&store, 0);
    }
    if (rc < 0) {
        fprintf(stderr, "blkd: XenStore: %s\n", strerror(errno));
        exit(1);
    }
    soon = scan();
    watch(EPOLL_CTL_MOD, store.fd, EPOLLIN | EPOLLONESHOT);
    return soon;
}

static void start(void)
{
    if (access("/sys/module/xen_blkback", F_OK) == 0) {
        fprintf(stderr, "blkd: xen-blkback is loaded, which answers for the same disks: leave it out of the image\n");
        exit(1);
    }
    blkd.channels = channel_open();
    watched = epoll_create1(EPOLL_CLOEXEC);
    if (blkd.channels < 0 || watched < 0 || uring_open(&blkd.uring) < 0) {
        fprintf(stderr, "blkd: /dev/xen/evtchn or io_uring: %s\n", strerror(errno));
        exit(1);
    }
    if (store_open(&store) < 0 || store_watch(&store, "backend/vbd") < 0) {
        fprintf(stderr, "blkd: XenStore: %s\n", strerror(errno));
        exit(1);
    }
    watch(EPOLL_CTL_ADD, blkd.channels, EPOLLIN);
    watch(EPOLL_CTL_ADD, blkd.uring.fd, EPOLLIN);
    watch(EPOLL_CTL_ADD, store.fd, EPOLLIN | EPOLLONESHOT);
}

int main(void)
{
    bool soon = false, changed = true, busy = false;
    int64_t last = 0;

    setlinebuf(stdout);
    start();
    for (unsigned int turn = 0;; turn++) {
        if ((changed || soon) && now_ms() - last >= (changed ? SCAN_MS : RETRY_MS)) {
            soon = look_at_store();
            changed = store.changed != 0; /* meanwhile */
            last = now_ms();
        }
        if (!busy || turn % BUSY_TURNS == 0) {
            changed = wait_events(busy ? 0 : soon || changed ? SCAN_MS : -1) || changed;
        }
        uring_reap(&blkd.uring, queue_done);
        busy = run_queues();
        busy = uring_has_results(&blkd.uring) || busy;
    }
}
