/* SPDX-License-Identifier: Apache-2.0 */
/* What single hypercalls answer: sched_op, vcpu_op, hvm_op, console_io, vm_assist, domctl, and the console ring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <xen/console.h>
#include <xen/errno.h>

#include <public/bulkhead.h>
#include <public/domctl.h>
#include <public/event_channel.h>
#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>
#include <public/io/console.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/vcpu.h>

#include "../../../../xen/common/evtchn/evtchn.h"
#include "../../../../xen/common/hypercall_table.h"
#include "fake.h"
#include "hollow.h"

void (*console_input_notify)(void);

static struct domain *a, *b;
static struct hypercall hc;

static long call(unsigned nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
    hc = (struct hypercall){ .nr = nr, .arg = { a0, a1, a2 } };
    return hypercall_dispatch(&hc);
}

static int setup(void **state)
{
    (void)state;
    fake_core_reset();
    fake_xsm_reset();
    fake_fault_first = fake_fault_last = 0;
    a = fake_domain_new(5, 3, 20);
    b = fake_domain_new(7, 1, 30);
    assert_int_equal(evtchn_init(a), 0);
    assert_int_equal(evtchn_init(b), 0);
    fake_current = a->vcpu[0];
    hollow_page = NULL;
    hollow_output_size = 0;
    hollow_input = "";
    memset(hollow_frames, 0, sizeof(hollow_frames));
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
    assert_int_equal(hollow_frames[1].refcount, 0);
    free(hollow_page);
    return 0;
}

#define SCHED(cmd, arg) call(__HYPERVISOR_sched_op, cmd, (uint64_t)(arg), 0)
#define VCPU(cmd, id, arg) call(__HYPERVISOR_vcpu_op, cmd, id, (uint64_t)(arg))
#define HVM(cmd, arg) call(__HYPERVISOR_hvm_op, cmd, (uint64_t)(arg), 0)

/* -- sched_op, set_timer_op ------------------------------------------------------------------------- */

static evtchn_port_t own_ipi(void)
{
    struct evtchn_bind_ipi arg = { .vcpu = 0 };

    assert_int_equal(call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, (uint64_t)&arg, 0), 0);
    return arg.port;
}

static void poll_pending_port_returns_at_once(void **state)
{
    evtchn_port_t ports[2] = { own_ipi(), own_ipi() };
    struct sched_poll poll = { .nr_ports = 2, .timeout = 5000 };

    (void)state;
    poll.ports.p = ports;
    a->shared_info->evtchn_pending[0] |= 1ull << ports[1];
    assert_int_equal(SCHED(SCHEDOP_poll, &poll), 0);
    assert_int_equal(a->vcpu[0]->sched.pause_flags, 0);
    assert_false(a->vcpu[0]->poll_timer.armed);
}

static void poll_nothing_pending_sleeps_until_timeout(void **state)
{
    evtchn_port_t port = own_ipi();
    struct sched_poll poll = { .nr_ports = 1, .timeout = 5000 };

    (void)state;
    poll.ports.p = &port;
    assert_int_equal(SCHED(SCHEDOP_poll, &poll), 0);
    assert_int_equal(a->vcpu[0]->sched.pause_flags, VCPU_PAUSE_POLL);
    assert_true(a->vcpu[0]->poll_timer.armed);
    assert_int_equal(a->vcpu[0]->poll_timer.expires_ns, 5000);
    evtchn_poll_end(a->vcpu[0]);
    assert_int_equal(a->vcpu[0]->sched.pause_flags, 0);
}

static void poll_bad_arguments_leave_it_awake(void **state)
{
    evtchn_port_t ports[2] = { 1, 5000 };
    struct sched_poll poll = { .nr_ports = 129 };

    (void)state;
    (void)own_ipi();
    poll.ports.p = ports;
    assert_int_equal(SCHED(SCHEDOP_poll, &poll), -EINVAL);
    poll.nr_ports = 2;
    assert_int_equal(SCHED(SCHEDOP_poll, &poll), -EINVAL);
    poll.ports.p = NULL;
    assert_int_equal(SCHED(SCHEDOP_poll, &poll), -EFAULT);
    poll.nr_ports = 1;
    assert_int_equal(SCHED(SCHEDOP_poll, &poll), -EFAULT);
    assert_int_equal(a->vcpu[0]->sched.pause_flags, 0);
    assert_int_equal(a->evtchn->pollers, 0);
}

static void shutdown_own_and_remote(void **state)
{
    struct sched_remote_shutdown remote = { .domain_id = b->id, .reason = SHUTDOWN_crash };
    struct sched_shutdown own = { .reason = SHUTDOWN_reboot };

    (void)state;
    fake_xsm_except(20, 30, SECCLASS_SCHED_OP, SCHED_OP__REMOTE_SHUTDOWN);
    assert_int_equal(SCHED(SCHEDOP_remote_shutdown, &remote), -EACCES);
    assert_int_equal(b->state, DOMAIN_RUNNING);
    fake_xsm_reset();
    assert_int_equal(SCHED(SCHEDOP_remote_shutdown, &remote), 0);
    assert_int_equal(b->state, DOMAIN_SHUTDOWN);
    assert_int_equal(SCHED(SCHEDOP_shutdown, &own), 0);
    assert_int_equal(a->shutdown_code, SHUTDOWN_reboot);
}

static void set_timer_arms_and_stops(void **state)
{
    (void)state;
    assert_int_equal(call(__HYPERVISOR_set_timer_op, 4711, 0, 0), 0);
    assert_true(a->vcpu[0]->singleshot.armed);
    assert_int_equal(a->vcpu[0]->singleshot.expires_ns, 4711);
    assert_int_equal(call(__HYPERVISOR_set_timer_op, 0, 0, 0), 0);
    assert_false(a->vcpu[0]->singleshot.armed);
}

/* -- vcpu_op ---------------------------------------------------------------------------------------- */

static void vcpu_timers_own_vcpu_only(void **state)
{
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = 500, .flags = VCPU_SSHOTTMR_future };
    struct vcpu_set_periodic_timer p = { .period_ns = 999999 };

    (void)state;
    assert_int_equal(VCPU(VCPUOP_set_singleshot_timer, 1, &t), -EINVAL);
    assert_int_equal(VCPU(VCPUOP_set_singleshot_timer, 3, &t), -ENOENT);
    assert_int_equal(VCPU(VCPUOP_set_singleshot_timer, 1ull << 32, &t), -ENOENT);
    assert_int_equal(VCPU(VCPUOP_set_singleshot_timer, 0, &t), -ETIME);
    t.flags = 0;
    assert_int_equal(VCPU(VCPUOP_set_singleshot_timer, 0, &t), 0);
    assert_true(a->vcpu[0]->singleshot.armed);
    assert_int_equal(VCPU(VCPUOP_stop_singleshot_timer, 0, 0), 0);
    assert_false(a->vcpu[0]->singleshot.armed);
    assert_int_equal(VCPU(VCPUOP_set_periodic_timer, 0, &p), -EINVAL);
    p.period_ns = 1000000;
    assert_int_equal(VCPU(VCPUOP_set_periodic_timer, 0, &p), 0);
    assert_int_equal(a->vcpu[0]->periodic_ns, 1000000);
    assert_int_equal(VCPU(VCPUOP_stop_periodic_timer, 0, 0), 0);
    assert_int_equal(a->vcpu[0]->periodic_ns, 0);
}

static void vcpu_up_and_down(void **state)
{
    (void)state;
    a->vcpu[1]->sched.pause_flags = a->vcpu[2]->sched.pause_flags = VCPU_PAUSE_DOWN;
    assert_int_equal(VCPU(VCPUOP_is_up, 0, 0), 1);
    assert_int_equal(VCPU(VCPUOP_is_up, 1, 0), 0);
    assert_int_equal(VCPU(VCPUOP_up, 1, 0), -EINVAL); /* never had a state to start from */
    a->vcpu[1]->sched.pause_flags = 0;
    assert_int_equal(VCPU(VCPUOP_down, 1, 0), 0);
    assert_int_equal(VCPU(VCPUOP_is_up, 1, 0), 0);
    assert_int_equal(VCPU(VCPUOP_up, 1, 0), 0);
    assert_int_equal(VCPU(VCPUOP_is_up, 1, 0), 1);
    assert_int_equal(VCPU(VCPUOP_down, 1, 0), 0);
    assert_int_equal(VCPU(VCPUOP_down, 0, 0), 0); /* the last one: the domain is off */
    assert_int_equal(a->state, DOMAIN_SHUTDOWN);
    assert_int_equal(a->shutdown_code, SHUTDOWN_poweroff);
}

static void vcpu_runstate_counts_up_to_now(void **state)
{
    struct vcpu_runstate_info info;

    (void)state;
    a->vcpu[1]->runstate = (struct vcpu_runstate_info){ .state = RUNSTATE_blocked, .state_entry_time = 400,
                                                         .time = { 1, 2, 3, 4 } };
    fake_now_ns = 1000;
    assert_int_equal(VCPU(VCPUOP_get_runstate_info, 1, &info), 0);
    assert_int_equal(info.time[RUNSTATE_blocked], 603);
    assert_int_equal(info.time[RUNSTATE_running], 1);
}

static void vcpu_info_moves_once_with_its_content(void **state)
{
    struct vcpu_register_vcpu_info r = { .mfn = HOLLOW_GFN, .offset = 4096 - 64 };
    struct vcpu_info *at;

    (void)state;
    hollow_page = aligned_alloc(4096, 4096);
    memset(hollow_page, 0x5a, 4096);
    a->vcpu[0]->info->arch.cr2 = 77;
    r.offset++;
    assert_int_equal(VCPU(VCPUOP_register_vcpu_info, 0, &r), -ENXIO);
    r.offset = 4092;
    assert_int_equal(VCPU(VCPUOP_register_vcpu_info, 0, &r), -ENXIO);
    r.offset = 0xffffffc0;
    assert_int_equal(VCPU(VCPUOP_register_vcpu_info, 0, &r), -ENXIO);
    r.offset = 4096 - 64;
    assert_int_equal(VCPU(VCPUOP_register_vcpu_info, 1, &r), -EINVAL); /* another one, and it runs */
    r.mfn++;
    assert_int_equal(VCPU(VCPUOP_register_vcpu_info, 0, &r), -EINVAL);
    r.mfn = HOLLOW_GFN;
    assert_int_equal(hollow_frames[1].refcount, 0);
    assert_int_equal(VCPU(VCPUOP_register_vcpu_info, 0, &r), 0);
    assert_int_equal(hollow_frames[1].refcount, 1);
    at = (struct vcpu_info *)(void *)((char *)hollow_page + r.offset);
    assert_ptr_equal(a->vcpu[0]->info, at);
    assert_int_equal(at->arch.cr2, 77);
    assert_int_equal(at->evtchn_upcall_pending, 1);
    assert_true(at->evtchn_pending_sel == ~0ul);
    assert_int_equal(VCPU(VCPUOP_register_vcpu_info, 0, &r), -EINVAL);
    assert_int_equal(hollow_frames[1].refcount, 1);
}

/* -- hvm_op ----------------------------------------------------------------------------------------- */

static void hvm_params_rules_of_self_and_others(void **state)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ, .value = 1 };

    (void)state;
    assert_int_equal(HVM(HVMOP_set_param, &p), 0);
    p.value = 0;
    assert_int_equal(HVM(HVMOP_get_param, &p), 0);
    assert_int_equal(p.value, 1);
    p.index = HVM_PARAM_STORE_PFN; /* read, not written */
    assert_int_equal(HVM(HVMOP_set_param, &p), -EPERM);
    a->hvm_params[HVM_PARAM_STORE_PFN] = 0xfeffc;
    assert_int_equal(HVM(HVMOP_get_param, &p), 0);
    assert_int_equal(p.value, 0xfeffc);
    p.index = HVM_PARAM_IOREQ_PFN; /* for others */
    assert_int_equal(HVM(HVMOP_get_param, &p), -EPERM);
    p.domid = b->id;
    assert_int_equal(HVM(HVMOP_set_param, &p), 0);
    p.index = HVM_PARAM_TIMER_MODE;
    p.value = 1;
    assert_int_equal(HVM(HVMOP_set_param, &p), 0);
    p.value = 2;
    assert_int_equal(HVM(HVMOP_set_param, &p), -EEXIST);
    p.index = HVM_PARAM_NESTEDHVM;
    assert_int_equal(HVM(HVMOP_set_param, &p), -EINVAL);
    p.index = HVM_NR_PARAMS;
    assert_int_equal(HVM(HVMOP_get_param, &p), -EINVAL);
    p.index = 0xffffffff;
    assert_int_equal(HVM(HVMOP_get_param, &p), -EINVAL);
    p.index = HVM_PARAM_CALLBACK_IRQ;
    p.domid = 99;
    assert_int_equal(HVM(HVMOP_get_param, &p), -ESRCH);
}

/* Each parameter is a permission of its own, in its direction. */
static void hvm_params_asked_one_by_one(void **state)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF, .value = 1 };

    (void)state;
    fake_allow_all = false;
    fake_xsm_except(20, 20, SECCLASS_HVM_PARAM_SET, HVM_PARAM_SET__CALLBACK_IRQ);
    fake_xsm_except(20, 20, SECCLASS_HVM_PARAM_GET2, HVM_PARAM_GET2__X87_FIP_WIDTH);
    for (p.index = 0; p.index < HVM_NR_PARAMS; p.index++) {
        long set = HVM(HVMOP_set_param, &p), get = HVM(HVMOP_get_param, &p);

        assert_true((set == 0) == (p.index == HVM_PARAM_CALLBACK_IRQ));
        assert_true((get == 0) == (p.index == HVM_PARAM_X87_FIP_WIDTH));
    }
}

static void dm_op_asked_one_by_one(void **state)
{
    uint32_t op = XEN_DMOP_inject_msi;
    struct xen_dm_op_buf buf = { .size = sizeof(op) };

    (void)state;
    set_xen_guest_handle(buf.h, &op);
    fake_allow_all = false;
    fake_xsm_except(20, 30, SECCLASS_DM_OP, DM_OP__INJECT_MSI);
    assert_int_equal(call(__HYPERVISOR_dm_op, b->id, 1, (uint64_t)&buf), -ENOSYS);
    op = XEN_DMOP_inject_event;
    assert_int_equal(call(__HYPERVISOR_dm_op, b->id, 1, (uint64_t)&buf), -EACCES);
    op = 0;
    assert_int_equal(call(__HYPERVISOR_dm_op, b->id, 1, (uint64_t)&buf), -EOPNOTSUPP);
    op = 33;
    assert_int_equal(call(__HYPERVISOR_dm_op, b->id, 1, (uint64_t)&buf), -EOPNOTSUPP);
    op = XEN_DMOP_inject_msi;
    assert_int_equal(call(__HYPERVISOR_dm_op, 99, 1, (uint64_t)&buf), -ESRCH);
    assert_int_equal(call(__HYPERVISOR_dm_op, b->id, 0, (uint64_t)&buf), -EINVAL);
    assert_int_equal(call(__HYPERVISOR_dm_op, b->id, 1, 0), -EFAULT);
    buf.size = 3;
    assert_int_equal(call(__HYPERVISOR_dm_op, b->id, 1, (uint64_t)&buf), -EINVAL);
    buf.size = 4;
    fake_fault_first = fake_fault_last = (vaddr_t)&op;
    assert_int_equal(call(__HYPERVISOR_dm_op, b->id, 1, (uint64_t)&buf), -EFAULT);
}

static void hvm_small_operations(void **state)
{
    struct xen_hvm_evtchn_upcall_vector v = { .vcpu = 0, .vector = 15 };
    struct xen_hvm_pagetable_dying dying = { .domid = DOMID_SELF };
    struct xen_hvm_get_time t;

    (void)state;
    assert_int_equal(HVM(HVMOP_set_evtchn_upcall_vector, &v), -EINVAL);
    v.vector = 0xf3;
    assert_int_equal(HVM(HVMOP_set_evtchn_upcall_vector, &v), 0);
    v.vcpu = 3;
    assert_int_equal(HVM(HVMOP_set_evtchn_upcall_vector, &v), -ENOENT);
    assert_int_equal(HVM(HVMOP_pagetable_dying, &dying), -EINVAL);
    assert_int_equal(HVM(HVMOP_flush_tlbs, &v), -EINVAL);
    assert_int_equal(HVM(HVMOP_flush_tlbs, NULL), 0);
    fake_now_ns = 123456;
    assert_int_equal(HVM(HVMOP_get_time, &t), 0);
    assert_int_equal(t.now, 123456);
}

static void vm_assist_one_switch(void **state)
{
    (void)state;
    assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag, 0), 0);
    assert_int_equal(a->vm_assist, 1u << VMASST_TYPE_runstate_update_flag);
    assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables, 0), -EINVAL);
    assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 64 + 5, 0), -EINVAL);
    assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_runstate_update_flag, 0), 0);
    assert_int_equal(a->vm_assist, 0);
    assert_int_equal(call(__HYPERVISOR_vm_assist, 2, 5, 0), -ENOSYS);
}

/* -- console_io ------------------------------------------------------------------------------------- */

static void console_write_goes_on_after_preemption(void **state)
{
    static char text[1000];
    unsigned calls = 1;
    long rc;

    (void)state;
    for (unsigned i = 0; i < sizeof(text); i++) {
        text[i] = (char)('a' + i % 26);
    }
    fake_preempt = true;
    rc = call(__HYPERVISOR_console_io, CONSOLEIO_write, sizeof(text), (uint64_t)text);
    while (rc == -ERESTART) {
        calls++;
        rc = hypercall_dispatch(&hc);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(calls, 4);
    assert_int_equal(hollow_output_size, sizeof(text));
    assert_memory_equal(hollow_output, text, sizeof(text));
    assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_write, 1u << 31, (uint64_t)text), -E2BIG);
    assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_write, 1, 0), -EFAULT);
}

static void console_read_returns_what_was_typed(void **state)
{
    char buf[16] = "";

    (void)state;
    hollow_input = "ls\n";
    assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_read, sizeof(buf), (uint64_t)buf), 3);
    assert_string_equal(buf, "ls\n");
}

/* -- control ---------------------------------------------------------------------------------------- */

static void domain_info_tells_name_starts_devices(void **state)
{
    struct bulkhead_domain_info info = { .domid = b->id };

    (void)state;
    snprintf(b->name, sizeof(b->name), "netdd");
    b->start_count = 3;
    b->created_ns = 400;
    b->device_count = 2;
    b->devices[0] = 0x0010;
    b->devices[1] = 0x0020;
    b->devices_held = 2;
    fake_now_ns = 1000;
    assert_int_equal(call(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_info, (uint64_t)&info, 0), 0);
    assert_int_equal(info.start_count, 2); /* it does not run yet */
    b->started = true;
    info = (struct bulkhead_domain_info){ .domid = b->id };
    fake_now_ns = 1000;
    assert_int_equal(call(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_info, (uint64_t)&info, 0), 0);
    assert_string_equal(info.name, "netdd");
    assert_int_equal(info.start_count, 3);
    assert_int_equal(info.age_ns, 600);
    assert_int_equal(info.host_age_ns, 1000);
    assert_int_equal(info.device_count, 1);
    assert_int_equal(info.devices[0], 0x0020);
    assert_int_equal(info.slots[0], 2);
    assert_int_equal(info.flags, 0);
    info = (struct bulkhead_domain_info){ .domid = b->id, .pad = 1 };
    assert_int_equal(call(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_info, (uint64_t)&info, 0), -EINVAL);
    info = (struct bulkhead_domain_info){ .domid = 0x10000u | b->id }; /* not cut to the number of a domain */
    assert_int_equal(call(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_info, (uint64_t)&info, 0), -ESRCH);
}

static void domain_restart_only_what_its_description_lets(void **state)
{
    struct bulkhead_domain_restart op = { .domid = b->id };

    (void)state;
    assert_int_equal(call(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_restart, (uint64_t)&op, 0), -EPERM);
    assert_int_equal(b->state, DOMAIN_RUNNING);
    b->restart_on = 1u << SHUTDOWN_reboot;
    assert_int_equal(call(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_restart, (uint64_t)&op, 0), 0);
    assert_int_equal(b->state, DOMAIN_SHUTDOWN);
    assert_int_equal(b->shutdown_code, SHUTDOWN_reboot);
    assert_int_equal(call(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_restart, (uint64_t)&op, 0), -EBUSY);
    op.pad = 1;
    assert_int_equal(call(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_restart, (uint64_t)&op, 0), -EINVAL);
}

static void sysctl_physinfo_tells_size(void **state)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

    (void)state;
    assert_int_equal(call(__HYPERVISOR_sysctl, (uint64_t)&op, 0, 0), 0);
    assert_int_equal(op.u.physinfo.nr_cpus, 2);
    assert_int_equal(op.u.physinfo.total_pages, 4096);
    assert_int_equal(op.u.physinfo.free_pages, 1024);
}

/* -- domctl ----------------------------------------------------------------------------------------- */

static long domctl(struct xen_domctl *op, unsigned cmd, domid_t id)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = id;
    return call(__HYPERVISOR_domctl, (uint64_t)op, 0, 0);
}

static void domctl_pause_unpause_info(void **state)
{
    struct xen_domctl op = { 0 };

    (void)state;
    assert_int_equal(domctl(&op, XEN_DOMCTL_unpausedomain, b->id), -EINVAL);
    assert_int_equal(domctl(&op, XEN_DOMCTL_pausedomain, b->id), 0);
    assert_int_equal(domctl(&op, XEN_DOMCTL_getdomaininfo, 6), 0); /* the next one */
    assert_int_equal(op.domain, b->id);
    assert_true(op.u.getdomaininfo.flags & XEN_DOMINF_paused);
    assert_int_equal(op.u.getdomaininfo.ssidref, 30);
    assert_int_equal(domctl(&op, XEN_DOMCTL_unpausedomain, b->id), 0);
    assert_int_equal(b->pause_count, 0);
    assert_int_equal(domctl(&op, XEN_DOMCTL_pausedomain, a->id), -EINVAL);
    assert_int_equal(domctl(&op, XEN_DOMCTL_getdomaininfo, 8), -ESRCH);
    assert_int_equal(domctl(&op, XEN_DOMCTL_max_mem, b->id), -ENOSYS);
    assert_int_equal(domctl(&op, XEN_DOMCTL_destroydomain, b->id), 0);
    assert_int_equal(b->state, DOMAIN_SHUTDOWN);
}

static void domctl_resume_a_suspended_one_only(void **state)
{
    struct xen_domctl op = { 0 };

    (void)state;
    assert_int_equal(domctl(&op, XEN_DOMCTL_resumedomain, b->id), -EINVAL);
    b->waits_suspended = true;
    domain_shutdown(b, SHUTDOWN_suspend);
    assert_int_equal(domctl(&op, XEN_DOMCTL_resumedomain, a->id), -EINVAL);
    assert_int_equal(domctl(&op, XEN_DOMCTL_resumedomain, b->id), 0);
    assert_int_equal(b->state, DOMAIN_RUNNING);
}

static long watchdog(uint32_t id, uint32_t seconds)
{
    struct sched_watchdog w = { .id = id, .timeout = seconds };

    return call(__HYPERVISOR_sched_op, SCHEDOP_watchdog, (uint64_t)&w, 0);
}

static void watchdog_runs_out_or_is_put_off_or_ended(void **state)
{
    (void)state;
    watchdogs_init(a);
    assert_int_equal(watchdog(0, 0), -EINVAL);
    assert_int_equal(watchdog(0, 10), 1);
    assert_true(fake_timer->armed);
    assert_int_equal(watchdog(1, 0), 0);
    assert_false(fake_timer->armed);
    assert_int_equal(watchdog(1, 10), -EEXIST);
    assert_int_equal(watchdog(0, 10), 1);
    assert_int_equal(watchdog(0, UINT32_MAX), 2);
    assert_int_equal(watchdog(0, 10), -ENOSPC);
    assert_int_equal(watchdog(3, 10), -EINVAL);
    assert_int_equal(watchdog(1, 20), 0);
    fake_timer->fn(fake_timer->arg);
    assert_int_equal(a->state, DOMAIN_SHUTDOWN);
    assert_int_equal(a->shutdown_code, SHUTDOWN_watchdog);
}

/* A range is asked about label by label: of the giver to add or remove it, of the receiver to use it. */
static void domctl_range_asks_about_each_label(void **state)
{
    struct xen_domctl op = { 0 };

    (void)state;
    op.u.ioport_permission.first_port = 0x3f8;
    op.u.ioport_permission.nr_ports = 8;
    op.u.ioport_permission.allow_access = 1;
    assert_int_equal(domctl(&op, XEN_DOMCTL_ioport_permission, b->id), -ENOSYS);
    assert_true(fake_asked(20, 30, SECCLASS_DOMCTL, DOMCTL__IOPORT_PERMISSION_ADD, true));
    assert_true(fake_asked(20, HOLLOW_SID_LOW, SECCLASS_RESOURCE, RESOURCE__ADD_IOPORT, true));
    assert_true(fake_asked(30, HOLLOW_SID_LOW, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU, true));
    assert_true(fake_asked(20, HOLLOW_SID_HIGH, SECCLASS_RESOURCE, RESOURCE__ADD_IOPORT, true));
    assert_true(fake_asked(30, HOLLOW_SID_HIGH, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU, true));
    op.u.ioport_permission.allow_access = 0;
    fake_xsm_except(20, HOLLOW_SID_HIGH, SECCLASS_RESOURCE, RESOURCE__REMOVE_IOPORT);
    assert_int_equal(domctl(&op, XEN_DOMCTL_ioport_permission, b->id), -EACCES);
    op.u.ioport_permission.nr_ports = 0;
    assert_int_equal(domctl(&op, XEN_DOMCTL_ioport_permission, b->id), -EINVAL);
    op.u.ioport_permission.first_port = 0xffff;
    op.u.ioport_permission.nr_ports = 2;
    assert_int_equal(domctl(&op, XEN_DOMCTL_ioport_permission, b->id), -EINVAL);
    op.u.ioport_permission.first_port = ~0u;
    assert_int_equal(domctl(&op, XEN_DOMCTL_ioport_permission, b->id), -EINVAL);

    memset(&op, 0, sizeof(op));
    op.u.memory_mapping.first_mfn = 0xfed40;
    op.u.memory_mapping.nr_mfns = 2;
    op.u.memory_mapping.add_mapping = 1;
    assert_int_equal(domctl(&op, XEN_DOMCTL_memory_mapping, b->id), -ENOSYS);
    assert_true(fake_asked(20, 30, SECCLASS_DOMCTL2, DOMCTL2__MEMORY_MAPPING_ADD, true));
    fake_xsm_except(30, HOLLOW_SID_HIGH, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU);
    assert_int_equal(domctl(&op, XEN_DOMCTL_memory_mapping, b->id), -EACCES);
    op.u.memory_mapping.nr_mfns = ~0ull;
    assert_int_equal(domctl(&op, XEN_DOMCTL_memory_mapping, b->id), -EINVAL);
}

static void domctl_devices_are_the_object(void **state)
{
    struct xen_domctl op = { 0 };

    (void)state;
    op.u.assign_device.dev = XEN_DOMCTL_DEV_PCI;
    op.u.assign_device.u.pci.machine_sbdf = 0x18;
    assert_int_equal(domctl(&op, XEN_DOMCTL_assign_device, b->id), -ENODEV);
    assert_true(fake_asked(20, 30, SECCLASS_DOMCTL2, DOMCTL2__ASSIGN_DEVICE, true));
    assert_true(fake_asked(20, HOLLOW_SID_DEVICE + 0x18, SECCLASS_RESOURCE, RESOURCE__ADD_DEVICE, true));
    assert_true(fake_asked(30, HOLLOW_SID_DEVICE + 0x18, SECCLASS_RESOURCE, RESOURCE__USE_IOMMU, true));
    fake_xsm_except(30, HOLLOW_SID_DEVICE + 0x18, SECCLASS_RESOURCE, RESOURCE__USE_IOMMU);
    assert_int_equal(domctl(&op, XEN_DOMCTL_assign_device, b->id), -EACCES);
    fake_xsm_except(20, HOLLOW_SID_DEVICE + 0x18, SECCLASS_RESOURCE, RESOURCE__REMOVE_DEVICE);
    assert_int_equal(domctl(&op, XEN_DOMCTL_deassign_device, b->id), -EACCES);
    fake_xsm_reset();
    assert_int_equal(domctl(&op, XEN_DOMCTL_deassign_device, b->id), -ENODEV);
    op.u.assign_device.u.pci.machine_sbdf = 0x10018; /* another segment, with the label of its own */
    assert_int_equal(domctl(&op, XEN_DOMCTL_assign_device, b->id), -ENODEV);
    op.u.assign_device.u.pci.machine_sbdf = 0x18;
    assert_int_equal(domctl(&op, XEN_DOMCTL_test_assign_device, DOMID_INVALID), -ENOSYS);
    assert_true(fake_asked(20, HOLLOW_SID_DEVICE + 0x18, SECCLASS_DOMCTL2, DOMCTL2__TEST_ASSIGN_DEVICE, true));
    op.u.assign_device.dev = XEN_DOMCTL_DEV_DT;
    assert_int_equal(domctl(&op, XEN_DOMCTL_assign_device, b->id), -EOPNOTSUPP);
    memset(&op, 0, sizeof(op));
    op.u.bind_pt_irq.machine_irq = 17;
    assert_int_equal(domctl(&op, XEN_DOMCTL_bind_pt_irq, b->id), -ENOSYS);
    assert_true(fake_asked(20, HOLLOW_SID_IRQ + 17, SECCLASS_HVM, HVM__BIND_IRQ, true));
}

static void domctl_set_target_once(void **state)
{
    struct xen_domctl op = { 0 };

    (void)state;
    op.u.set_target.target = a->id;
    assert_int_equal(domctl(&op, XEN_DOMCTL_set_target, a->id), -EINVAL);
    fake_xsm_except(30, 20, SECCLASS_DOMAIN, DOMAIN__SET_TARGET);
    assert_int_equal(domctl(&op, XEN_DOMCTL_set_target, b->id), -EACCES);
    assert_null(b->target);
    fake_xsm_reset();
    assert_int_equal(domctl(&op, XEN_DOMCTL_set_target, b->id), 0);
    assert_ptr_equal(b->target, a);
    assert_int_equal(domctl(&op, XEN_DOMCTL_set_target, b->id), -EINVAL);
    op.u.set_target.target = 99;
    assert_int_equal(domctl(&op, XEN_DOMCTL_set_target, b->id), -ESRCH);
}

/* Domains the caller may not see are left out of the list. */
static void sysctl_lists_what_may_be_seen(void **state)
{
    struct xen_domctl_getdomaininfo info[3];
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist,
                             .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    struct xen_sysctl_getdomaininfolist *list = &op.u.getdomaininfolist;

    (void)state;
    memset(info, 0x55, sizeof(info));
    list->max_domains = 3;
    set_xen_guest_handle(list->buffer, info);
    assert_int_equal(call(__HYPERVISOR_sysctl, (uint64_t)&op, 0, 0), 0);
    assert_int_equal(list->num_domains, 2);
    assert_int_equal(info[0].domain, a->id);
    assert_int_equal(info[1].domain, b->id);
    assert_int_equal(info[2].domain, 0x5555);
    list->first_domain = 6;
    assert_int_equal(call(__HYPERVISOR_sysctl, (uint64_t)&op, 0, 0), 0);
    assert_int_equal(list->num_domains, 1);
    assert_int_equal(info[0].domain, b->id);
    list->first_domain = 0;
    list->max_domains = 1;
    assert_int_equal(call(__HYPERVISOR_sysctl, (uint64_t)&op, 0, 0), 0);
    assert_int_equal(list->num_domains, 1);
    list->max_domains = 3;
    fake_xsm_except(20, 20, SECCLASS_DOMCTL, DOMCTL__GETDOMAININFO);
    assert_int_equal(call(__HYPERVISOR_sysctl, (uint64_t)&op, 0, 0), 0);
    assert_int_equal(list->num_domains, 1);
    assert_int_equal(info[0].domain, b->id);
    fake_fault_first = fake_fault_last = (vaddr_t)info;
    assert_int_equal(call(__HYPERVISOR_sysctl, (uint64_t)&op, 0, 0), -EFAULT);
    assert_int_equal(a->refcount, 1);
    assert_int_equal(b->refcount, 1);
}

/* -- the console ring ------------------------------------------------------------------------------- */

static struct xencons_interface *ring_new(void)
{
    hollow_page = aligned_alloc(4096, 4096);
    memset(hollow_page, 0, 4096);
    assert_int_equal(console_ring_init(a, _gfn(HOLLOW_GFN), 2), 0);
    return hollow_page;
}

/* After a rest. */
static void ring_turn(void)
{
    static uint64_t clock_ns;

    fake_now_ns = clock_ns += 1000000;
    console_input_notify(); /* what the softirq and the timer do */
}

static void kick(void)
{
    struct evtchn_send send = { .port = 2 };

    assert_int_equal(call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uint64_t)&send, 0), 0);
    ring_turn();
}

/* The ring is not full then. */
static void ring_say(struct xencons_interface *ring, unsigned count, bool lines)
{
    for (unsigned i = 0; i < count; i++) {
        ring->out[(ring->out_prod + i) % sizeof(ring->out)] = lines ? '\n' : (char)('a' + i % 26);
    }
    ring->out_prod += count;
}

static void ring_output_is_drained_in_turns(void **state)
{
    struct xencons_interface *ring = ring_new();

    (void)state;
    ring->out_cons = ring->out_prod = 0xfffffff0; /* indices wrap */
    ring_say(ring, 300, false);
    kick();
    assert_int_equal(hollow_output_size, 128);
    assert_int_equal(ring->out_cons, 0xfffffff0 + 128u);
    assert_true(a->shared_info->evtchn_pending[0] & (1u << 2));
    console_input_notify(); /* no rest in between */
    assert_int_equal(hollow_output_size, 128);
    ring_turn();
    assert_int_equal(hollow_output_size, 256);
    ring_turn();
    assert_int_equal(hollow_output_size, 300);
    assert_int_equal(hollow_output[299], 'a' + 299 % 26);
    assert_int_equal(console_ring_destroy(a), 0);
}

static void ring_lines_cost_what_is_put_before_them(void **state)
{
    struct xencons_interface *ring = ring_new();

    (void)state;
    ring_say(ring, 1000, true);
    kick();
    assert_int_equal(hollow_output_size, 16);
    while (console_ring_destroy(a) == -ERESTART) {
    }
    assert_int_equal(hollow_output_size, 1000);
}

/* The dead domain's page is another's too, who goes on. */
static void ring_last_words_end(void **state)
{
    struct xencons_interface *ring = ring_new();
    unsigned turns = 0;

    (void)state;
    ring_say(ring, 128, false);
    do {
        ring_say(ring, 128, false);
        turns++;
    } while (console_ring_destroy(a) == -ERESTART && turns < 100);
    assert_int_equal(turns, 16);
    assert_int_equal(hollow_output_size, 2048);
}

static void ring_hostile_indices_stay_inside(void **state)
{
    static const uint32_t bad[][2] = { { 0, 2049 }, { 5, 4 }, { 0, 0x80000000 }, { 0xffffffff, 0x7fffffff } };
    struct xencons_interface *ring = ring_new();
    struct evtchn_send send = { .port = 2 };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        ring->out_cons = bad[i][0];
        ring->out_prod = bad[i][1];
        ring->in_cons = bad[i][0];
        ring->in_prod = bad[i][1];
        hollow_input = "typed";
        kick();
        assert_int_equal(hollow_output_size, 0);
        assert_int_equal(ring->out_cons, ring->out_prod);
    }
    ring->in_cons = ring->in_prod = 1022;
    hollow_input = "typed";
    kick();
    assert_int_equal(ring->in_prod, 1027);
    assert_int_equal(ring->in[1023], 'y');
    assert_int_equal(ring->in[2], 'd');
    assert_int_equal(console_ring_destroy(a), 0);
    assert_int_equal(console_ring_destroy(a), 0);
    assert_int_equal(call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uint64_t)&send, 0), -EINVAL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(poll_pending_port_returns_at_once),
        T(poll_nothing_pending_sleeps_until_timeout),
        T(poll_bad_arguments_leave_it_awake),
        T(shutdown_own_and_remote),
        T(set_timer_arms_and_stops),
        T(vcpu_timers_own_vcpu_only),
        T(vcpu_up_and_down),
        T(vcpu_runstate_counts_up_to_now),
        T(vcpu_info_moves_once_with_its_content),
        T(hvm_params_rules_of_self_and_others),
        T(hvm_small_operations),
        T(vm_assist_one_switch),
        T(console_write_goes_on_after_preemption),
        T(console_read_returns_what_was_typed),
        T(hvm_params_asked_one_by_one),
        T(dm_op_asked_one_by_one),
        T(domain_info_tells_name_starts_devices),
        T(domain_restart_only_what_its_description_lets),
        T(sysctl_physinfo_tells_size),
        T(domctl_pause_unpause_info),
        T(domctl_resume_a_suspended_one_only),
        T(watchdog_runs_out_or_is_put_off_or_ended),
        T(domctl_range_asks_about_each_label),
        T(domctl_devices_are_the_object),
        T(domctl_set_target_once),
        T(sysctl_lists_what_may_be_seen),
        T(ring_output_is_drained_in_turns),
        T(ring_lines_cost_what_is_put_before_them),
        T(ring_last_words_end),
        T(ring_hostile_indices_stay_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
