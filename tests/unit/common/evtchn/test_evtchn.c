/* SPDX-License-Identifier: Apache-2.0 */
/* Event channels between two and three fake domains, through the dispatcher and its questions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <xen/errno.h>
#include <xen/evtchn.h>

#include "../../../../xen/common/evtchn/evtchn.h"
#include "../../../../xen/common/hypercall_table.h"
#include "../../../../xen/common/hypercalls/families.h"
#include "fake.h"

const struct hypercall_family *const hypercall_table[HYPERCALL_COUNT] = {
    [__HYPERVISOR_event_channel_op] = &event_channel_op_family,
};

#define SID_A 20
#define SID_B 30
#define SID_C 40

static struct domain *a, *b, *c;
static struct page_info info_page;
static unsigned pages_put;

void page_put(struct page_info *pg)
{
    assert_ptr_equal(pg, &info_page);
    pages_put++;
}

static long op(struct domain *d, unsigned cmd, void *arg)
{
    struct hypercall hc = { .nr = __HYPERVISOR_event_channel_op, .arg = { cmd, (uint64_t)arg } };

    fake_current = d->vcpu[0];
    return hypercall_dispatch(&hc);
}

static long alloc_port(struct domain *d, domid_t remote, evtchn_port_t *port)
{
    struct evtchn_alloc_unbound arg = { .dom = DOMID_SELF, .remote_dom = remote };
    long rc = op(d, EVTCHNOP_alloc_unbound, &arg);

    *port = arg.port;
    return rc;
}

static long bind_port(struct domain *d, domid_t remote, evtchn_port_t rport, evtchn_port_t *port)
{
    struct evtchn_bind_interdomain arg = { .remote_dom = remote, .remote_port = rport };
    long rc = op(d, EVTCHNOP_bind_interdomain, &arg);

    *port = arg.local_port;
    return rc;
}

static long send_port(struct domain *d, evtchn_port_t port)
{
    struct evtchn_send arg = { .port = port };

    return op(d, EVTCHNOP_send, &arg);
}

static long close_port(struct domain *d, evtchn_port_t port)
{
    struct evtchn_close arg = { .port = port };

    return op(d, EVTCHNOP_close, &arg);
}

static struct evtchn_status status_of(struct domain *d, evtchn_port_t port)
{
    struct evtchn_status arg = { .dom = DOMID_SELF, .port = port };

    assert_int_equal(op(d, EVTCHNOP_status, &arg), 0);
    return arg;
}

static bool pending(struct domain *d, evtchn_port_t port)
{
    return (d->shared_info->evtchn_pending[port / 64] >> (port % 64)) & 1;
}

static void pair(evtchn_port_t *pa, evtchn_port_t *pb)
{
    assert_int_equal(alloc_port(a, b->id, pa), 0);
    assert_int_equal(bind_port(b, a->id, *pa, pb), 0);
    memset(b->shared_info, 0, 4096);
    fake_raised = 0;
}

static int setup(void **state)
{
    (void)state;
    fake_core_reset();
    fake_xsm_reset();
    fake_fail_alloc = 0;
    fake_fault_first = fake_fault_last = 0;
    a = fake_domain_new(5, 2, SID_A);
    b = fake_domain_new(3, 2, SID_B);
    c = fake_domain_new(9, 1, SID_C);
    assert_int_equal(evtchn_init(a), 0);
    assert_int_equal(evtchn_init(b), 0);
    assert_int_equal(evtchn_init(c), 0);
    return 0;
}

static int teardown(void **state)
{
    struct domain *all[] = { a, b, c };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_false(spin_is_locked(&all[i]->evtchn->lock));
    }
    for (unsigned i = 0; i < 3; i++) {
        evtchn_destroy(all[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        evtchn_free(all[i]);
    }
    fake_domains_free();
    return 0;
}

#define BURST 64u
#define PACE_NS 40000u

/* The receiver takes what there is. @return whether it had been told */
static bool take_all(struct domain *d)
{
    bool told = d->shared_info->vcpu_info[0].evtchn_upcall_pending != 0;

    memset(d->shared_info->evtchn_pending, 0, sizeof(d->shared_info->evtchn_pending));
    memset(&d->shared_info->vcpu_info[0], 0, sizeof(d->shared_info->vcpu_info[0]));
    return told;
}

static unsigned told_of(evtchn_port_t from, unsigned sends)
{
    unsigned told = 0;

    for (unsigned i = 0; i < sends; i++) {
        assert_int_equal(send_port(a, from), 0);
        assert_true(b->shared_info->evtchn_pending[0] != 0);
        told += take_all(b);
    }
    return told;
}

static void send_too_fast_announced_later(void **state)
{
    struct timer *late = &b->vcpu[0]->pace.late;
    evtchn_port_t pa, pb;
    uint64_t when;

    (void)state;
    pair(&pa, &pb);
    assert_int_equal(told_of(pa, BURST), BURST);
    assert_int_equal(fake_raised, BURST);
    assert_false(late->armed);
    assert_int_equal(send_port(a, pa), 0);
    assert_true(pending(b, pb));
    assert_int_equal(fake_raised, BURST);
    assert_int_equal(b->shared_info->vcpu_info[0].evtchn_upcall_pending, 0);
    assert_true(late->armed);
    when = late->expires_ns;
    assert_in_range(when, fake_now_ns + 1, fake_now_ns + PACE_NS);
    assert_int_equal(told_of(pa, 10), 0); /* and no other timer */
    assert_int_equal(late->expires_ns, when);
    assert_int_equal(send_port(a, pa), 0);
    fake_now_ns = when;
    evtchn_late(b->vcpu[0]);
    assert_int_equal(fake_raised, BURST + 1);
    assert_true(take_all(b));
    late->armed = false;
    assert_int_equal(told_of(pa, 10), 0); /* that was the one */
    assert_true(late->armed);
}

static void send_rate_bounded(void **state)
{
    struct timer *late = &b->vcpu[0]->pace.late;
    uint64_t began = fake_now_ns, end = began + 1000 * 1000000ull;
    evtchn_port_t pa, pb;
    unsigned told = 0;

    (void)state;
    pair(&pa, &pb);
    while (fake_now_ns < end) {
        fake_now_ns += 1000;
        if (late->armed && fake_now_ns >= late->expires_ns) {
            late->armed = false;
            evtchn_late(b->vcpu[0]);
            told += take_all(b);
        }
        told += told_of(pa, 1);
    }
    assert_in_range(told, (end - began) / PACE_NS - 1, (end - began) / PACE_NS + BURST + 1);
    fake_now_ns += BURST * PACE_NS; /* quiet for a while */
    evtchn_late(b->vcpu[0]);
    fake_now_ns += PACE_NS;
    (void)take_all(b);
    assert_int_equal(told_of(pa, BURST), BURST);
}

static void send_to_itself_not_paced(void **state)
{
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };

    (void)state;
    assert_int_equal(op(b, EVTCHNOP_bind_ipi, &ipi), 0);
    (void)take_all(b);
    for (unsigned i = 0; i < 4 * BURST; i++) {
        assert_int_equal(send_port(b, ipi.port), 0);
        assert_true(take_all(b));
    }
}

static void alloc_unbound_own_labels_and_asks(void **state)
{
    xsm_sid_t sid = fake_channel_sid(SID_A, SID_B);
    evtchn_port_t p;

    (void)state;
    assert_int_equal(alloc_port(a, b->id, &p), 0);
    assert_int_equal(p, 1);
    assert_true(fake_asked(SID_A, sid, SECCLASS_EVTCHN_OP, EVTCHN_OP__ALLOC_UNBOUND, true));
    assert_true(fake_asked(sid, SID_B, SECCLASS_EVENT, EVENT__BIND, true));
    assert_int_equal(status_of(a, p).status, EVTCHNSTAT_unbound);
    assert_int_equal(status_of(a, p).u.unbound.dom, b->id);
}

static void alloc_unbound_denied_changes_nothing(void **state)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = 1 };
    evtchn_port_t p;

    (void)state;
    fake_xsm_except(0, 0, SECCLASS_EVENT, EVENT__BIND);
    assert_int_equal(alloc_port(a, b->id, &p), -EACCES);
    assert_int_equal(a->evtchn->used[0], 1);
    assert_int_equal(op(a, EVTCHNOP_status, &status), -EINVAL); /* the table has not even grown for it */
}

static void alloc_unbound_no_remote_esrch(void **state)
{
    evtchn_port_t p;

    (void)state;
    assert_int_equal(alloc_port(a, 77, &p), -ESRCH);
}

static void alloc_unbound_table_full_enospc(void **state)
{
    evtchn_port_t p;

    (void)state;
    for (unsigned i = 1; i < EVTCHN_MAX_PORTS; i++) {
        assert_int_equal(alloc_port(a, b->id, &p), 0);
        assert_int_equal(p, i);
    }
    assert_int_equal(alloc_port(a, b->id, &p), -ENOSPC);
    assert_int_equal(close_port(a, 1000), 0);
    assert_int_equal(alloc_port(a, b->id, &p), 0);
    assert_int_equal(p, 1000);
}

static void alloc_unbound_out_of_memory_enomem(void **state)
{
    evtchn_port_t p;

    (void)state;
    fake_fail_alloc = 1;
    assert_int_equal(alloc_port(a, b->id, &p), -ENOMEM);
    assert_int_equal(alloc_port(a, b->id, &p), 0);
}

static void bind_interdomain_offered_connects(void **state)
{
    evtchn_port_t pa, pb;
    xsm_sid_t theirs = fake_channel_sid(SID_A, SID_B), ours = fake_channel_sid(SID_B, SID_A);
    struct evtchn_status s;

    (void)state;
    assert_int_equal(alloc_port(a, b->id, &pa), 0);
    fake_question_count = 0;
    assert_int_equal(bind_port(b, a->id, pa, &pb), 0);
    assert_int_equal(fake_question_count, 3);
    assert_true(fake_asked(SID_B, ours, SECCLASS_EVTCHN_OP, EVTCHN_OP__BIND_INTERDOMAIN, true));
    assert_true(fake_asked(ours, SID_A, SECCLASS_EVENT, EVENT__BIND, true));
    assert_true(fake_asked(theirs, SID_B, SECCLASS_EVENT, EVENT__BIND, true));
    assert_true(pending(b, pb)); /* the binder looks: something may have been sent before */
    s = status_of(a, pa);
    assert_int_equal(s.status, EVTCHNSTAT_interdomain);
    assert_int_equal(s.u.interdomain.dom, b->id);
    assert_int_equal(s.u.interdomain.port, pb);
}

static void bind_interdomain_offered_to_other_audited_then_einval(void **state)
{
    evtchn_port_t pa, pc;

    (void)state;
    assert_int_equal(alloc_port(a, b->id, &pa), 0);
    assert_int_equal(bind_port(c, a->id, pa, &pc), -EINVAL);
    assert_true(fake_asked(fake_channel_sid(SID_A, SID_B), SID_C, SECCLASS_EVENT, EVENT__BIND, true));
    assert_int_equal(status_of(a, pa).status, EVTCHNSTAT_unbound);
    fake_xsm_except(fake_channel_sid(SID_A, SID_B), SID_C, SECCLASS_EVENT, EVENT__BIND);
    assert_int_equal(bind_port(c, a->id, pa, &pc), -EACCES);
}

static void bind_interdomain_bad_port_einval(void **state)
{
    static const evtchn_port_t bad[] = { 0, 1, 63, 64, 4095, 4096, 4097, 0x7fffffff, 0xffffffff };
    evtchn_port_t p;

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(bind_port(b, a->id, bad[i], &p), -EINVAL);
    }
    assert_int_equal(b->evtchn->used[0], 1);
    /* Who may not bind does not learn which ports there are. */
    fake_xsm_except(0, 0, SECCLASS_EVTCHN_OP, EVTCHN_OP__BIND_INTERDOMAIN);
    assert_int_equal(bind_port(b, a->id, EVTCHN_MAX_PORTS - 1, &p), -EACCES);
}

static void bind_interdomain_twice_einval(void **state)
{
    evtchn_port_t pa, pb, again;

    (void)state;
    pair(&pa, &pb);
    assert_int_equal(bind_port(b, a->id, pa, &again), -EINVAL);
    assert_int_equal(status_of(b, pb).u.interdomain.port, pa);
}

static void bind_interdomain_loopback_works(void **state)
{
    evtchn_port_t p, q;

    (void)state;
    assert_int_equal(alloc_port(a, DOMID_SELF, &p), 0);
    assert_int_equal(bind_port(a, DOMID_SELF, p, &q), 0);
    assert_int_not_equal(p, q);
    memset(a->shared_info, 0, 4096);
    assert_int_equal(send_port(a, q), 0);
    assert_true(pending(a, p));
    assert_int_equal(close_port(a, q), 0);
    assert_int_equal(status_of(a, p).status, EVTCHNSTAT_unbound);
}

/* Towards itself a domain is its self label, as maker, as remote and as binder; towards others it is not. */
static void bind_interdomain_loopback_asks_of_self_label(void **state)
{
    xsm_sid_t self, end;
    evtchn_port_t p, q;

    (void)state;
    fake_self_offset = 64;
    self = fake_self_sid(SID_A);
    end = fake_channel_sid(SID_A, self);
    fake_question_count = 0;
    assert_int_equal(alloc_port(a, DOMID_SELF, &p), 0);
    assert_true(fake_asked(end, self, SECCLASS_EVENT, EVENT__BIND, true));
    fake_question_count = 0;
    fake_xsm_except(end, SID_A, SECCLASS_EVENT, EVENT__BIND);
    assert_int_equal(bind_port(a, DOMID_SELF, p, &q), 0);
    assert_int_equal(fake_question_count, 3);
    fake_self_offset = 0;
}

/* A port made in another domain, for the caller: the caller is that domain's remote, not itself. */
static void alloc_unbound_for_other_asks_of_plain_label(void **state)
{
    struct evtchn_alloc_unbound arg = { .dom = b->id, .remote_dom = a->id };
    xsm_sid_t end = fake_channel_sid(SID_B, SID_A);

    (void)state;
    fake_self_offset = 64;
    fake_question_count = 0;
    assert_int_equal(op(a, EVTCHNOP_alloc_unbound, &arg), 0);
    assert_true(fake_asked(SID_A, end, SECCLASS_EVTCHN_OP, EVTCHN_OP__ALLOC_UNBOUND, true));
    assert_true(fake_asked(end, SID_A, SECCLASS_EVENT, EVENT__BIND, true));
    fake_self_offset = 0;
}

static void bind_interdomain_dying_remote_refused(void **state)
{
    evtchn_port_t pa, pb;

    (void)state;
    assert_int_equal(alloc_port(a, b->id, &pa), 0);
    evtchn_destroy(a);
    assert_int_equal(bind_port(b, a->id, pa, &pb), -EINVAL);
    assert_int_equal(alloc_port(a, b->id, &pa), -EINVAL);
}

static void send_connected_marks_the_other_end(void **state)
{
    evtchn_port_t pa, pb;

    (void)state;
    pair(&pa, &pb);
    fake_question_count = 0;
    assert_int_equal(send_port(a, pa), 0);
    assert_int_equal(fake_question_count, 1);
    assert_true(fake_asked(SID_A, fake_channel_sid(SID_A, SID_B), SECCLASS_EVTCHN_OP, EVTCHN_OP__SEND, true));
    assert_true(pending(b, pb));
    assert_false(pending(a, pa));
    assert_int_equal(b->vcpu[0]->info->evtchn_pending_sel, 1);
    assert_int_equal(b->vcpu[0]->info->evtchn_upcall_pending, 1);
    assert_int_equal(fake_raised, 1);
    assert_ptr_equal(fake_raised_last, b->vcpu[0]);
    assert_int_equal(send_port(a, pa), 0); /* still pending: no second upcall */
    assert_int_equal(fake_raised, 1);
}

static void send_denied_eacces_nothing_pending(void **state)
{
    evtchn_port_t pa, pb;

    (void)state;
    pair(&pa, &pb);
    fake_xsm_except(SID_A, 0, SECCLASS_EVTCHN_OP, EVTCHN_OP__SEND);
    assert_int_equal(send_port(a, pa), -EACCES);
    assert_false(pending(b, pb));
    assert_int_equal(fake_raised, 0);
    assert_false(spin_is_locked(&port_lookup(a->evtchn, pa)->lock));
}

static void send_masked_marks_without_upcall(void **state)
{
    evtchn_port_t pa, pb;
    struct evtchn_unmask arg;

    (void)state;
    pair(&pa, &pb);
    b->shared_info->evtchn_mask[0] = ~0ul;
    assert_int_equal(send_port(a, pa), 0);
    assert_true(pending(b, pb));
    assert_int_equal(fake_raised, 0);
    arg.port = pb;
    assert_int_equal(op(b, EVTCHNOP_unmask, &arg), 0);
    assert_int_equal(fake_raised, 1);
    assert_int_equal(b->shared_info->evtchn_mask[0], ~(1ul << pb));
}

static void send_closed_port_einval(void **state)
{
    evtchn_port_t pa, pb;

    (void)state;
    pair(&pa, &pb);
    assert_int_equal(close_port(a, pa), 0);
    assert_int_equal(send_port(a, pa), -EINVAL);
    assert_int_equal(send_port(a, 0), -EINVAL);
    assert_int_equal(send_port(a, 4096), -EINVAL);
    assert_int_equal(send_port(a, 0x80000001), -EINVAL);
    assert_int_equal(status_of(b, pb).status, EVTCHNSTAT_unbound);
    assert_int_equal(send_port(b, pb), 0); /* reaches nobody */
}

static void send_hostile_shared_info_stays_inside(void **state)
{
    evtchn_port_t pa, pb;

    (void)state;
    pair(&pa, &pb);
    memset(b->shared_info, 0xff, sizeof(struct shared_info));
    assert_int_equal(send_port(a, pa), 0);
    assert_int_equal(fake_raised, 0);
    assert_int_equal(close_port(b, pb), 0);
    assert_false(pending(b, pb)); /* a closed port leaves no bit behind */
    b->vcpu[0]->info = NULL; /* a vCPU that has not said where it listens */
    assert_int_equal(bind_port(b, a->id, pa, &pb), 0);
    memset(b->shared_info, 0, 4096);
    assert_int_equal(send_port(a, pa), 0);
    assert_true(pending(b, pb));
    assert_int_equal(fake_raised, 0);
}

static void send_bad_pointer_efault(void **state)
{
    (void)state;
    assert_int_equal(op(a, EVTCHNOP_send, NULL), -EFAULT);
    assert_int_equal(fake_question_count, 0);
}

static void close_connected_frees_one_end(void **state)
{
    evtchn_port_t pa, pb, again;

    (void)state;
    pair(&pa, &pb);
    assert_int_equal(close_port(b, pb), 0);
    assert_int_equal(status_of(b, pb).status, EVTCHNSTAT_closed);
    assert_int_equal(status_of(a, pa).status, EVTCHNSTAT_unbound);
    assert_int_equal(status_of(a, pa).u.unbound.dom, b->id);
    assert_int_equal(bind_port(b, a->id, pa, &again), 0);
    assert_int_equal(close_port(b, 4000), -EINVAL);
    assert_int_equal(close_port(b, 2), -EINVAL);
}

static void virq_bound_once_per_vcpu(void **state)
{
    struct evtchn_bind_virq v0 = { .virq = VIRQ_TIMER, .vcpu = 0 }, v1 = { .virq = VIRQ_TIMER, .vcpu = 1 };
    struct evtchn_bind_virq bad_virq = { .virq = NR_VIRQS }, bad_vcpu = { .virq = 0, .vcpu = 2 };
    struct evtchn_bind_virq global1 = { .virq = VIRQ_CONSOLE, .vcpu = 1 };
    struct evtchn_bind_vcpu move;

    (void)state;
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &v0), 0);
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &v1), 0);
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &v0), -EEXIST);
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &bad_virq), -EINVAL);
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &bad_vcpu), -ENOENT);
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &global1), -EINVAL);
    evtchn_send_vcpu_virq(a->vcpu[1], VIRQ_TIMER);
    assert_true(pending(a, v1.port));
    assert_false(pending(a, v0.port));
    assert_ptr_equal(fake_raised_last, a->vcpu[1]);
    assert_int_equal(send_port(a, v0.port), -EINVAL);
    move = (struct evtchn_bind_vcpu){ .port = v1.port, .vcpu = 0 };
    assert_int_equal(op(a, EVTCHNOP_bind_vcpu, &move), -EINVAL);
    assert_int_equal(close_port(a, v1.port), 0);
    assert_int_equal(a->vcpu[1]->virq_port[VIRQ_TIMER], 0);
    fake_raised = 0;
    evtchn_send_vcpu_virq(a->vcpu[1], VIRQ_TIMER); /* unbound: no effect */
    assert_int_equal(fake_raised, 0);
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &v1), 0);
}

static void ipi_reaches_its_vcpu(void **state)
{
    struct evtchn_bind_ipi ipi = { .vcpu = 1 }, bad = { .vcpu = 9 };

    (void)state;
    assert_int_equal(op(a, EVTCHNOP_bind_ipi, &ipi), 0);
    assert_int_equal(op(a, EVTCHNOP_bind_ipi, &bad), -ENOENT);
    assert_int_equal(status_of(a, ipi.port).status, EVTCHNSTAT_ipi);
    assert_int_equal(status_of(a, ipi.port).vcpu, 1);
    assert_int_equal(send_port(a, ipi.port), 0);
    assert_ptr_equal(fake_raised_last, a->vcpu[1]);
}

static void bind_vcpu_moves_the_upcall(void **state)
{
    evtchn_port_t pa, pb;
    struct evtchn_bind_vcpu arg;

    (void)state;
    pair(&pa, &pb);
    arg = (struct evtchn_bind_vcpu){ .port = pb, .vcpu = 2 };
    assert_int_equal(op(b, EVTCHNOP_bind_vcpu, &arg), -ENOENT);
    arg.vcpu = 1;
    assert_int_equal(op(b, EVTCHNOP_bind_vcpu, &arg), 0);
    assert_int_equal(send_port(a, pa), 0);
    assert_ptr_equal(fake_raised_last, b->vcpu[1]);
}

static void status_of_others_is_asked(void **state)
{
    evtchn_port_t pa, pb;
    struct evtchn_status arg;

    (void)state;
    pair(&pa, &pb);
    fake_xsm_except(SID_C, 0, SECCLASS_EVTCHN_OP, EVTCHN_OP__STATUS);
    arg = (struct evtchn_status){ .dom = a->id, .port = pa };
    assert_int_equal(op(c, EVTCHNOP_status, &arg), -EACCES);
    arg = (struct evtchn_status){ .dom = a->id, .port = pa + 1 }; /* not in use: asked as well */
    assert_int_equal(op(c, EVTCHNOP_status, &arg), -EACCES);
    arg = (struct evtchn_status){ .dom = 77, .port = pa };
    assert_int_equal(op(c, EVTCHNOP_status, &arg), -ESRCH);
}

static void reset_closes_all_in_pieces(void **state)
{
    evtchn_port_t pa, pb, p;
    struct evtchn_reset arg = { .dom = DOMID_SELF };
    long rc;
    unsigned calls = 0;

    (void)state;
    pair(&pa, &pb);
    for (unsigned i = 0; i < 70; i++) {
        assert_int_equal(alloc_port(b, c->id, &p), 0);
    }
    fake_preempt = true;
    do {
        rc = op(b, EVTCHNOP_reset, &arg);
        calls++;
    } while (rc == -ERESTART);
    assert_int_equal(rc, 0);
    assert_int_equal(calls, 72);
    assert_int_equal(b->evtchn->used[0], 1);
    assert_int_equal(b->evtchn->used[1], 0);
    assert_int_equal(status_of(a, pa).status, EVTCHNSTAT_unbound);
    fake_preempt = false;
    arg.dom = a->id;
    assert_int_equal(op(b, EVTCHNOP_reset, &arg), -EINVAL); /* it runs */
    a->pause_count = 1;
    assert_int_equal(op(b, EVTCHNOP_reset, &arg), 0);
    assert_true(fake_asked(SID_B, SID_A, SECCLASS_EVTCHN_OP, EVTCHN_OP__RESET, true));
}

static void destroy_domain_leaves_peers_unbound(void **state)
{
    evtchn_port_t pa, pb, p, q;

    (void)state;
    pair(&pa, &pb);
    assert_int_equal(alloc_port(c, a->id, &p), 0);
    assert_int_equal(bind_port(a, c->id, p, &q), 0);
    evtchn_destroy(a);
    assert_int_equal(status_of(b, pb).status, EVTCHNSTAT_unbound);
    assert_int_equal(status_of(c, p).status, EVTCHNSTAT_unbound);
    assert_int_equal(send_port(b, pb), 0);
    evtchn_destroy(a); /* once more is fine */
}

static void destroy_domain_lets_go_of_vcpu_info(void **state)
{
    (void)state;
    a->vcpu[1]->info_page = &info_page;
    pages_put = 0;
    evtchn_destroy(a);
    assert_int_equal(pages_put, 1);
    assert_null(a->vcpu[1]->info);
    evtchn_destroy(a);
    assert_int_equal(pages_put, 1);
}

static unsigned consumed;
static void consume(void *arg)
{
    assert_ptr_equal(arg, &consumed);
    consumed++;
}

static void consumer_runs_and_cannot_be_closed(void **state)
{
    evtchn_port_t p = 2;

    (void)state;
    assert_int_equal(evtchn_bind_consumer(a, &p, consume, &consumed), 0);
    assert_int_equal(p, 2);
    consumed = 0;
    assert_int_equal(send_port(a, 2), 0);
    assert_int_equal(consumed, 1);
    assert_true(fake_asked(SID_A, fake_channel_sid(SID_A, fake_self_sid(SID_A)), SECCLASS_EVTCHN_OP, EVTCHN_OP__SEND, true));
    assert_int_equal(close_port(a, 2), -EINVAL);
    evtchn_notify(a, 2);
    assert_true(pending(a, 2));
    evtchn_unbind_consumer(a, 2);
    assert_int_equal(send_port(a, 2), -EINVAL);
    evtchn_notify(a, 4000);
}

static void launch_port_wanted_number(void **state)
{
    evtchn_port_t p = 1, pb;

    (void)state;
    assert_int_equal(evtchn_alloc_unbound(a, b->id, &p), 0);
    assert_int_equal(evtchn_alloc_unbound(a, b->id, &p), -EEXIST);
    p = 0;
    assert_int_equal(evtchn_alloc_unbound(a, 77, &p), -ESRCH);
    assert_int_equal(bind_port(b, a->id, 1, &pb), 0);
    p = 0;
    fake_xsm_except(0, SID_B, SECCLASS_EVENT, EVENT__BIND);
    assert_int_equal(evtchn_alloc_unbound(a, b->id, &p), -EACCES);
}

static void absent_operations_say_so(void **state)
{
    static const struct {
        unsigned cmd;
        long rc;
    } cases[] = {
        { EVTCHNOP_bind_pirq, -EINVAL },     { EVTCHNOP_init_control, -ENOSYS },
        { EVTCHNOP_expand_array, -ENOSYS },  { EVTCHNOP_set_priority, -ENOSYS },
        { 14, -ENOSYS },                     { 0xffffffff, -ENOSYS },
    };
    uint64_t arg[16] = { 0 };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_int_equal(op(a, cases[i].cmd, arg), cases[i].rc);
    }
}

static void poll_ends_with_the_event(void **state)
{
    evtchn_port_t pa, pb;
    bool is;

    (void)state;
    pair(&pa, &pb);
    b->shared_info->evtchn_mask[0] = ~0ul; /* polled ports are masked */
    evtchn_poll_begin(b->vcpu[1], pb);
    assert_true(evtchn_port_pending(b, pb, &is));
    assert_false(is);
    assert_int_equal(b->vcpu[1]->sched.pause_flags, VCPU_PAUSE_POLL);
    assert_int_equal(send_port(a, pa), 0);
    assert_int_equal(b->vcpu[1]->sched.pause_flags, 0);
    assert_int_equal(b->evtchn->pollers, 0);
    assert_int_equal(fake_raised, 0);
    assert_false(evtchn_port_pending(b, 4096, &is));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(send_too_fast_announced_later),
        T(send_rate_bounded),
        T(send_to_itself_not_paced),
        T(alloc_unbound_own_labels_and_asks),
        T(alloc_unbound_denied_changes_nothing),
        T(alloc_unbound_no_remote_esrch),
        T(alloc_unbound_table_full_enospc),
        T(alloc_unbound_out_of_memory_enomem),
        T(bind_interdomain_offered_connects),
        T(bind_interdomain_offered_to_other_audited_then_einval),
        T(bind_interdomain_bad_port_einval),
        T(bind_interdomain_twice_einval),
        T(bind_interdomain_loopback_works),
        T(bind_interdomain_loopback_asks_of_self_label),
        T(alloc_unbound_for_other_asks_of_plain_label),
        T(bind_interdomain_dying_remote_refused),
        T(send_connected_marks_the_other_end),
        T(send_denied_eacces_nothing_pending),
        T(send_masked_marks_without_upcall),
        T(send_closed_port_einval),
        T(send_hostile_shared_info_stays_inside),
        T(send_bad_pointer_efault),
        T(close_connected_frees_one_end),
        T(virq_bound_once_per_vcpu),
        T(ipi_reaches_its_vcpu),
        T(bind_vcpu_moves_the_upcall),
        T(status_of_others_is_asked),
        T(reset_closes_all_in_pieces),
        T(destroy_domain_leaves_peers_unbound),
        T(destroy_domain_lets_go_of_vcpu_info),
        T(consumer_runs_and_cannot_be_closed),
        T(launch_port_wanted_number),
        T(absent_operations_say_so),
        T(poll_ends_with_the_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
