/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks on a disk's front end. Source of the protocol: public/io/blkif.h. */
#include "peer.h"

#include <runtime/console.h>
#include <runtime/time.h>

#include <public/io/blkif.h>

#define RING_SLOTS __CONST_RING_SIZE(blkif, PAGE_SIZE)
#define FRONT_MS 150000u

static struct vbd {
    struct peer peer;
    struct blkif_sring *ring;
    uint32_t taken, answered; /* requests, responses */
    bool turned;              /* is not served any more */
} vbds[PEERS_MAX];

/* A request that was taken, to be answered; none after @ms: false. */
static bool take(struct vbd *v, uint64_t *id, uint8_t *operation, unsigned int ms)
{
    uint64_t end = time_now_ns() + ms * NS_PER_MS;
    const struct blkif_request *r = &v->ring->ring[v->taken % RING_SLOTS].req;

    while (__atomic_load_n(&v->ring->req_prod, __ATOMIC_ACQUIRE) == v->taken) {
        if (ms == 0 || time_now_ns() > end) {
            return false;
        }
        pause_ms(2);
    }
    *id = r->id;
    *operation = r->operation;
    v->taken++;
    v->ring->req_event = v->taken + 1;
    return true;
}

static void answer(struct vbd *v, uint64_t id, uint8_t operation, int16_t status)
{
    v->ring->ring[v->answered++ % RING_SLOTS].rsp = (struct blkif_response){ .id = id, .operation = operation,
                                                                            .status = status };
    __atomic_store_n(&v->ring->rsp_prod, v->answered, __ATOMIC_RELEASE);
    peer_notify(&v->peer);
}

/* Reads of nothing but success, from all but those that are attacked: kernels read partition tables, one after the other. */
static void serve_all(void)
{
    uint64_t id;
    uint8_t operation;

    for (unsigned int i = 0; i < PEERS_MAX; i++) {
        while (vbds[i].ring != NULL && !vbds[i].turned && take(&vbds[i], &id, &operation, 0)) {
            answer(&vbds[i], id, operation, BLKIF_RSP_OKAY);
        }
    }
}

/* What comes next is answered wrongly, again and again, if it comes at all. */
static void answer_wrongly(struct vbd *v, uint64_t add, uint64_t set, uint8_t op_xor, unsigned int times)
{
    uint64_t id;
    uint8_t operation;

    if (!take(v, &id, &operation, 5000)) {
        printk("HOSTILE back vbd: (nothing was asked)\n");
        return;
    }
    for (unsigned int i = 0; i < times; i++) {
        answer(v, set != 0 ? set : id + add, operation ^ op_xor, (int16_t)any());
    }
}

static void index_ahead(struct vbd *v)
{
    __atomic_store_n(&v->ring->rsp_prod, v->ring->req_prod + 100000, __ATOMIC_RELEASE);
    peer_notify(&v->peer);
}

static void never_asked(struct vbd *v)
{
    answer_wrongly(v, 1, 0, 0, 1);
}

static void no_such_id(struct vbd *v)
{
    answer_wrongly(v, 0, 0xdeadbeefdeadbeef, 0, 1);
}

static void other_operation(struct vbd *v)
{
    answer_wrongly(v, 0, 0, 3, 1);
}

static void twice(struct vbd *v)
{
    answer_wrongly(v, 0, 0, 0, 5);
}

static void after_close(struct vbd *v)
{
    peer_state(&v->peer, XenbusStateClosed);
    for (unsigned int i = 0; i < 200; i++) {
        answer(v, any() % RING_SLOTS, BLKIF_OP_READ, 0);
    }
}

static void scribbled(struct vbd *v)
{
    uint64_t end = time_now_ns() + NS_PER_S;

    while (time_now_ns() < end) {
        scribble(v->ring);
        peer_notify(&v->peer);
    }
}

static void event_storm(struct vbd *v)
{
    peer_storm(&v->peer);
}

static void flapping(struct vbd *v)
{
    peer_flap(&v->peer, 1u << XenbusStateInitWait | 1u << XenbusStateConnected); /* which kill blkfront: tests/hostile/README.md */
}

static void calm(struct vbd *v)
{
    (void)v;
}

static void wild_size(struct vbd *v)
{
    peer_write(&v->peer, "sectors", "%s", "18446744073709551615");
    peer_write(&v->peer, "sector-size", "%u", 3u);
    peer_write(&v->peer, "info", "%u", 0xffffffffu);
}

static void wild_features(struct vbd *v)
{
    static const char *const wild[] = { "multi-queue-max-queues", "max-ring-page-order", "feature-persistent",
                                        "feature-max-indirect-segments", "discard-granularity", "discard-alignment",
                                        "feature-discard", "physical-sector-size" };

    for (unsigned int i = 0; i < ARRAY_SIZE(wild); i++) {
        peer_write(&v->peer, wild[i], "%u", 4294967295u);
    }
}

static const struct {
    const char *name;
    void (*before)(struct vbd *v); /* in the nodes, when it connects */
    void (*after)(struct vbd *v);  /* once it is in use */
} attacks[] = {
    { "a response index far ahead", calm, index_ahead },
    { "an answer to what was not asked", calm, never_asked },
    { "an answer with no such id", calm, no_such_id },
    { "an answer about another operation", calm, other_operation },
    { "five answers to one request", calm, twice },
    { "answers after close", calm, after_close },
    { "a ring scribbled over", calm, scribbled },
    { "an event storm", calm, event_storm },
    { "states that flap", calm, flapping },
    { "a size out of this world", wild_size, calm },
    { "features out of this world", wild_features, scribbled },
};

void vbd_serve(const struct peer *p, unsigned int number)
{
    struct vbd *v = &vbds[number];

    peer_idle = serve_all;
    v->peer = *p;
    peer_write(p, "sectors", "%u", 16384u);
    peer_write(p, "sector-size", "%u", 512u);
    peer_write(p, "info", "%u", 0u);
    attacks[number % ARRAY_SIZE(attacks)].before(v);
    peer_state(p, XenbusStateInitWait);
    if (peer_wait(p, XenbusStateInitialised, FRONT_MS) && (v->ring = peer_map(p, "ring-ref")) != NULL &&
        peer_bind(&v->peer)) {
        peer_state(p, XenbusStateConnected);
    } else {
        v->ring = NULL;
    }
}

void vbd_attack(void)
{
    for (unsigned int i = 0; i < PEERS_MAX && vbds[i].peer.guest != 0; i++) {
        const char *name = attacks[i % ARRAY_SIZE(attacks)].name;

        printk("HOSTILE back vbd: %s%s\n", name, vbds[i].peer.port != 0 ? "" : " (no front end)");
        vbds[i].turned = true;
        if (vbds[i].peer.port != 0) {
            attacks[i % ARRAY_SIZE(attacks)].after(&vbds[i]);
        }
    }
}
