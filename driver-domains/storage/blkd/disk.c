/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <public/io/xenbus.h>

#include "address.h"
#include "options.h"

#define TRIES_MAX 300u /* of 100 ms: that a port may take to be offered again */

/* -- nodes ---------------------------------------------------------------------------------------- */

static unsigned int state_of(struct store *store, const struct backend *side)
{
    unsigned int state;

    return address_number(store, side, "state", XenbusStateReconfigured, &state) ? state : XenbusStateUnknown;
}

static void write_number(struct store *store, const struct disk *disk, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    if (backend_write(store, &disk->backend, name, text) < 0) {
        fprintf(stderr, "blkd: %s/%s: %s\n", disk->backend.path, name, strerror(errno));
    }
}

static void set_state(struct store *store, const struct disk *disk, unsigned int state)
{
    if (state_of(store, &disk->backend) != state) {
        write_number(store, disk, "state", state);
    }
}

static bool is_set(struct store *store, const struct backend *side, const char *name, unsigned int absent)
{
    unsigned int value;

    return (address_number(store, side, name, UINT32_MAX, &value) ? value : absent) != 0;
}

/* -- steps ---------------------------------------------------------------------------------------- */

static void offer(struct store *store, const struct disk *disk)
{
    write_number(store, disk, "feature-persistent", 1);
    write_number(store, disk, "feature-flush-cache", 1);
    write_number(store, disk, "feature-max-indirect-segments", REQUEST_SEGMENTS_MAX);
    write_number(store, disk, "max-ring-page-order", DISK_RING_ORDER_MAX);
    write_number(store, disk, "multi-queue-max-queues", DISK_QUEUES_MAX);
    write_number(store, disk, "reattach", 1); /* for XenStore: who is connected stays so when we are gone */
}

static bool find_frontend(struct store *store, struct disk *disk)
{
    char path[BACKEND_VALUE_MAX];
    unsigned int domid;
    int n;

    if (!address_number(store, &disk->backend, "frontend-id", 0x7fef, &domid) || domid != disk->backend.domid) {
        return false;
    }
    n = snprintf(disk->frontend.path, sizeof(disk->frontend.path), "/local/domain/%u/device/vbd/%u", domid,
                 disk->backend.device);
    return n > 0 && backend_read(store, &disk->backend, "frontend", path) == 0 && strcmp(path, disk->frontend.path) == 0;
}

/* @return 0; -1 with errno: ENOENT it is not known yet */
static int open_device(struct store *store, struct disk *disk)
{
    char number[BACKEND_VALUE_MAX], path[BACKEND_VALUE_MAX], mode[BACKEND_VALUE_MAX];
    bool readonly = backend_read(store, &disk->backend, "mode", mode) < 0 || strcmp(mode, "w") != 0;

    if (disk->device.fd >= 0) {
        return 0;
    }
    if (backend_read(store, &disk->backend, "physical-device", number) < 0
        || backend_read(store, &disk->backend, "physical-device-path", path) < 0) {
        errno = ENOENT;
        return -1;
    }
    if (device_open(&disk->device, path, number, readonly) < 0) {
        return -1;
    }
    if (!is_set(store, &disk->backend, "discard-enable", 1) || readonly) {
        disk->device.discard_granularity = 0;
    }
    return 0;
}

static void tell_device(struct store *store, const struct disk *disk)
{
    const struct device *d = &disk->device;

    write_number(store, disk, "feature-discard", d->discard_granularity != 0);
    if (d->discard_granularity != 0) {
        write_number(store, disk, "discard-granularity", d->discard_granularity);
        write_number(store, disk, "discard-alignment", 0);
        write_number(store, disk, "discard-secure", 0);
    }
    write_number(store, disk, "sectors", d->sectors);
    write_number(store, disk, "info", d->readonly ? VDISK_READONLY : 0);
    write_number(store, disk, "sector-size", d->logical);
    write_number(store, disk, "physical-sector-size", d->physical);
}

static void close_queues(struct disk *disk)
{
    for (unsigned int i = 0; i < disk->queue_count; i++) {
        queue_close(disk->queue[i]);
        disk->queue[i] = NULL;
    }
    disk->queue_count = 0;
}

static int open_queues(struct blkd *blkd, struct store *store, struct disk *disk)
{
    struct queue_address address[DISK_QUEUES_MAX];
    int count = address_read(store, &disk->frontend, disk->backend.domid, address, DISK_QUEUES_MAX);

    if (count < 0) {
        return -1;
    }
    for (int i = 0; i < count; i++) {
        disk->queue[i] = queue_open(blkd, &disk->device, &address[i]);
        if (disk->queue[i] == NULL) {
            int error = errno;

            close_queues(disk);
            errno = error;
            return -1;
        }
        disk->queue_count = (unsigned int)i + 1;
    }
    return 0;
}

/* A mistake that time does not mend is told once, and the disk stays as it is. */
static bool failed(struct store *store, struct disk *disk, const char *what)
{
    char text[128];

    if (errno == ENOENT) {
        return false; /* not yet: an event will come */
    }
    if (++disk->tries == TRIES_MAX) {
        snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
        fprintf(stderr, "blkd: %s: %s\n", disk->backend.path, text);
        (void)backend_write(store, &disk->backend, "blkd-error", text);
    }
    return disk->tries < TRIES_MAX;
}

static bool step_new(struct store *store, struct disk *disk, unsigned int front, unsigned int back)
{
    if (!find_frontend(store, disk)) {
        fprintf(stderr, "blkd: %s: frontend and frontend-id do not name a device of that domain\n", disk->backend.path);
        disk->used = false;
        return false;
    }
    if (store_watch(store, disk->frontend.path) < 0 && errno != EEXIST) {
        fprintf(stderr, "blkd: %s: %s\n", disk->frontend.path, strerror(errno));
    }
    front = state_of(store, &disk->frontend);
    offer(store, disk);
    disk->phase = DISK_WAITING;
    disk->device.fd = -1;
    if (back != XenbusStateInitialising && (front == XenbusStateClosing || front == XenbusStateClosed)) {
        disk->phase = DISK_LEAVING; /* it left while we were away */
    } else if (back != XenbusStateConnected || front != XenbusStateConnected) {
        set_state(store, disk, XenbusStateInitWait);
    }
    return true;
}

static bool step_waiting(struct blkd *blkd, struct store *store, struct disk *disk, unsigned int front)
{
    if (front == XenbusStateClosing || front == XenbusStateClosed) {
        disk->phase = DISK_LEAVING;
        return true;
    }
    if (front != XenbusStateInitialised && front != XenbusStateConnected) {
        return false;
    }
    if (open_device(store, disk) < 0) {
        return failed(store, disk, "the device cannot be opened");
    }
    if (open_queues(blkd, store, disk) < 0) {
        return failed(store, disk, "the front end's rings cannot be attached");
    }
    tell_device(store, disk);
    set_state(store, disk, XenbusStateConnected);
    printf("blkd: vbd %u/%u: %s, %u ring%s%s\n", disk->backend.domid, disk->backend.device,
           front == XenbusStateConnected ? "attached again" : "connected", disk->queue_count,
           disk->queue_count == 1 ? "" : "s", disk->device.readonly ? ", read only" : "");
    disk->connected = front == XenbusStateConnected;
    disk->tries = 0;
    disk->phase = DISK_SERVING;
    return false;
}

static bool step_serving(struct disk *disk, unsigned int front)
{
    if (front == XenbusStateConnected) {
        disk->connected = true;
        return false;
    }
    if (front == XenbusStateInitialised && !disk->connected) {
        return false;
    }
    for (unsigned int i = 0; i < disk->queue_count; i++) {
        queue_stop(disk->queue[i]);
    }
    disk->phase = DISK_LEAVING;
    return true;
}

static bool step_leaving(struct store *store, struct disk *disk, unsigned int front)
{
    for (unsigned int i = 0; i < disk->queue_count; i++) {
        if (!queue_is_quiet(disk->queue[i])) {
            return true;
        }
    }
    close_queues(disk);
    device_close(&disk->device);
    if (front == XenbusStateInitialising || front == XenbusStateInitialised) {
        set_state(store, disk, XenbusStateInitWait);
        disk->phase = DISK_WAITING;
        return true;
    }
    if (front == XenbusStateClosing || front == XenbusStateClosed || front == XenbusStateUnknown) {
        set_state(store, disk, front == XenbusStateClosing ? XenbusStateClosing : XenbusStateClosed);
    }
    return false;
}

/* Its folder was removed. */
static bool step_gone(struct disk *disk)
{
    for (unsigned int i = 0; i < disk->queue_count; i++) {
        queue_stop(disk->queue[i]);
        if (!queue_is_quiet(disk->queue[i])) {
            return true;
        }
    }
    close_queues(disk);
    device_close(&disk->device);
    disk->used = false;
    return false;
}

bool disk_step(struct blkd *blkd, struct store *store, struct disk *disk)
{
    unsigned int back = state_of(store, &disk->backend);
    unsigned int front = disk->phase == DISK_NEW ? XenbusStateUnknown : state_of(store, &disk->frontend);

    if (back == XenbusStateUnknown) {
        return step_gone(disk);
    }
    switch (disk->phase) {
    case DISK_NEW:
        return step_new(store, disk, front, back);
    case DISK_WAITING:
        return step_waiting(blkd, store, disk, front);
    case DISK_SERVING:
        return step_serving(disk, front);
    case DISK_LEAVING:
        return step_leaving(store, disk, front);
    }
    return false;
}
