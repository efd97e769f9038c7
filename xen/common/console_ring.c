/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor as back end of PV consoles, for domains without a console domain. The ring's page belongs to the domain
 * and is hostile: its indices are read once, differences are taken modulo 2^32 and bounded by the ring's size, and a
 * domain that writes nonsense gets nonsense, no more. One CPU at a time prints what domains send: a piece of one ring in a
 * turn, then a rest, so that no domain's flood starves others or keeps a CPU. The others leave it to that one and do not wait.
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

#define TURN_CHARS 128u /* printed in a turn: 11 ms at 115200 baud */
#define LINE_CHARS 8u /* what a line costs beyond its text */
#define TURN_NS (250 * NS_PER_US) /* between turns */
#define REST 3u /* after a turn, so many times as long as it took: a slow UART gets a part of a CPU only */

struct console_ring {
    struct list link;      /* rings_lock */
    struct domain *domain; /* borrowed: the ring goes before the domain does */
    struct page_info *page; /* counts a reference */
    struct xencons_interface *shared;
    evtchn_port_t port;
    uint32_t wanted;       /* atomic: the domain said there is something */
    uint32_t last_words;   /* bytes that are still printed when the domain is dead */
};

static spinlock_t rings_lock = SPINLOCK_INIT(LOCK_RINGS); /* the list */
static struct list rings = LIST_INIT(rings);
static bool busy;              /* atomic: a CPU is at it, and has what rings hold and the rest of this to itself */
static bool asked;             /* atomic: somebody came since that one began */
static struct timer next_turn; /* set up with the first ring */
static uint64_t rest_until_ns;

/* Runs under the lock of the domain's port. */
static void ring_kicked(void *arg)
{
    struct console_ring *r = arg;

    __atomic_store_n(&r->wanted, 1, __ATOMIC_RELEASE);
    softirq_raise(SOFTIRQ_CONSOLE);
}

/* A piece of at most `most` bytes. @return bytes printed; *more: there are others */
static uint32_t ring_drain(struct console_ring *r, uint32_t most, bool *more)
{
    struct xencons_interface *s = r->shared;
    uint32_t cons = read_once(s->out_cons), prod = __atomic_load_n(&s->out_prod, __ATOMIC_ACQUIRE);
    uint32_t left = prod - cons, n = 0, cost = 0;
    char text[TURN_CHARS];

    *more = false;
    if (left > sizeof(s->out)) { /* not indices of a ring: start over where the domain says it is */
        __atomic_store_n(&s->out_cons, prod, __ATOMIC_RELEASE);
        return 0;
    }
    most = min(left, most);
    while (n < most && cost < TURN_CHARS) {
        text[n] = (char)read_once(s->out[(cons + n) & (sizeof(s->out) - 1)]);
        cost += text[n++] == '\n' ? LINE_CHARS : 1;
    }
    if (n != 0) {
        console_domain_write(r->domain, text, n);
        __atomic_store_n(&s->out_cons, cons + n, __ATOMIC_RELEASE);
        evtchn_notify(r->domain, r->port);
    }
    *more = n < left;
    return n;
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

/* The first that has something goes to the end, so that all have their turn; NULL: none. */
static struct console_ring *pick(bool *others)
{
    struct console_ring *found = NULL;
    struct list *it;

    *others = false;
    spin_lock(&rings_lock);
    list_for_each(it, &rings) {
        struct console_ring *r = list_entry(it, struct console_ring, link);

        if (found != NULL) {
            *others |= read_once(r->wanted) != 0;
        } else if (__atomic_exchange_n(&r->wanted, 0, __ATOMIC_ACQUIRE) != 0) {
            found = r;
        }
    }
    if (found != NULL) {
        list_remove(&found->link);
        list_append(&rings, &found->link);
    }
    spin_unlock(&rings_lock);
    return found;
}

static void feed_focus(void)
{
    struct list *it;

    spin_lock(&rings_lock);
    list_for_each(it, &rings) {
        struct console_ring *r = list_entry(it, struct console_ring, link);

        if (console_has_focus(r->domain)) {
            ring_feed(r);
        }
    }
    spin_unlock(&rings_lock);
}

/* One turn. @return when the next is wanted, 0: not before somebody comes */
static uint64_t turn(void)
{
    uint64_t began = time_now_ns(), now;
    struct console_ring *r;
    bool others, more;

    if (began < rest_until_ns) {
        return rest_until_ns;
    }
    r = pick(&others);
    if (r == NULL) {
        return 0;
    }
    (void)ring_drain(r, TURN_CHARS, &more);
    if (more) {
        __atomic_store_n(&r->wanted, 1, __ATOMIC_RELEASE);
    }
    now = time_now_ns();
    rest_until_ns = now + max(REST * (now - began), TURN_NS);
    return more || others ? rest_until_ns : 0;
}

/* From SOFTIRQ_CONSOLE and from the timer: what domains wrote, what was typed. */
static void rings_run(void)
{
    uint64_t next;

    __atomic_store_n(&asked, true, __ATOMIC_SEQ_CST);
    if (__atomic_exchange_n(&busy, true, __ATOMIC_SEQ_CST)) {
        return;
    }
    __atomic_store_n(&asked, false, __ATOMIC_SEQ_CST);
    next = turn();
    feed_focus();
    if (next != 0) {
        timer_set(&next_turn, next);
    }
    __atomic_store_n(&busy, false, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&asked, __ATOMIC_SEQ_CST)) {
        softirq_raise(SOFTIRQ_CONSOLE); /* who saw us busy may have brought what we have not seen */
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
    r->last_words = sizeof(r->shared->out);
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
    bool more = true;

    while (__atomic_exchange_n(&busy, true, __ATOMIC_SEQ_CST)) {
        cpu_relax();
    }
    for (uint32_t left = sizeof(((struct xencons_interface *)NULL)->out); d->console != NULL && more && left != 0; ) {
        left -= ring_drain(d->console, left, &more);
    }
    __atomic_store_n(&busy, false, __ATOMIC_SEQ_CST);
}

int console_ring_destroy(struct domain *d)
{
    struct console_ring *r;
    bool more = false;

    if (__atomic_exchange_n(&busy, true, __ATOMIC_SEQ_CST)) {
        return -ERESTART;
    }
    r = d->console;
    if (r != NULL) {
        r->last_words -= ring_drain(r, r->last_words, &more);
        more = more && r->last_words != 0; /* who shares the page may write for ever */
    }
    if (r != NULL && !more) {
        d->console = NULL;
        spin_lock(&rings_lock);
        list_remove(&r->link);
        spin_unlock(&rings_lock);
    }
    __atomic_store_n(&busy, false, __ATOMIC_SEQ_CST);
    if (read_once(asked)) {
        softirq_raise(SOFTIRQ_CONSOLE);
    }
    if (r == NULL || more) {
        return more ? -ERESTART : 0;
    }
    evtchn_unbind_consumer(d, r->port);
    page_put(r->page);
    xfree(r);
    return 0;
}
