/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VCPUOP, SCHEDOP and set_timer_op: run states, timers, polling, where a vCPU's information is.
 *
 * Source: public/vcpu.h, public/sched.h. A correct hypervisor fires a timer once it is due and not before, ends a poll at its
 * time or its event, counts run states that add up, moves vcpu_info once and loses no event by it. A broken one sleeps for
 * ever, fires early, or writes to a page it was never given.
 */
#include "../guest.h"

#include <runtime/evtchn.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include <public/hvm/hvm_op.h>
#include <public/sched.h>
#include <public/vcpu.h>

static volatile unsigned int ticks;

static void tick(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    ticks++;
}

static void spin_for(uint64_t ns)
{
    uint64_t end = time_now_ns() + ns;

    while (time_now_ns() < end) {
        (void)event_poll();
    }
}

static void test_errors(void)
{
    static const unsigned int ops[] = {
        VCPUOP_get_runstate_info, VCPUOP_register_runstate_memory_area, VCPUOP_set_periodic_timer,
        VCPUOP_set_singleshot_timer, VCPUOP_register_vcpu_info, VCPUOP_register_vcpu_time_memory_area,
    };
    char *page = page_alloc(1);

    for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
        tap_is(NOT_REFUSED(-XEN_EFAULT, hc_vcpu_op(ops[i], 0, bad)), 0, "bad pointers: operation %u", ops[i]);
        tap_ok(hc_vcpu_op(ops[i], 99, page) == -XEN_ENOENT && hc_vcpu_op(ops[i], ~0u, page) == -XEN_ENOENT,
               "vCPUs that are not: operation %u", ops[i]);
    }
    tap_is(hc_vcpu_op(VCPUOP_is_up, 0, NULL), 1, "vCPU 0 is up");
    tap_is(hc_vcpu_op(VCPUOP_is_up, 99, NULL), -XEN_ENOENT, "vCPU 99 is not");
    tap_is(hc_vcpu_op(VCPUOP_up, 99, NULL), -XEN_ENOENT, "nor goes up");
    tap_is(hc_vcpu_op(VCPUOP_down, ~0u, NULL), -XEN_ENOENT, "nor vCPU ~0 down");
    tap_is(hc_vcpu_op(VCPUOP_initialise, 1, page), -XEN_EACCES, "vCPUs start by INIT and SIPI");
    tap_is(hc_vcpu_op(14, 0, page), -XEN_ENOSYS, "operation 14");
    tap_is(hc_vcpu_op(~0u, 0, page), -XEN_ENOSYS, "operation ~0");
    page_free(page, 1);
}

static void test_runstate(void)
{
    struct vcpu_runstate_info *area = page_alloc(1), info, later;
    struct vcpu_register_runstate_memory_area reg = { .addr.v = area };
    uint64_t sum = 0, before = 0;

    tap_is(hc_vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0, "run states");
    tap_is(info.state, RUNSTATE_running, "it runs");
    spin_for(5 * NS_PER_MS);
    (void)hc_vcpu_op(VCPUOP_get_runstate_info, 0, &later);
    for (unsigned int i = 0; i < 4; i++) {
        tap_ok(later.time[i] >= info.time[i], "time in state %u does not go back", i);
        sum += later.time[i];
        before += info.time[i];
    }
    tap_ok(sum - before >= 4 * NS_PER_MS, "five milliseconds are in one of them");
    tap_is(hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0, "an area for it");
    tap_is(area->state, RUNSTATE_running, "is filled at once");
    (void)event_wait(time_now_ns() + 3 * NS_PER_MS);
    (void)hc_sched_op(SCHEDOP_yield, NULL);
    tap_ok(area->time[RUNSTATE_running] != 0 && area->state == RUNSTATE_running, "and later");
    mm_unmap(virt_to_gfn(area), 1);
    (void)event_wait(time_now_ns() + 3 * NS_PER_MS);
    tap_ok(true, "an area that is no longer mapped does no harm");
    reg.addr.v = NULL;
    tap_is(hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0, "none again");
}

static void test_time_area(void)
{
    struct vcpu_time_info *area = page_alloc(1);
    struct vcpu_register_time_memory_area reg = { .addr.v = area };

    memset(area, 0xff, sizeof(*area));
    tap_is(hc_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0, "an area for the time");
    tap_ok((area->version & 1) == 0 && area->tsc_to_system_mul != 0 && area->system_time <= time_now_ns(), "has it");
    reg.addr.v = NULL;
    tap_is(hc_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0, "none again");
}

static void test_singleshot(evtchn_port_t port)
{
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = time_now_ns() + 10 * NS_PER_MS };
    uint64_t start = time_now_ns();

    evtchn_set_handler(port, tick, NULL);
    ticks = 0;
    tap_is(hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t), 0, "in ten milliseconds");
    while (ticks == 0 && time_now_ns() < start + 2 * NS_PER_S) {
        (void)event_poll();
    }
    tap_is(ticks, 1, "it fires");
    tap_ok(time_now_ns() >= t.timeout_abs_ns, "not before its time");
    spin_for(20 * NS_PER_MS);
    tap_is(ticks, 1, "once");
    t.timeout_abs_ns = 1;
    t.flags = VCPU_SSHOTTMR_future;
    tap_is(hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t), -XEN_ETIME, "in the past, future only");
    spin_for(5 * NS_PER_MS);
    tap_is(ticks, 1, "does not fire");
    t.flags = 0;
    tap_is(hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t), 0, "in the past");
    spin_for(20 * NS_PER_MS);
    tap_is(ticks, 2, "fires at once");
    t.timeout_abs_ns = time_now_ns() + 10 * NS_PER_MS;
    (void)hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
    tap_is(hc_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0, "stopped");
    spin_for(20 * NS_PER_MS);
    tap_is(ticks, 2, "does not fire");
    t.timeout_abs_ns = ~0ul;
    tap_is(hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t), 0, "at the end of time");
    spin_for(5 * NS_PER_MS);
    tap_is(ticks, 2, "does not fire now");
    if (smp_cpu_count() > 1) {
        tap_is(hc_vcpu_op(VCPUOP_set_singleshot_timer, 1, &t), -XEN_EINVAL, "another vCPU's timer");
    }
    tap_is(hc_set_timer_op(time_now_ns() + 5 * NS_PER_MS), 0, "set_timer_op");
    spin_for(30 * NS_PER_MS);
    tap_is(ticks, 3, "fires");
    (void)hc_set_timer_op(time_now_ns() + 5 * NS_PER_MS);
    tap_is(hc_set_timer_op(0), 0, "set_timer_op with 0");
    spin_for(20 * NS_PER_MS);
    tap_is(ticks, 3, "stops it");
}

static void test_periodic(void)
{
    struct vcpu_set_periodic_timer p = { .period_ns = 2 * NS_PER_MS };
    unsigned int then;

    ticks = 0;
    tap_is(hc_vcpu_op(VCPUOP_set_periodic_timer, 0, &p), 0, "every two milliseconds");
    spin_for(200 * NS_PER_MS);
    tap_ok(ticks >= 5 && ticks <= 101, "%u times in 200 ms", ticks);
    tap_is(hc_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0, "stop");
    (void)event_poll();
    then = ticks;
    spin_for(20 * NS_PER_MS);
    tap_ok(ticks <= then + 1, "stopped");
    p.period_ns = 10;
    tap_is(hc_vcpu_op(VCPUOP_set_periodic_timer, 0, &p), -XEN_EINVAL, "every ten nanoseconds");
    p.period_ns = ~0ul;
    tap_is(hc_vcpu_op(VCPUOP_set_periodic_timer, 0, &p), -XEN_EINVAL, "every 584 years");
}

static long poll(evtchn_port_t *ports, unsigned int n, uint64_t timeout)
{
    struct sched_poll p = { .nr_ports = n, .timeout = timeout };

    set_xen_guest_handle(p.ports, ports);
    return hc_sched_op(SCHEDOP_poll, &p);
}

static void test_poll(void)
{
    evtchn_port_t a = 0, b = 0, none = 3000;
    evtchn_port_t both[2];
    uint64_t start = time_now_ns();

    (void)evtchn_bind_ipi(0, &a);
    (void)evtchn_bind_ipi(0, &b);
    both[0] = a;
    both[1] = b;
    tap_is(poll(both, 2, start + 10 * NS_PER_MS), 0, "poll for two ports");
    tap_ok(time_now_ns() >= start + 10 * NS_PER_MS && time_now_ns() < start + 2 * NS_PER_S, "ends at its time");
    (void)evtchn_send(b);
    start = time_now_ns();
    tap_is(poll(both, 2, start + 5 * NS_PER_S), 0, "with an event there");
    tap_ok(time_now_ns() < start + NS_PER_S, "does not wait");
    (void)evtchn_take_pending(b);
    tap_is(poll(&a, 1, 1), 0, "until a time that is past");
    tap_is(poll(&none, 1, time_now_ns() + NS_PER_S), -XEN_EINVAL, "for a port that is not");
    tap_is(poll(both, 129, 1), -XEN_EINVAL, "for 129 ports");
    tap_is(NOT_REFUSED(-XEN_EFAULT, poll(bad, 1, 1)) + NOT_REFUSED(-XEN_EFAULT, poll(bad, 2, 1)), 0, "bad lists");
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_sched_op(SCHEDOP_poll, bad)), 0, "bad pointers");
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_sched_op(SCHEDOP_shutdown, bad)), 0, "bad pointers: shutdown");
    tap_is(hc_sched_op(SCHEDOP_yield, NULL), 0, "yield");
    tap_is(hc_sched_op(99, NULL), -XEN_ENOSYS, "operation 99");
    (void)hc_set_timer_op(time_now_ns() + 5 * NS_PER_MS);
    start = time_now_ns();
    tap_is(hc_sched_op(SCHEDOP_block, NULL), 0, "block");
    tap_ok(time_now_ns() < start + 2 * NS_PER_S, "until an event");
    (void)evtchn_close(a);
    (void)evtchn_close(b);
}

/* Last: the runtime does not know where its vcpu_info is after this. */
static void test_vcpu_info(void)
{
    char *page = page_alloc(1);
    struct vcpu_register_vcpu_info r = { .mfn = virt_to_gfn(page), .offset = PAGE_SIZE - 8 };
    volatile struct vcpu_info *info = (volatile struct vcpu_info *)(page + 128);
    evtchn_port_t p = 0;

    tap_ok(hc_vcpu_op(VCPUOP_register_vcpu_info, 0, &r) < 0, "vcpu_info across the end of a page");
    r.offset = 3;
    tap_ok(hc_vcpu_op(VCPUOP_register_vcpu_info, 0, &r) < 0, "at an odd place");
    r.offset = ~0u;
    tap_ok(hc_vcpu_op(VCPUOP_register_vcpu_info, 0, &r) < 0, "far outside");
    r.offset = 0;
    r.mfn = ~0ul;
    tap_ok(hc_vcpu_op(VCPUOP_register_vcpu_info, 0, &r) < 0, "in a frame that is not");
    r.mfn = virt_to_gfn(page);
    r.offset = 128;
    (void)evtchn_bind_ipi(0, &p);
    evtchn_unmask(p);
    tap_is(hc_vcpu_op(VCPUOP_register_vcpu_info, 0, &r), 0, "in a page of its own");
    tap_ok(info->evtchn_upcall_pending != 0 || info->time.tsc_to_system_mul != 0, "is filled");
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    (void)evtchn_take_pending(p);
    (void)evtchn_send(p);
    tap_ok(info->evtchn_pending_sel != 0, "events are told there");
    tap_is(hc_vcpu_op(VCPUOP_register_vcpu_info, 0, &r), -XEN_EINVAL, "once only");
}

void stub_main(void)
{
    evtchn_port_t port = 0;

    tap_plan(0);
    test_errors();
    test_runstate();
    test_time_area();
    /* The runtime's own timer port is the first VIRQ; take it over. */
    for (evtchn_port_t p = 1; p < 64 && port == 0; p++) {
        struct evtchn_status s;

        if (evtchn_status(DOMID_SELF, p, &s) == 0 && s.status == EVTCHNSTAT_virq && s.u.virq == VIRQ_TIMER &&
            s.vcpu == 0) {
            port = p;
        }
    }
    tap_ok(port != 0, "the timer's port");
    test_singleshot(port);
    test_periodic();
    test_poll();
    test_vcpu_info();
    tap_done();
}
