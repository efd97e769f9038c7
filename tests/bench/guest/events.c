/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels between two ends that are both ours, and the one-shot timer.
 */
#include "measure.h"

#include <runtime/evtchn.h>
#include <runtime/hypercall.h>
#include <runtime/time.h>
#include <runtime/trap.h>

#include <public/sched.h>
#include <public/vcpu.h>

static evtchn_port_t local, peer;
static volatile unsigned int came;

static void on_event(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    came++;
}

static bool run_status(unsigned int count)
{
    struct evtchn_status status = { 0 };
    long sum = 0;

    for (unsigned int i = 0; i < count; i++) {
        status.dom = DOMID_SELF;
        status.port = local;
        sum |= hc_event_channel_op(EVTCHNOP_status, &status);
    }
    return sum == 0 && status.status == EVTCHNSTAT_interdomain;
}

/* The receiving end is masked: the hypervisor's half alone, no upcall. */
static bool run_send_masked(unsigned int count)
{
    struct evtchn_send arg = { .port = local };
    xen_ulong_t *word = &shared_info()->evtchn_pending[peer / 64];
    xen_ulong_t bit = (xen_ulong_t)1 << (peer % 64);
    long sum = 0;

    for (unsigned int i = 0; i < count; i++) {
        __atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST);
        sum |= hc_event_channel_op(EVTCHNOP_send, &arg);
    }
    return sum == 0 && evtchn_take_pending(peer);
}

/* Already pending: nothing to do for the hypervisor but to find that out. */
static bool run_send_pending(unsigned int count)
{
    struct evtchn_send arg = { .port = local };
    long sum = 0;

    for (unsigned int i = 0; i < count; i++) {
        sum |= hc_event_channel_op(EVTCHNOP_send, &arg);
    }
    return sum == 0 && evtchn_is_pending(peer);
}

/* Send, upcall with its EOI, handler called by the event loop. */
static bool run_roundtrip(unsigned int count)
{
    struct evtchn_send arg = { .port = local };

    for (unsigned int i = 0; i < count; i++) {
        unsigned int before = came;

        if (hc_event_channel_op(EVTCHNOP_send, &arg) != 0) {
            return false;
        }
        for (unsigned int tries = 0; came == before; tries++) {
            if (tries == 1000) {
                return false;
            }
            (void)event_poll();
        }
    }
    return true;
}

static bool run_bind_close(unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        struct evtchn_alloc_unbound make = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
        struct evtchn_close end;

        if (hc_event_channel_op(EVTCHNOP_alloc_unbound, &make) != 0) {
            return false;
        }
        end.port = make.port;
        if (hc_event_channel_op(EVTCHNOP_close, &end) != 0) {
            return false;
        }
    }
    return true;
}

static bool run_arm_timer(unsigned int count)
{
    struct vcpu_set_singleshot_timer arg = { .timeout_abs_ns = time_now_ns() + NS_PER_S };
    long sum = 0;

    for (unsigned int i = 0; i < count; i++) {
        sum |= hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &arg);
    }
    return sum == 0 && hc_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL) == 0;
}

static bool run_yield(unsigned int count)
{
    long sum = 0;

    for (unsigned int i = 0; i < count; i++) {
        sum |= hc_sched_op(SCHEDOP_yield, NULL);
    }
    return sum == 0;
}

/* Nanoseconds (= instructions, counted) from a timer's deadline to the upcall in the guest. */
static void bench_timer(const char *name, bool sleep)
{
    uint64_t samples[ROUNDS + 1];

    for (unsigned int i = 0; i < ROUNDS + 1; i++) {
        uint64_t deadline = time_now_ns() + 200000, limit = deadline + NS_PER_S;
        struct vcpu_set_singleshot_timer arg = { .timeout_abs_ns = deadline };
        unsigned long before = event_upcall_count(0);
        uint64_t now = 0;

        if (hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &arg) != 0) {
            measure_fail(name, 1);
            return;
        }
        while (event_upcall_count(0) == before && now < limit) {
            if (sleep) {
                irq_disable();
                if (event_upcall_count(0) == before) {
                    __asm__ volatile("sti; hlt" ::: "memory");
                }
                irq_enable();
            } else {
                /* Spin in between, so that reading the clock is not most of what we see. */
                for (unsigned int j = 0; j < 100000 && event_upcall_count(0) == before; j++) {
                    cpu_relax();
                }
            }
            now = time_now_ns();
        }
        if (now >= limit || now < deadline) {
            measure_fail(name, (long)(now - deadline));
            return;
        }
        now = now - deadline;
        samples[i] = now > measure_overhead() ? now - measure_overhead() : 0;
        (void)event_poll();
    }
    measure_report(name, samples + 1, ROUNDS, 1);
}

void bench_events(void)
{
    long rc = evtchn_alloc_unbound(domain_self(), &peer);

    if (rc == 0) {
        rc = evtchn_bind_interdomain(DOMID_SELF, peer, &local);
    }
    if (rc != 0) {
        measure_fail("evtchn", rc);
        return;
    }
    (void)event_poll();
    evtchn_mask(peer);
    (void)evtchn_take_pending(peer);
    measure("evtchn_status", run_status, 100, 1);
    measure("evtchn_send_masked", run_send_masked, 100, 1);
    (void)evtchn_send(local);
    measure("evtchn_send_pending", run_send_pending, 100, 1);
    (void)evtchn_take_pending(peer);
    evtchn_set_handler(peer, on_event, NULL);
    measure("evtchn_roundtrip", run_roundtrip, 50, 1);
    measure("evtchn_alloc_close", run_bind_close, 50, 1);
    measure("sched_yield", run_yield, 50, 1);
    measure("timer_arm", run_arm_timer, 50, 1);
    bench_timer("timer_late_running", false);
    bench_timer("timer_late_halted", true);
    (void)evtchn_close(local);
    (void)evtchn_close(peer);
}
