/* SPDX-License-Identifier: Apache-2.0 */
/* A domain's ports: a two-level array, grown by buckets of 64 and indexed by a bitmap of used ones. */
#include "evtchn.h"

#include <xen/errno.h>
#include <xen/mm.h>

int evtchn_init(struct domain *d)
{
    struct evtchn_table *t = xzalloc(struct evtchn_table);

    if (t == NULL) {
        return -ENOMEM;
    }
    spin_lock_init(&t->lock, LOCK_EVTCHN);
    t->used[0] = 1; /* port 0 stands for "none" in the ABI */
    d->evtchn = t;
    return 0;
}

void evtchn_free(struct domain *d)
{
    struct evtchn_table *t = d->evtchn;

    if (t == NULL) {
        return;
    }
    for (unsigned i = 0; i < EVTCHN_BUCKETS; i++) {
        xfree(t->bucket[i]);
    }
    xfree(t);
    d->evtchn = NULL;
}

struct port *port_lookup(const struct evtchn_table *t, evtchn_port_t nr)
{
    struct port *bucket;

    if (nr >= EVTCHN_MAX_PORTS || nr == 0) {
        return NULL;
    }
    nr = (evtchn_port_t)array_index_nospec(nr, EVTCHN_MAX_PORTS);
    bucket = __atomic_load_n(&t->bucket[nr / PORTS_PER_BUCKET], __ATOMIC_ACQUIRE);
    return bucket != NULL ? &bucket[nr % PORTS_PER_BUCKET] : NULL;
}

static int bucket_ensure(struct evtchn_table *t, unsigned b)
{
    struct port *bucket;

    if (t->bucket[b] != NULL) {
        return 0;
    }
    bucket = xzalloc_array(struct port, PORTS_PER_BUCKET);
    if (bucket == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < PORTS_PER_BUCKET; i++) {
        spin_lock_init(&bucket[i].lock, LOCK_PORT);
        bucket[i].nr = b * PORTS_PER_BUCKET + i;
    }
    __atomic_store_n(&t->bucket[b], bucket, __ATOMIC_RELEASE);
    return 0;
}

int port_find_free(struct evtchn_table *t, evtchn_port_t wanted, struct port **out)
{
    unsigned b, i;
    int rc;

    if (t->closed || wanted >= EVTCHN_MAX_PORTS) {
        return -EINVAL;
    }
    if (wanted != 0) {
        b = wanted / PORTS_PER_BUCKET;
        i = wanted % PORTS_PER_BUCKET;
        if (t->used[b] & (1ull << i)) {
            return -EEXIST;
        }
    } else {
        if (t->full == ~0ull) {
            return -ENOSPC;
        }
        b = (unsigned)__builtin_ctzll(~t->full);
        i = (unsigned)__builtin_ctzll(~t->used[b]);
    }
    rc = bucket_ensure(t, b);
    if (rc == 0) {
        *out = &t->bucket[b][i];
    }
    return rc;
}

static uint64_t port_bit(const struct port *p)
{
    return 1ull << (p->nr % 64);
}

static void clear_pending(struct domain *d, const struct port *p)
{
    __atomic_fetch_and(&d->shared_info->evtchn_pending[p->nr / 64], ~port_bit(p), __ATOMIC_RELAXED);
}

void port_take(struct domain *d, struct port *p, enum port_state state, unsigned vcpu, xsm_sid_t sid)
{
    struct evtchn_table *t = d->evtchn;
    unsigned b = p->nr / PORTS_PER_BUCKET;

    ASSERT(p->state == PORT_FREE);
    clear_pending(d, p);
    t->used[b] |= port_bit(p);
    if (t->used[b] == ~0ull) {
        t->full |= 1ull << b;
    }
    p->vcpu = (uint16_t)vcpu;
    p->sid = sid;
    spin_lock(&p->lock); /* senders that saw it free are gone when this returns */
    p->state = (uint8_t)state;
    spin_unlock(&p->lock);
}

void port_release(struct domain *d, struct port *p)
{
    struct evtchn_table *t = d->evtchn;
    unsigned b = p->nr / PORTS_PER_BUCKET;

    p->state = PORT_FREE;
    p->sid = XSM_SID_NULL;
    p->vcpu = 0;
    memset(&p->u, 0, sizeof(p->u));
    t->used[b] &= ~port_bit(p);
    t->full &= ~(1ull << b);
    clear_pending(d, p);
}

void tables_lock(struct domain *a, struct domain *b)
{
    if (a == b) {
        spin_lock(&a->evtchn->lock);
    } else if (a->id < b->id) {
        spin_lock(&a->evtchn->lock);
        spin_lock_second(&b->evtchn->lock);
    } else {
        spin_lock(&b->evtchn->lock);
        spin_lock_second(&a->evtchn->lock);
    }
}

void tables_unlock(struct domain *a, struct domain *b)
{
    if (a != b) {
        spin_unlock(&b->evtchn->lock);
    }
    spin_unlock(&a->evtchn->lock);
}

void release_target_table(struct call *c)
{
    spin_unlock(&c->target->evtchn->lock);
}

void release_caller_table(struct call *c)
{
    spin_unlock(&c->caller->evtchn->lock);
}
