/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks the hypercall table under a policy that denies everything: every row is refused with -EACCES after a
 * question was put, and neither the argument nor any domain, vCPU, port or page of shared memory has changed. Then
 * each row is run with exactly the permissions it asks for, and with each of these taken away alone.
 *
 * memory_op and grant_table_op need more of a machine than the fakes offer: tests/guest and their unit tests have them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <public/bulkhead.h>
#include <public/domctl.h>
#include <public/event_channel.h>
#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>
#include <public/physdev.h>
#include <public/sched.h>
#include <public/vcpu.h>

#include "../../xen/common/evtchn/evtchn.h"
#include "../../xen/common/hypercall_table.h"
#include "fake.h"
#include "hollow.h"

#define SID_A 20
#define SID_B 30

static struct domain *a, *b;
static evtchn_port_t connected, offered;
static uint8_t arg[2048] __aligned_to(16), page[4096] __aligned_to(4096);

/* -- arguments with which decode has no reason to refuse --------------------------------------------- */

static void *args_of(const char *row)
{
#define IS(name) (strcmp(row, #name) == 0)
    memset(arg, 0, sizeof(arg));
    if (IS(EVTCHNOP_bind_interdomain)) {
        *(struct evtchn_bind_interdomain *)(void *)arg =
            (struct evtchn_bind_interdomain){ .remote_dom = b->id, .remote_port = offered };
    } else if (IS(EVTCHNOP_send) || IS(EVTCHNOP_close) || IS(EVTCHNOP_unmask) || IS(EVTCHNOP_bind_vcpu)) {
        *(evtchn_port_t *)(void *)arg = connected;
    } else if (IS(EVTCHNOP_status)) {
        *(struct evtchn_status *)(void *)arg = (struct evtchn_status){ .dom = DOMID_SELF, .port = connected };
    } else if (IS(EVTCHNOP_alloc_unbound)) {
        *(struct evtchn_alloc_unbound *)(void *)arg =
            (struct evtchn_alloc_unbound){ .dom = DOMID_SELF, .remote_dom = b->id };
    } else if (IS(EVTCHNOP_reset)) {
        *(domid_t *)(void *)arg = DOMID_SELF;
    } else if (IS(SCHEDOP_remote_shutdown)) {
        *(domid_t *)(void *)arg = b->id;
    } else if (IS(HVMOP_set_param) || IS(HVMOP_get_param)) {
        *(struct xen_hvm_param *)(void *)arg =
            (struct xen_hvm_param){ .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ, .value = 1 };
    } else if (IS(HVMOP_flush_tlbs)) {
        return NULL;
    } else if (IS(HVMOP_pagetable_dying) || IS(HVMOP_get_mem_type)) {
        *(domid_t *)(void *)arg = DOMID_SELF;
    } else if (IS(HVMOP_set_evtchn_upcall_vector)) {
        *(struct xen_hvm_evtchn_upcall_vector *)(void *)arg =
            (struct xen_hvm_evtchn_upcall_vector){ .vcpu = 0, .vector = 0x20 };
    } else if (IS(HVMOP_altp2m)) {
        *(struct xen_hvm_altp2m_op *)(void *)arg =
            (struct xen_hvm_altp2m_op){ .cmd = HVMOP_altp2m_create_p2m, .domain = DOMID_SELF };
    } else if (IS(VCPUOP_set_periodic_timer)) {
        ((struct vcpu_set_periodic_timer *)(void *)arg)->period_ns = 10000000;
    } else if (IS(BULKHEAD_domain_info) || IS(BULKHEAD_domain_restart)) {
        *(uint32_t *)(void *)arg = b->id;
    } else if (IS(BULKHEAD_policy_change)) {
        *(struct bulkhead_policy_change *)(void *)arg = (struct bulkhead_policy_change){
            .what = BULKHEAD_CHANGE_load, .how = BULKHEAD_REVOKE_drop };
    } else if (IS(VCPUOP_register_vcpu_info)) {
        ((struct vcpu_register_vcpu_info *)(void *)arg)->mfn = HOLLOW_GFN;
    } else if (IS(PHYSDEVOP_unmap_pirq)) {
        *(struct physdev_unmap_pirq *)(void *)arg = (struct physdev_unmap_pirq){ .domid = b->id, .pirq = 9 };
    } else if (IS(PHYSDEVOP_map_pirq)) {
        *(struct physdev_map_pirq *)(void *)arg =
            (struct physdev_map_pirq){ .domid = b->id, .type = MAP_PIRQ_TYPE_GSI, .index = 9 };
    } else if (IS(XENVER_pagesize)) {
        return NULL;
    }
    return arg;
#undef IS
}

static void registers(const struct hypercall_family *f, uint32_t cmd, const struct hypercall_row *row,
                      struct hypercall *hc)
{
    void *p = args_of(row->name);

    for (unsigned nr = 0; nr < HYPERCALL_COUNT; nr++) {
        if (hypercall_table[nr] == f) {
            hc->nr = nr;
        }
    }
    memset(hc->arg, 0, sizeof(hc->arg));
    if (f->kind == FAMILY_STRUCT) {
        struct xen_domctl *head = (void *)arg;

        head->cmd = cmd;
        head->interface_version = f->version;
        if (strcmp(f->name, "domctl") == 0) {
            head->domain = b->id;
            if (cmd == XEN_DOMCTL_createdomain) {
                head->u.createdomain.ssidref = SID_B;
            } else if (cmd == XEN_DOMCTL_set_target) {
                ((struct xen_domctl *)(void *)arg)->u.set_target.target = a->id;
            } else if (cmd == XEN_DOMCTL_unpausedomain) {
                b->pause_count = 1;
            } else if (cmd == XEN_DOMCTL_ioport_permission || cmd == XEN_DOMCTL_ioport_mapping) {
                ((struct xen_domctl *)(void *)arg)->u.ioport_permission.nr_ports = 1;
                ((struct xen_domctl *)(void *)arg)->u.ioport_mapping.nr_ports = 1;
            } else if (cmd == XEN_DOMCTL_iomem_permission || cmd == XEN_DOMCTL_memory_mapping) {
                ((struct xen_domctl *)(void *)arg)->u.iomem_permission.nr_mfns = 1;
                ((struct xen_domctl *)(void *)arg)->u.memory_mapping.nr_mfns = 1;
            }
        }
        hc->arg[0] = (uint64_t)arg;
        return;
    }
    if (f->kind == FAMILY_CMD) {
        hc->arg[0] = cmd;
        hc->arg[f->arg_index] = (uint64_t)p;
    }
    if (strcmp(f->name, "dm_op") == 0) {
        static uint32_t op = XEN_DMOP_inject_msi;
        struct xen_dm_op_buf *buf = (void *)arg;

        set_xen_guest_handle(buf->h, &op);
        buf->size = sizeof(op);
        hc->arg[0] = b->id;
        hc->arg[1] = 1;
        hc->arg[2] = (uint64_t)buf;
    } else if (strcmp(f->name, "console_io") == 0) {
        hc->arg[1] = 4;
    } else if (strcmp(f->name, "vm_assist") == 0) {
        hc->arg[1] = VMASST_TYPE_runstate_update_flag;
    }
}

/* -- the state of the world ---------------------------------------------------------------------------- */

struct world {
    struct domain domain[2];
    struct vcpu vcpu[2][2];
    uint8_t shared[2][4096];
    struct evtchn_table table[2];
    struct port ports[2][PORTS_PER_BUCKET];
    uint8_t arg[sizeof(arg)];
    unsigned effects, raised, page_references;
    uint64_t now;
};

static void port_locks_normal(struct port *p)
{
    assert_false(spin_is_locked(&p->lock));
    spin_lock_init(&p->lock, LOCK_PORT); /* tickets count up: taken and given back is no change */
}

static void look(struct world *w)
{
    struct domain *d[2] = { a, b };

    memset(w, 0, sizeof(*w));
    for (unsigned i = 0; i < 2; i++) {
        assert_false(spin_is_locked(&d[i]->evtchn->lock) || spin_is_locked(&d[i]->lock) ||
                     spin_is_locked(&d[i]->hvm_lock));
        spin_lock_init(&d[i]->evtchn->lock, LOCK_EVTCHN);
        spin_lock_init(&d[i]->lock, LOCK_DOMAIN);
        spin_lock_init(&d[i]->hvm_lock, LOCK_HVM);
        for (unsigned n = 0; n < PORTS_PER_BUCKET; n++) {
            port_locks_normal(&d[i]->evtchn->bucket[0][n]);
        }
        memcpy(&w->domain[i], d[i], sizeof(*d[i]));
        memcpy(&w->vcpu[i][0], d[i]->vcpu[0], sizeof(struct vcpu));
        memcpy(&w->vcpu[i][1], d[i]->vcpu[1], sizeof(struct vcpu));
        memcpy(w->shared[i], d[i]->shared_info, 4096);
        memcpy(&w->table[i], d[i]->evtchn, sizeof(struct evtchn_table));
        memcpy(w->ports[i], d[i]->evtchn->bucket[0], sizeof(w->ports[i]));
    }
    memcpy(w->arg, arg, sizeof(arg));
    w->effects = hollow_effects;
    w->raised = fake_raised;
    w->page_references = (unsigned)hollow_frames[1].refcount;
}

static long issue(struct domain *d, uint64_t nr, uint64_t a0, void *p)
{
    struct hypercall hc = { .nr = nr, .arg = { a0, (uint64_t)p } };

    fake_current = d->vcpu[0];
    return hypercall_dispatch(&hc);
}

static int setup(void **state)
{
    struct evtchn_alloc_unbound un;
    struct evtchn_bind_interdomain in;

    (void)state;
    fake_core_reset();
    fake_xsm_reset();
    a = fake_domain_new(5, 2, SID_A);
    b = fake_domain_new(7, 2, SID_B);
    assert_int_equal(evtchn_init(a), 0);
    assert_int_equal(evtchn_init(b), 0);
    un = (struct evtchn_alloc_unbound){ .dom = DOMID_SELF, .remote_dom = a->id };
    assert_int_equal(issue(b, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &un), 0);
    in = (struct evtchn_bind_interdomain){ .remote_dom = b->id, .remote_port = un.port };
    assert_int_equal(issue(a, __HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, &in), 0);
    connected = in.local_port;
    assert_int_equal(issue(b, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &un), 0);
    offered = un.port;
    fake_current = a->vcpu[0];
    fake_question_count = 0;
    hollow_page = page;
    hollow_frames[1] = (struct page_info){ .owner = a };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    evtchn_destroy(a);
    evtchn_destroy(b);
    evtchn_free(a);
    evtchn_free(b);
    fake_domains_free();
    return 0;
}

/* -- the walk ------------------------------------------------------------------------------------------ */

typedef void walk_fn(const struct hypercall_family *f, uint32_t cmd, const struct hypercall_row *row);

static unsigned walked;

static void walk(walk_fn *fn)
{
    walked = 0;
    for (unsigned nr = 0; nr < HYPERCALL_COUNT; nr++) {
        const struct hypercall_family *f = hypercall_table[nr];

        if (f == NULL || f == &memory_op_family || f == &grant_table_op_family) {
            continue;
        }
        for (uint32_t i = 0; i < f->count; i++) {
            if (f->rows[i].name != NULL) {
                fn(f, i, &f->rows[i]);
            }
        }
        for (uint32_t i = 0; i < f->high_count; i++) {
            fn(f, f->high_base + i, &f->high_rows[i]);
        }
    }
}

static void refused_without_effect(const struct hypercall_family *f, uint32_t cmd,
                                   const struct hypercall_row *row)
{
    static struct world before, after;
    struct hypercall hc;
    long rc;

    registers(f, cmd, row, &hc);
    fake_question_count = 0;
    look(&before);
    rc = hypercall_dispatch(&hc);
    look(&after);
    walked++;
    if (rc != -EACCES || fake_question_count == 0) {
        fail_msg("%s %s: %ld after %u questions, not refused", f->name, row->name, rc,
                 fake_question_count);
    }
    for (unsigned i = 0; i < fake_question_count && i < FAKE_QUESTIONS_MAX; i++) {
        if (fake_questions[i].source_of_audit != &a->audit) {
            fail_msg("%s %s: the caller is not charged for the record", f->name, row->name);
        }
    }
    if (memcmp(&before, &after, sizeof(before)) != 0) {
        fail_msg("%s %s: refused, but something changed", f->name, row->name);
    }
}

static void deny_all_every_row_refuses(void **state)
{
    (void)state;
    fake_allow_all = false;
    walk(refused_without_effect);
    assert_true(walked > 270);
}

/* Questions of one run, to be allowed or denied one by one in the next. */
static void each_permission_matters(const struct hypercall_family *f, uint32_t cmd,
                                    const struct hypercall_row *row)
{
    struct fake_question asked[CALL_QUESTIONS];
    struct hypercall hc;
    unsigned count;
    long rc;

    teardown(NULL);
    setup(NULL);
    registers(f, cmd, row, &hc);
    rc = hypercall_dispatch(&hc);
    count = fake_question_count;
    if (rc == -EACCES || count == 0 || count > CALL_QUESTIONS) {
        fail_msg("%s %s: %ld after %u questions with everything allowed", f->name, row->name, rc, count);
    }
    memcpy(asked, fake_questions, count * sizeof(asked[0]));
    walked++;

    teardown(NULL);
    setup(NULL);
    fake_allow_all = false;
    for (unsigned i = 0; i < count; i++) {
        fake_xsm_except(asked[i].source, asked[i].object, asked[i].tclass, asked[i].perm);
    }
    registers(f, cmd, row, &hc);
    if (hypercall_dispatch(&hc) != rc) {
        fail_msg("%s %s: another answer with just its permissions", f->name, row->name);
    }

    for (unsigned i = 0; i < count; i++) {
        teardown(NULL);
        setup(NULL);
        fake_xsm_except(asked[i].source, asked[i].object, asked[i].tclass, asked[i].perm);
        registers(f, cmd, row, &hc);
        if (hypercall_dispatch(&hc) != -EACCES) {
            fail_msg("%s %s: question %u makes no difference", f->name, row->name, i);
        }
    }
}

static void each_permission_alone_matters(void **state)
{
    (void)state;
    walk(each_permission_matters);
    assert_true(walked > 270);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(deny_all_every_row_refuses),
        T(each_permission_alone_matters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
