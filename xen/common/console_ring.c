/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor as back end of PV consoles, for domains without a console domain. The ring's page belongs to the domain
 * and is hostile: its indices are read once, differences are taken modulo 2^32 and bounded by the ring's size, and a
 * domain that writes nonsense gets nonsense, no more. What a domain sends is drained in a softirq, a bounded piece per
 * turn, so one domain's flood neither starves others nor keeps a CPU.
 *
 * Life: console_ring_init() while the domain is built, console_ring_destroy() when it dies.
 */
#include <xen/console.h>

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/softirq.h>
#include <xen/time.h>
#include <xen/timer.h>

#include <public/io/console.h>

#define TURN_BYTES 512u /* per domain and turn */
#define TURN_NS NS_PER_MS /* between turns of a domain that has more to say */
#define REST 3u /* after a turn, so many times as long as it took: a slow UART gets a part of a CPU only */

struct console_ring {
    struct list link;      /* rings_lock */
    struct domain *domain; /* borrowed: the ring goes before the domain does */
    struct page_info *page; /* counts a reference */
    struct xencons_interface *shared;
    evtchn_port_t port;
    uint32_t wanted;       /* atomic: the domain said there is something */
};

static spinlock_t rings_lock = SPINLOCK_INIT; /* outermost here: before the event channel locks */
static struct list rings = LIST_INIT(rings);
static struct timer next_turn; /* set up with the first ring */
static uint64_t rest_until_ns; /* rings_lock */

/* Runs under the lock of the domain's port. */
static void ring_kicked(void *arg)
{
    struct console_ring *r = arg;

    __atomic_store_n(&r->wanted, 1, __ATOMIC_RELEASE);
    softirq_raise(SOFTIRQ_CONSOLE);
}

/* @return whether there is more. */
static bool ring_drain(struct console_ring *r)
{
    struct xencons_interface *s = r->shared;
    uint32_t cons = read_once(s->out_cons), prod = __atomic_load_n(&s->out_prod, __ATOMIC_ACQUIRE);
    uint32_t left = prod - cons, n;
    char text[TURN_BYTES];

    if (left > sizeof(s->out)) { /* not indices of a ring: start over where the domain says it is */
        __atomic_store_n(&s->out_cons, prod, __ATOMIC_RELEASE);
        return false;
    }
    n = min(left, TURN_BYTES);
    for (uint32_t i = 0; i < n; i++) {
        text[i] = (char)read_once(s->out[(cons + i) & (sizeof(s->out) - 1)]);
    }
    if (n != 0) {
        console_domain_write(r->domain, text, n);
        __atomic_store_n(&s->out_cons, cons + n, __ATOMIC_RELEASE);
        evtchn_notify(r->domain, r->port);
    }
    return n < left;
}

static void ring_feed(struct console_ring *r)
{
    struct xencons_interface *s = r->shared;
    uint32_t prod = read_once(s->in_prod), cons = __atomic_load_n(&s->in_cons, __ATOMIC_ACQUIRE);
    uint32_t used = prod - cons;
    char text[sizeof(s->in)];
    size_t n;

    if (used >= sizeof(s->in)) { /* full, or no indices of a ring: typed input waits */
        return;
    }
    n = console_read(text, sizeof(s->in) - used);
    for (uint32_t i = 0; i < n; i++) {
        write_once(s->in[(prod + i) & (sizeof(s->in) - 1)], text[i]);
    }
    if (n != 0) {
        __atomic_store_n(&s->in_prod, prod + (uint32_t)n, __ATOMIC_RELEASE);
        evtchn_notify(r->domain, r->port);
    }
}

/* From SOFTIRQ_CONSOLE and from the timer: what domains wrote, what was typed. */
static void rings_run(void)
{
    struct list *it;
    bool more = false, drained = false, resting;
    uint64_t began, next;

    spin_lock(&rings_lock);
    began = time_now_ns();
    resting = began < rest_until_ns;
    list_for_each(it, &rings) {
        struct console_ring *r = list_entry(it, struct console_ring, link);

        if (resting) {
            more |= read_once(r->wanted) != 0;
        } else if (__atomic_exchange_n(&r->wanted, 0, __ATOMIC_ACQUIRE) != 0) {
            drained = true;
            if (ring_drain(r)) {
                __atomic_store_n(&r->wanted, 1, __ATOMIC_RELEASE);
                more = true;
            }
        }
        if (console_has_focus(r->domain)) {
            ring_feed(r);
        }
    }
    if (drained) {
        next = time_now_ns();
        rest_until_ns = next + REST * (next - began);
    }
    next = resting ? rest_until_ns : max(rest_until_ns, began + TURN_NS);
    spin_unlock(&rings_lock);
    if (more) {
        timer_set(&next_turn, next);
    }
}

static void turn_came(void *arg)
{
    (void)arg;
    rings_run();
}

int console_ring_init(struct domain *d, gfn_t gfn, uint32_t port)
{
    struct console_ring *r;
    enum p2m_type type;
    struct page_info *pg = p2m_get_page(d, gfn, true, &type);
    evtchn_port_t p = port;
    int rc;

    if (pg == NULL) {
        return -EINVAL;
    }
    r = xzalloc(struct console_ring);
    if (r == NULL) {
        page_put(pg);
        return -ENOMEM;
    }
    r->domain = d;
    r->page = pg;
    r->shared = page_to_virt(pg);
    r->port = port;
    rc = evtchn_bind_consumer(d, &p, ring_kicked, r);
    if (rc != 0) {
        page_put(pg);
        xfree(r);
        return rc;
    }
    spin_lock(&rings_lock);
    if (console_input_notify == NULL) {
        timer_init(&next_turn, turn_came, NULL);
        console_input_notify = rings_run;
    }
    list_append(&rings, &r->link);
    d->console = r;
    spin_unlock(&rings_lock);
    return 0;
}

void console_ring_flush(struct domain *d)
{
    struct console_ring *r;

    spin_lock(&rings_lock);
    r = d->console;
    for (size_t i = 0; r != NULL && i < sizeof(r->shared->out) / TURN_BYTES && ring_drain(r); i++) {
        /* a ring full at most */
    }
    spin_unlock(&rings_lock);
}

void console_ring_destroy(struct domain *d)
{
    struct console_ring *r;

    spin_lock(&rings_lock);
    r = d->console;
    d->console = NULL;
    if (r != NULL) {
        list_remove(&r->link);
    }
    spin_unlock(&rings_lock);
    if (r == NULL) {
        return;
    }
    evtchn_unbind_consumer(d, r->port);
    for (size_t i = 0; i < sizeof(r->shared->out) / TURN_BYTES && ring_drain(r); i++) {
        /* the last words, as many as the ring holds */
    }
    page_put(r->page);
    xfree(r);
}
