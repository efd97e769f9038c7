/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EVTCHNOP: making, joining, sending, masking, asking about and closing ports, with the domain itself at both ends.
 *
 * Source: public/event_channel.h, public/xen.h (2-level layout). A correct hypervisor sets exactly the pending bit of the
 * port that is meant, tells the vCPU it is bound to once, leaves a masked port silent until it is unmasked, and refuses
 * ports and vCPUs that do not exist. A broken one loses events, sends to closed ports, forgets who is at the other
 * end, lets a port be closed twice, or runs out of ports because closed ones are not free again.
 */
#include "../guest.h"

#include <runtime/evtchn.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/trap.h>
#include <string.h>

static const evtchn_port_t bad_ports[] = { 0, 3000, 4095, 4096, 4097, 131071, 131072, 0x7fffffff, ~0u };

static volatile unsigned int count;

static void counted(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    count++;
}

static int status_of(evtchn_port_t port)
{
    struct evtchn_status s;
    int rc = evtchn_status(DOMID_SELF, port, &s);

    return rc != 0 ? rc : (int)s.status;
}

/* A pair of ports of this domain, joined. */
static bool pair(evtchn_port_t *a, evtchn_port_t *b)
{
    *a = *b = 0;
    return evtchn_alloc_unbound(DOMID_SELF, a) == 0 && evtchn_bind_interdomain(DOMID_SELF, *a, b) == 0;
}

static void test_pointers(void)
{
    static const unsigned int ops[] = {
        EVTCHNOP_bind_interdomain, EVTCHNOP_bind_virq, EVTCHNOP_close, EVTCHNOP_send, EVTCHNOP_status,
        EVTCHNOP_alloc_unbound, EVTCHNOP_bind_ipi, EVTCHNOP_bind_vcpu, EVTCHNOP_unmask, EVTCHNOP_reset,
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
        tap_is(NOT_REFUSED(-XEN_EFAULT, hc_event_channel_op(ops[i], bad)), 0,
               "bad pointers: operation %u", ops[i]);
    }
    tap_is(hc_event_channel_op(EVTCHNOP_bind_pirq, page_alloc(1)), -XEN_EACCES, "no physical interrupts");
    tap_is(hc_event_channel_op(EVTCHNOP_init_control, page_alloc(1)), -XEN_ENOSYS, "no FIFO ports");
    tap_is(hc_event_channel_op(14, NULL), -XEN_ENOSYS, "operation 14 is none");
    tap_is(hc_event_channel_op(~0u, NULL), -XEN_ENOSYS, "nor is ~0");
}

static void test_bad_ports(void)
{
    unsigned int wrong = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(bad_ports); i++) {
        evtchn_port_t p = bad_ports[i], got = 0;
        struct evtchn_close close = { .port = p };
        struct evtchn_unmask unmask = { .port = p };
        int s = status_of(p);

        wrong += evtchn_send(p) != -XEN_EINVAL;
        wrong += hc_event_channel_op(EVTCHNOP_close, &close) != -XEN_EINVAL;
        wrong += evtchn_bind_vcpu(p, 0) != -XEN_EINVAL;
        wrong += evtchn_bind_interdomain(DOMID_SELF, p, &got) != -XEN_EINVAL;
        wrong += s != -XEN_EINVAL && s != EVTCHNSTAT_closed;
        if (p >= 4096) {
            wrong += hc_event_channel_op(EVTCHNOP_unmask, &unmask) != -XEN_EINVAL;
        }
    }
    tap_is(wrong, 0, "ports that are not open");
}

static void test_pair(void)
{
    evtchn_port_t a, b, c = 0;
    struct evtchn_status s;

    tap_ok(evtchn_alloc_unbound(DOMID_SELF, &a) == 0, "an unbound port");
    tap_ok(evtchn_status(DOMID_SELF, a, &s) == 0 && s.status == EVTCHNSTAT_unbound &&
           (s.u.unbound.dom == DOMID_SELF || s.u.unbound.dom == domain_self()), "waits for the domain");
    tap_is(evtchn_send(a), 0, "sending to nobody does nothing");
    tap_ok(!evtchn_is_pending(a), "not even here");
    tap_is(evtchn_bind_interdomain(DOMID_SELF, a, &b), 0, "it is bound");
    tap_ok(evtchn_take_pending(b), "the new end is pending: there may be something");
    tap_ok(evtchn_status(DOMID_SELF, b, &s) == 0 && s.status == EVTCHNSTAT_interdomain &&
           s.u.interdomain.port == a, "its other end is known");
    tap_is(evtchn_bind_interdomain(DOMID_SELF, a, &c), -XEN_EINVAL, "an end is bound once");
    tap_is(evtchn_bind_interdomain(DOMID_SELF, b, &c), -XEN_EINVAL, "so is the other");
    tap_is(evtchn_send(a), 0, "send");
    tap_ok(evtchn_is_pending(b) && !evtchn_is_pending(a), "the other end is pending, this one is not");
    tap_is(evtchn_send(a), 0, "send again");
    tap_ok(evtchn_take_pending(b) && !evtchn_take_pending(b), "two events are one");
    tap_is(evtchn_send(b), 0, "send back");
    tap_ok(evtchn_take_pending(a) && !evtchn_is_pending(b), "arrives");
    tap_is(evtchn_close(a), 0, "close one end");
    tap_is(evtchn_close(a), -XEN_EINVAL, "not twice");
    tap_is(status_of(b), EVTCHNSTAT_unbound, "the other is unbound");
    tap_is(evtchn_send(b), 0, "sending from it does nothing");
    tap_is(evtchn_close(b), 0, "close it");
    tap_is(status_of(b), EVTCHNSTAT_closed, "closed");
    tap_is(evtchn_send(b), -XEN_EINVAL, "a closed port sends nothing");
    tap_is(evtchn_alloc_unbound(0x1234, &a), -XEN_ESRCH, "for a domain that is not");
    tap_is(evtchn_bind_interdomain(0x1234, 1, &a), -XEN_ESRCH, "to a domain that is not");
    tap_is(evtchn_alloc_unbound(DOMID_XEN, &a), -XEN_ESRCH, "for DOMID_XEN");
    tap_is(evtchn_alloc_unbound(DOMID_IDLE, &a), -XEN_ESRCH, "for DOMID_IDLE");
    tap_is(evtchn_status(0x1234, 1, &s), -XEN_ESRCH, "status of a domain that is not");
}

static void test_masks(void)
{
    evtchn_port_t a, b;
    unsigned long upcalls;

    if (!tap_ok(pair(&a, &b), "a pair")) {
        return;
    }
    (void)evtchn_take_pending(b);
    evtchn_mask(b);
    (void)event_poll();
    upcalls = event_upcall_count(0);
    (void)evtchn_send(a);
    tap_ok(evtchn_is_pending(b), "a masked port becomes pending");
    time_delay_ns(5 * NS_PER_MS);
    tap_is((long)event_upcall_count(0), (long)upcalls, "but nobody is told");
    evtchn_unmask(b);
    time_delay_ns(5 * NS_PER_MS);
    tap_is((long)event_upcall_count(0), (long)upcalls + 1, "unmasking tells");
    tap_ok(evtchn_is_pending(b), "and keeps it pending");
    evtchn_unmask(b);
    time_delay_ns(5 * NS_PER_MS);
    tap_is((long)event_upcall_count(0), (long)upcalls + 1, "unmasking again tells nothing");
    (void)event_poll();
    count = 0;
    evtchn_set_handler(b, counted, NULL);
    for (unsigned int i = 1; i <= 50; i++) {
        (void)evtchn_send(a);
        (void)event_poll();
        if (count != i) {
            tap_ok(false, "event %u is lost", i);
            break;
        }
    }
    tap_is(count, 50, "fifty events, fifty calls");
    tap_is((long)(event_upcall_count(0) - upcalls - 1), 50, "and fifty upcalls");
    (void)evtchn_close(a);
    (void)evtchn_close(b);
}

/* The bits are the guest's memory: it may write what it likes, and harms only itself. */
static void test_hostile_bits(void)
{
    evtchn_port_t a, b;

    if (!tap_ok(pair(&a, &b), "a pair")) {
        return;
    }
    irq_disable();
    memset((void *)shared_info()->evtchn_pending, 0xff, sizeof(shared_info()->evtchn_pending));
    vcpu_info_self()->evtchn_pending_sel = ~0ul;
    vcpu_info_self()->evtchn_upcall_pending = 0xff;
    tap_is(evtchn_send(a), 0, "sending, all bits set by the guest");
    memset((void *)shared_info()->evtchn_mask, 0, sizeof(shared_info()->evtchn_mask));
    tap_is(evtchn_send(b), 0, "sending, none masked");
    memset((void *)shared_info()->evtchn_mask, 0xff, sizeof(shared_info()->evtchn_mask));
    memset((void *)shared_info()->evtchn_pending, 0, sizeof(shared_info()->evtchn_pending));
    vcpu_info_self()->evtchn_pending_sel = 0;
    vcpu_info_self()->evtchn_upcall_pending = 0;
    irq_enable();
    tap_is(evtchn_send(a), 0, "and with a clean slate");
    tap_ok(evtchn_take_pending(b), "arrives");
    (void)evtchn_close(a);
    (void)evtchn_close(b);
}

static void test_virq(void)
{
    evtchn_port_t p = 0, q = 0;
    struct evtchn_status s;
    struct evtchn_bind_virq arg = { .virq = VIRQ_DEBUG, .vcpu = 0 };

    tap_is(evtchn_bind_virq(VIRQ_DEBUG, 0, &p), 0, "VIRQ_DEBUG");
    tap_is(evtchn_bind_virq(VIRQ_DEBUG, 0, &q), -XEN_EEXIST, "once only");
    tap_ok(evtchn_status(DOMID_SELF, p, &s) == 0 && s.status == EVTCHNSTAT_virq && s.u.virq == VIRQ_DEBUG,
           "its status");
    tap_is(evtchn_send(p), -XEN_EINVAL, "a VIRQ is not sent by the guest");
    tap_is(evtchn_bind_vcpu(p, 0), -XEN_EINVAL, "a per-vCPU VIRQ stays where it is");
    tap_is(evtchn_close(p), 0, "close");
    tap_is(hc_event_channel_op(EVTCHNOP_bind_virq, &arg), 0, "and again");
    (void)evtchn_close(arg.port);
    tap_is(evtchn_bind_virq(NR_VIRQS, 0, &p), -XEN_EINVAL, "VIRQ %u", NR_VIRQS);
    tap_is(evtchn_bind_virq(~0u, 0, &p), -XEN_EINVAL, "VIRQ ~0");
    tap_is(evtchn_bind_virq(VIRQ_DEBUG, 99, &p), -XEN_ENOENT, "on vCPU 99");
    tap_is(evtchn_bind_virq(VIRQ_DEBUG, ~0u, &p), -XEN_ENOENT, "on vCPU ~0");
    if (smp_cpu_count() > 1) {
        tap_is(evtchn_bind_virq(VIRQ_CONSOLE, 1, &p), -XEN_EINVAL, "a global VIRQ begins on vCPU 0");
    }
    tap_is(evtchn_bind_virq(VIRQ_CONSOLE, 0, &p), 0, "there it does");
    if (smp_cpu_count() > 1) {
        tap_is(evtchn_bind_vcpu(p, 1), 0, "and may move");
        tap_ok(evtchn_status(DOMID_SELF, p, &s) == 0 && s.vcpu == 1, "it has moved");
    }
    (void)evtchn_close(p);
}

static void test_ipi(void)
{
    evtchn_port_t p = 0;

    tap_is(evtchn_bind_ipi(99, &p), -XEN_ENOENT, "an IPI port of vCPU 99");
    tap_is(evtchn_bind_ipi(~0u, &p), -XEN_ENOENT, "of vCPU ~0");
    tap_is(evtchn_bind_ipi(0, &p), 0, "of this one");
    tap_is(evtchn_bind_vcpu(p, 0), -XEN_EINVAL, "does not move");
    tap_is(evtchn_send(p), 0, "send");
    tap_ok(evtchn_take_pending(p), "arrives");
    tap_is(evtchn_close(p), 0, "close");
}

static void test_bind_vcpu(void)
{
    evtchn_port_t a, b;

    if (!tap_ok(pair(&a, &b), "a pair")) {
        return;
    }
    tap_is(evtchn_bind_vcpu(b, 99), -XEN_ENOENT, "bound to vCPU 99");
    tap_is(evtchn_bind_vcpu(b, ~0u), -XEN_ENOENT, "to vCPU ~0");
    tap_is(evtchn_bind_vcpu(b, 0), 0, "to this one");
    (void)evtchn_close(a);
    (void)evtchn_close(b);
}

static void test_exhaustion(void)
{
    static evtchn_port_t ports[4096];
    static uint8_t seen[4096];
    unsigned int made = 0, twice = 0;
    evtchn_port_t port = 0, more = 0;
    int rc = 0;

    while (made < 4096 && (rc = evtchn_alloc_unbound(DOMID_SELF, &port)) == 0) {
        twice += port == 0 || port >= 4096 || seen[port]++ != 0;
        ports[made++] = port;
    }
    tap_is(rc, -XEN_ENOSPC, "after %u more ports there are none", made);
    tap_ok(made > 4000 && twice == 0, "each was another one");
    tap_is(evtchn_bind_interdomain(DOMID_SELF, ports[0], &more), -XEN_ENOSPC, "nor one to bind with");
    tap_is(evtchn_bind_ipi(0, &more), -XEN_ENOSPC, "nor for an IPI");
    tap_is(evtchn_bind_virq(VIRQ_DEBUG, 0, &more), -XEN_ENOSPC, "nor for a VIRQ");
    tap_is(evtchn_close(ports[made / 2]), 0, "one is closed");
    tap_is(evtchn_bind_interdomain(DOMID_SELF, ports[0], &more), 0, "then one is free");
    tap_is((long)more, (long)ports[made / 2], "that one");
    tap_is(evtchn_send(ports[made - 1]), 0, "the last one works");
    for (unsigned int i = 0; i < made; i++) {
        (void)evtchn_close(ports[i]);
    }
    tap_is(evtchn_alloc_unbound(DOMID_SELF, &port), 0, "all closed: there are ports again");
    (void)evtchn_close(port);
}

/* -- two vCPUs ------------------------------------------------------------------------------------- */

static volatile unsigned int stop, other_seen;
static evtchn_port_t race_a, race_b;

static void receive(void *arg)
{
    (void)arg;
    evtchn_set_handler(race_b, counted, NULL);
    other_seen = 1;
    while (!stop) {
        (void)event_wait(time_now_ns() + 5 * NS_PER_MS);
    }
}

static void test_other_vcpu(void)
{
    unsigned long own;

    if (smp_cpu_count() < 2) {
        tap_skip("one vCPU only");
        return;
    }
    if (!tap_ok(pair(&race_a, &race_b), "a pair")) {
        return;
    }
    tap_is(smp_start(1, receive, NULL), 0, "vCPU 1 waits");
    (void)evtchn_take_pending(race_b);
    tap_is(evtchn_bind_vcpu(race_b, 1), 0, "the port is told to it");
    (void)wait_for(&other_seen, 1, 2000);
    count = 0;
    own = event_upcall_count(0);
    for (unsigned int i = 1; i <= 200; i++) {
        (void)evtchn_send(race_a);
        if (!wait_for(&count, i, 1000)) {
            tap_ok(false, "event %u did not arrive", i);
            break;
        }
    }
    tap_is(count, 200, "200 events reach a sleeping vCPU");
    tap_ok(event_upcall_count(0) - own <= 2, "and not the other one");
    stop = 1;
    smp_wait(1);
    (void)evtchn_close(race_a);
    (void)evtchn_close(race_b);
}

static volatile unsigned int racing;

static void close_all_the_time(void *arg)
{
    (void)arg;
    while (racing) {
        struct evtchn_close close = { .port = READ_ONCE(race_b) };

        (void)hc_event_channel_op(EVTCHNOP_close, &close);
        (void)evtchn_send(READ_ONCE(race_a));
        (void)evtchn_bind_vcpu(READ_ONCE(race_b), 1);
    }
}

static void test_close_race(void)
{
    unsigned int wrong = 0;
    evtchn_port_t low, c = 0;

    if (smp_cpu_count() < 2) {
        return;
    }
    (void)evtchn_alloc_unbound(DOMID_SELF, &low);
    (void)evtchn_close(low);
    racing = 1;
    tap_is(smp_start(1, close_all_the_time, NULL), 0, "vCPU 1 closes ports under us");
    for (unsigned int i = 0; i < 3000; i++) {
        if (evtchn_alloc_unbound(DOMID_SELF, &race_a) != 0) {
            wrong++;
            continue;
        }
        c = 0;
        if (evtchn_bind_interdomain(DOMID_SELF, race_a, &c) == 0) {
            WRITE_ONCE(race_b, c);
        }
        (void)evtchn_send(race_a);
        (void)evtchn_send(c);
        (void)evtchn_close(race_a);
        if (c != 0) {
            struct evtchn_close close = { .port = c };

            (void)hc_event_channel_op(EVTCHNOP_close, &close);
        }
    }
    racing = 0;
    smp_wait(1);
    tap_is(wrong, 0, "3000 pairs made and closed from both sides");
    tap_ok(evtchn_alloc_unbound(DOMID_SELF, &c) == 0 && c <= low + 2, "no port is lost: %u then, %u now",
           low, c);
    (void)evtchn_close(c);
}

static void test_reset(void)
{
    struct evtchn_reset reset = { .dom = 0x1234 };
    evtchn_port_t a, b, p = 0;
    struct evtchn_status s;

    tap_is(hc_event_channel_op(EVTCHNOP_reset, &reset), -XEN_ESRCH, "reset of a domain that is not");
    (void)pair(&a, &b);
    reset.dom = DOMID_SELF;
    tap_is(hc_event_channel_op(EVTCHNOP_reset, &reset), 0, "reset");
    tap_ok(status_of(a) == EVTCHNSTAT_closed && status_of(b) == EVTCHNSTAT_closed, "closes all");
    tap_ok(evtchn_bind_virq(VIRQ_TIMER, 0, &p) == 0 && evtchn_status(DOMID_SELF, p, &s) == 0,
           "VIRQs are free again");
    tap_is(hc_event_channel_op(EVTCHNOP_reset, &reset), 0, "reset again");
}

void stub_main(void)
{
    tap_plan(0);
    test_pointers();
    test_bad_ports();
    test_pair();
    test_masks();
    test_hostile_bits();
    test_virq();
    test_ipi();
    test_bind_vcpu();
    test_exhaustion();
    test_other_vcpu();
    test_close_race();
    test_reset();
    tap_done();
}
