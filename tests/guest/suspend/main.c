/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain is suspended and goes on in place: to its kernel a restore, after which it has the connections of a fresh domain.
 *
 * Source: public/sched.h, SHUTDOWN_suspend; XEN_DOMCTL_resumedomain; xen/common/resume.c. A correct hypervisor leaves a suspended
 * domain alone, whole and stopped; resumed, its call returns 0, all its vCPUs go on where they were, every port but those of
 * XenStore and console is gone, and VIRQs, vcpu_info and timers can be had anew. A broken one refuses what is bound or placed
 * already, lets a watchdog of the old life fire, or loses a vCPU. One that nobody is to resume is gone, as before.
 */
#include "../guest.h"

#include <runtime/evtchn.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include <public/domctl.h>
#include <public/hvm/params.h>
#include <public/sched.h>
#include <public/vcpu.h>

#define GOER 2
#define CASES_GOER 14
#define CASES_KEEPER 10

static long suspend(void)
{
    struct sched_shutdown a = { .reason = SHUTDOWN_suspend };

    return hc_sched_op(SCHEDOP_shutdown, &a);
}

/* -- the goer -------------------------------------------------------------------------------------- */

static volatile unsigned int count, quit;
static struct vcpu_info place[2] __attribute__((aligned(64)));
static struct vcpu_runstate_info runstate;

static void spinner(void *arg)
{
    (void)arg;
    __asm__ volatile("cli"); /* as the other CPUs of a kernel that suspends */
    while (!quit) {
        count++;
    }
    __asm__ volatile("sti");
}

static bool counts(void)
{
    unsigned int before = count;
    uint64_t end = time_now_ns() + NS_PER_S;

    while (count == before && time_now_ns() < end) {
        cpu_relax();
    }
    return count != before;
}

static long place_info(unsigned int cpu)
{
    struct vcpu_register_vcpu_info a = {
        .mfn = virt_to_gfn(&place[cpu]), .offset = (uint32_t)((uintptr_t)&place[cpu] % PAGE_SIZE),
    };

    return hc_vcpu_op(VCPUOP_register_vcpu_info, cpu, &a);
}

static bool is_open(evtchn_port_t port)
{
    struct evtchn_status status;

    return evtchn_status(DOMID_SELF, port, &status) == 0 && status.status != EVTCHNSTAT_closed;
}

static long watchdog(uint32_t id, uint32_t seconds)
{
    struct sched_watchdog a = { .id = id, .timeout = seconds };

    return hc_sched_op(SCHEDOP_watchdog, &a);
}

static long one_shot(uint64_t ms)
{
    struct vcpu_set_singleshot_timer a = { .timeout_abs_ns = time_now_ns() + ms * NS_PER_MS };

    return hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &a);
}

static void goer_main(void)
{
    struct vcpu_register_runstate_memory_area area = { .addr.v = &runstate };
    evtchn_port_t kept = 0, lost = 0, virq = 0, again = 0;
    unsigned int before;
    long rc;

    time_delay_ns(500 * NS_PER_MS); /* the keeper first sees it run */
    smp_start(1, spinner, NULL);
    tap_ok(counts(), "the second vCPU runs");
    (void)evtchn_alloc_unbound(DOMID_SELF, &kept);
    (void)evtchn_alloc_unbound(DOMID_SELF, &lost);
    rc = evtchn_bind_virq(VIRQ_DEBUG, 0, &virq);
    tap_ok(kept != 0 && lost != 0 && rc == 0, "channels: %u %u %u", kept, lost, virq);
    tap_is(hvm_param_set(HVM_PARAM_STORE_EVTCHN, kept), 0, "one is XenStore's");
    tap_is(place_info(0), 0, "vcpu_info has a place");
    tap_is(watchdog(0, 1), 1, "a watchdog runs");
    (void)hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area);
    (void)one_shot(600);
    rc = suspend();
    before = count;
    tap_is(rc, 0, "resumed: a new life, not a cancelled end");
    tap_ok(is_open(kept) && !is_open(lost) && !is_open(virq), "only XenStore's channel is left");
    tap_is(evtchn_bind_virq(VIRQ_DEBUG, 0, &again), 0, "the VIRQ is free");
    tap_ok(counts() && count != before, "the second vCPU goes on");
    tap_is(hc_vcpu_op(VCPUOP_is_up, 1, NULL), 1, "it is up");
    rc = hc_vcpu_op(VCPUOP_down, 1, NULL);
    rc = rc == 0 ? place_info(1) : rc;
    rc = rc == 0 ? hc_vcpu_op(VCPUOP_up, 1, NULL) : rc;
    tap_ok(rc == 0 && counts(), "down, its vcpu_info placed, and up: %ld", rc);
    tap_is(place_info(0), 0, "vcpu_info has no place any more");
    tap_is(watchdog(1, 1), -XEN_EEXIST, "no watchdog runs");
    memset(&runstate, 0, sizeof(runstate));
    time_delay_ns(1200 * NS_PER_MS);
    tap_ok(runstate.state_entry_time == 0, "nothing is written to the old life's area, nothing of it fires");
    quit = 1;
    (void)suspend(); /* to be ended as it sleeps */
}

/* -- the keeper ------------------------------------------------------------------------------------ */

static long control(uint32_t cmd, domid_t dom, uint32_t *flags)
{
    struct xen_domctl op = { .cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = dom };
    long rc = hc_domctl(&op);

    if (flags != NULL) {
        *flags = rc == 0 && op.domain == dom ? op.u.getdomaininfo.flags : 0;
    }
    return rc == 0 && op.domain != dom ? -XEN_ESRCH : rc;
}

static bool is_suspended(uint32_t flags)
{
    return (flags & XEN_DOMINF_shutdown) && !(flags & XEN_DOMINF_dying) &&
           (flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) == SHUTDOWN_suspend;
}

static bool wait_suspended(void)
{
    uint64_t end = time_now_ns() + 10 * NS_PER_S;
    uint32_t flags = 0;

    while (!is_suspended(flags) && time_now_ns() < end) {
        (void)control(XEN_DOMCTL_getdomaininfo, GOER, &flags);
    }
    return is_suspended(flags);
}

static void keeper_main(void)
{
    uint64_t end;
    uint32_t flags;

    tap_plan(CASES_KEEPER + CASES_GOER);
    tap_is(control(XEN_DOMCTL_resumedomain, GOER, NULL), -XEN_EINVAL, "one that runs cannot be resumed");
    tap_is(control(XEN_DOMCTL_resumedomain, 1, NULL), -XEN_EACCES, "nor oneself");
    tap_ok(wait_suspended(), "it is suspended");
    time_delay_ns(1500 * NS_PER_MS); /* longer than its watchdog's time */
    tap_is(control(XEN_DOMCTL_getdomaininfo, GOER, &flags), 0, "it is there");
    tap_ok(is_suspended(flags), "and still suspended: %#x", flags);
    tap_is(control(XEN_DOMCTL_resumedomain, GOER, NULL), 0, "resumed");
    tap_is(control(XEN_DOMCTL_resumedomain, GOER, NULL), -XEN_EINVAL, "once");
    tap_ok(wait_suspended(), "suspended again");
    tap_is(control(XEN_DOMCTL_destroydomain, GOER, NULL), 0, "and ended");
    end = time_now_ns() + 5 * NS_PER_S;
    while (control(XEN_DOMCTL_getdomaininfo, GOER, NULL) == 0 && time_now_ns() < end) {
    }
    tap_is(control(XEN_DOMCTL_getdomaininfo, GOER, NULL), -XEN_ESRCH, "it is gone");
    tap_done();
}

void stub_main(void)
{
    char role[8] = "";

    (void)start_cmdline_get("role", role, sizeof(role));
    if (strcmp(role, "keeper") == 0) {
        keeper_main();
    } else if (strcmp(role, "goer") == 0) {
        goer_main();
    } else {
        (void)suspend();
    }
}
