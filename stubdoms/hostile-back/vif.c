/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks on an interface's front end. Source of the protocol: public/io/netif.h. */
#include "peer.h"

#include <runtime/console.h>
#include <runtime/time.h>

#include <public/io/netif.h>

#define TX_SLOTS __CONST_RING_SIZE(netif_tx, PAGE_SIZE)
#define RX_SLOTS __CONST_RING_SIZE(netif_rx, PAGE_SIZE)

#define FRONT_MS 150000u

static struct vif {
    struct peer peer;
    struct netif_tx_sring *tx;
    struct netif_rx_sring *rx;
} vifs[PEERS_MAX];

static void tx_answers(struct vif *v, unsigned int count, uint16_t id)
{
    for (unsigned int i = 0; i < count; i++) {
        v->tx->ring[(v->tx->rsp_prod + i) % TX_SLOTS].rsp = (struct netif_tx_response){ .id = id, .status = (int16_t)any() };
    }
    __atomic_store_n(&v->tx->rsp_prod, v->tx->rsp_prod + count, __ATOMIC_RELEASE);
    peer_notify(&v->peer);
    pause_ms(300);
}

static void rx_answers(struct vif *v, unsigned int count, bool wild_id)
{
    for (unsigned int i = 0; i < count; i++) {
        unsigned int n = (v->rx->rsp_prod + i) % RX_SLOTS;
        uint16_t id = v->rx->ring[n].req.id;

        v->rx->ring[n].rsp = (struct netif_rx_response){ .id = wild_id ? (uint16_t)any() : id, .offset = (uint16_t)any(),
                                                      .flags = (uint16_t)any(), .status = (int16_t)any() };
    }
    __atomic_store_n(&v->rx->rsp_prod, v->rx->rsp_prod + count, __ATOMIC_RELEASE);
    peer_notify(&v->peer);
    pause_ms(300);
}

static void tx_ahead(struct vif *v)
{
    tx_answers(v, 100000, 0);
}

static void tx_wrong(struct vif *v)
{
    tx_answers(v, 3, 0xffff);
}

static void rx_ahead(struct vif *v)
{
    rx_answers(v, 100000, true);
}

static void rx_lengths(struct vif *v)
{
    for (unsigned int i = 0; i < 20; i++) {
        rx_answers(v, 8, false);
    }
}

static void rx_ids(struct vif *v)
{
    rx_answers(v, 32, true);
}

static void scribbled(struct vif *v)
{
    uint64_t end = time_now_ns() + NS_PER_S;

    while (time_now_ns() < end) {
        scribble(v->tx);
        scribble(v->rx);
        peer_notify(&v->peer);
    }
}

static void event_storm(struct vif *v)
{
    peer_storm(&v->peer);
}

static void flapping(struct vif *v)
{
    peer_flap(&v->peer, 0);
}

static const struct {
    const char *name;
    void (*run)(struct vif *v);
} attacks[] = {
    { "a transmit response index far ahead", tx_ahead },
    { "transmit responses never asked for", tx_wrong },
    { "a receive response index far ahead", rx_ahead },
    { "received frames of wild lengths", rx_lengths },
    { "received frames of wild ids", rx_ids },
    { "rings scribbled over", scribbled },
    { "an event storm", event_storm },
    { "states that flap", flapping },
};

void vif_serve(const struct peer *p, unsigned int number)
{
    struct vif *v = &vifs[number];

    v->peer = *p;
    peer_write(p, "feature-rx-copy", "1");
    peer_write(p, "feature-rx-flip", "0");
    peer_write(p, "feature-sg", "1");
    peer_state(p, XenbusStateInitWait);
    if (peer_wait(p, XenbusStateConnected, FRONT_MS) && (v->tx = peer_map(p, "tx-ring-ref")) != NULL &&
        (v->rx = peer_map(p, "rx-ring-ref")) != NULL && peer_bind(&v->peer)) {
        peer_state(p, XenbusStateConnected);
    }
}

void vif_attack(void)
{
    for (unsigned int i = 0; i < PEERS_MAX && vifs[i].peer.guest != 0; i++) {
        const char *name = attacks[i % ARRAY_SIZE(attacks)].name;

        printk("HOSTILE back vif: %s%s\n", name, vifs[i].peer.port != 0 ? "" : " (no front end)");
        if (vifs[i].peer.port != 0) {
            attacks[i % ARRAY_SIZE(attacks)].run(&vifs[i]);
            pause_ms(300);
        }
    }
}
