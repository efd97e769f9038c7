/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three domains on as many threads make, connect, use and close channels with each other at random, each in the others'
 * way; one resets itself now and then. Nothing may hang, and at the end both ends of every pair agree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <unistd.h>

#include <xen/errno.h>

#include "../../../../xen/common/evtchn/evtchn.h"
#include "../../../../xen/common/hypercall_table.h"
#include "../../../../xen/common/hypercalls/families.h"
#include "fake.h"

const struct hypercall_family *const hypercall_table[HYPERCALL_COUNT] = {
    [__HYPERVISOR_event_channel_op] = &event_channel_op_family,
};

#define DOMAINS 3
#define PORTS 24
#define STEPS 2000

static struct domain *d[DOMAINS];

void page_put(struct page_info *pg)
{
    (void)pg;
    abort(); /* no vcpu_info was registered */
}

static long op(unsigned cmd, void *arg)
{
    struct hypercall hc = { .nr = __HYPERVISOR_event_channel_op, .arg = { cmd, (uint64_t)arg } };

    return hypercall_dispatch(&hc);
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void *worker(void *arg)
{
    unsigned self = (unsigned)(uintptr_t)arg;
    uint32_t seed = self + 1;
    unsigned sent = 0;

    fake_current = d[self]->vcpu[0];
    for (unsigned i = 0; i < STEPS; i++) {
        domid_t other = d[next(&seed) % DOMAINS]->id;
        evtchn_port_t port = 1 + next(&seed) % PORTS;

        switch (next(&seed) % 8) {
        case 0:
        case 1: {
            struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = other };

            if (d[self]->evtchn->used[0] < 1ull << (PORTS - 4)) {
                (void)op(EVTCHNOP_alloc_unbound, &a);
            }
            break;
        }
        case 2:
        case 3: {
            struct evtchn_bind_interdomain a = { .remote_dom = other, .remote_port = port };

            (void)op(EVTCHNOP_bind_interdomain, &a);
            break;
        }
        case 4: {
            struct evtchn_close a = { .port = port };

            (void)op(EVTCHNOP_close, &a);
            break;
        }
        case 5: {
            struct evtchn_reset a = { .dom = DOMID_SELF };

            if (self == 0 && next(&seed) % 64 == 0) {
                (void)op(EVTCHNOP_reset, &a);
            }
            break;
        }
        default: {
            struct evtchn_send a = { .port = port };

            sent += op(EVTCHNOP_send, &a) == 0;
            break;
        }
        }
    }
    return (void *)(uintptr_t)sent;
}

static void threads_ends_agree(void **state)
{
    pthread_t thread[DOMAINS];
    unsigned pairs = 0;

    (void)state;
    fake_core_reset();
    fake_xsm_reset();
    for (unsigned i = 0; i < DOMAINS; i++) {
        d[i] = fake_domain_new((domid_t)(7 - 2 * i), 1, 20 + 10 * i);
        assert_int_equal(evtchn_init(d[i]), 0);
    }
    alarm(120); /* a deadlock ends the test */
    for (unsigned i = 0; i < DOMAINS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, worker, (void *)(uintptr_t)i), 0);
    }
    for (unsigned i = 0; i < DOMAINS; i++) {
        void *sent;

        assert_int_equal(pthread_join(thread[i], &sent), 0);
        assert_true((uintptr_t)sent > 10);
    }
    alarm(0);
    for (unsigned i = 0; i < DOMAINS; i++) {
        for (evtchn_port_t n = 1; n < EVTCHN_MAX_PORTS; n++) {
            struct port *p = port_lookup(d[i]->evtchn, n);
            bool used = (d[i]->evtchn->used[n / 64] >> (n % 64)) & 1;

            if (p == NULL) {
                assert_false(used);
                continue;
            }
            assert_int_equal(used, p->state != PORT_FREE);
            assert_false(spin_is_locked(&p->lock));
            if (p->state == PORT_INTERDOMAIN) {
                pairs++;
                assert_int_equal(p->u.peer.port->state, PORT_INTERDOMAIN);
                assert_ptr_equal(p->u.peer.port->u.peer.port, p);
                assert_ptr_equal(p->u.peer.port->u.peer.dom, d[i]);
            }
        }
        assert_int_equal(d[i]->refcount, 1);
    }
    assert_int_equal(pairs % 2, 0);
    for (unsigned i = 0; i < DOMAINS; i++) {
        evtchn_destroy(d[i]);
        for (unsigned b = 0; b < EVTCHN_BUCKETS; b++) {
            assert_int_equal(d[i]->evtchn->used[b], b == 0);
        }
    }
    for (unsigned i = 0; i < DOMAINS; i++) {
        evtchn_free(d[i]);
    }
    fake_domains_free();
}

static int settled; /* atomic */

static void *settle(void *arg)
{
    evtchn_settle(arg);
    __atomic_store_n(&settled, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

/* It waits for who sends through `sender`, and for nobody else. */
static void settles_after(struct domain *receiver, struct port *sender)
{
    pthread_t thread;

    __atomic_store_n(&settled, 0, __ATOMIC_SEQ_CST);
    spin_lock(&sender->lock);
    assert_int_equal(pthread_create(&thread, NULL, settle, receiver), 0);
    usleep(50000);
    assert_int_equal(__atomic_load_n(&settled, __ATOMIC_SEQ_CST), 0);
    spin_unlock(&sender->lock);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(settled, 1);
}

static void settling_waits_for_senders(void **state)
{
    struct evtchn_alloc_unbound offer = { .dom = DOMID_SELF };
    struct evtchn_bind_interdomain bind = { 0 };
    struct port *p;

    (void)state;
    fake_core_reset();
    fake_xsm_reset();
    for (unsigned i = 0; i < 2; i++) {
        d[i] = fake_domain_new((domid_t)(3 + i), 1, 20 + 10 * i);
        assert_int_equal(evtchn_init(d[i]), 0);
    }
    fake_current = d[0]->vcpu[0];
    offer.remote_dom = d[1]->id;
    assert_int_equal(op(EVTCHNOP_alloc_unbound, &offer), 0);
    fake_current = d[1]->vcpu[0];
    bind.remote_dom = d[0]->id;
    bind.remote_port = offer.port;
    assert_int_equal(op(EVTCHNOP_bind_interdomain, &bind), 0);
    p = port_lookup(d[0]->evtchn, offer.port);
    alarm(60);
    settles_after(d[0], p);             /* the hypervisor notifies the domain itself */
    settles_after(d[0], p->u.peer.port); /* the domain at the other end sends */
    alarm(0);
    for (unsigned i = 0; i < 2; i++) {
        evtchn_destroy(d[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        evtchn_free(d[i]);
    }
    fake_domains_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_ends_agree),
        cmocka_unit_test(settling_waits_for_senders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
