/* SPDX-License-Identifier: Apache-2.0 */
/* sched_op and set_timer_op: what a vCPU says about its own running. */
#include "families.h"

#include <xen/evtchn.h>
#include <xen/guest_access.h>

#include <public/sched.h>

#define POLL_PORTS_MAX 128
#define REASON_MASK 0xffu /* the ABI keeps eight bits */

static long yield_act(struct call *c)
{
    vcpu_yield(c->vcpu);
    return 0;
}

static long block_act(struct call *c)
{
    vcpu_block(c->vcpu);
    return 0;
}

static long shutdown_act(struct call *c)
{
    const struct sched_shutdown *a = c->arg;

    domain_shutdown(c->caller, a->reason & REASON_MASK);
    return 0;
}

static int poll_decode(struct call *c)
{
    const struct sched_poll *a = c->arg;

    return a->nr_ports > POLL_PORTS_MAX ? -EINVAL : 0;
}

/*
 * The vCPU is marked as polling before its ports are looked at: an event that comes in between either is seen here or
 * ends the poll.
 */
static long poll_act(struct call *c)
{
    const struct sched_poll *a = c->arg;
    vaddr_t ports = (vaddr_t)a->ports.p;
    struct vcpu *v = c->vcpu;
    evtchn_port_t only = 0;
    bool ready = false;
    int rc = 0;

    if (a->nr_ports == 1 && copy_from_guest(&only, ports, sizeof(only)) != 0) {
        return -EFAULT;
    }
    timer_stop(&v->poll_timer);
    evtchn_poll_begin(v, only);
    ready = evtchn_vcpu_pending(v);
    for (unsigned i = 0; i < a->nr_ports && !ready && rc == 0; i++) {
        evtchn_port_t port = only;

        if (a->nr_ports != 1) {
            rc = copy_from_guest(&port, ports + i * sizeof(port), sizeof(port)) != 0 ? -EFAULT : 0;
        }
        if (rc == 0 && !evtchn_port_pending(c->caller, port, &ready)) {
            rc = -EINVAL;
        }
    }
    if (rc != 0 || ready) {
        evtchn_poll_end(v);
    } else if (a->timeout != 0) {
        timer_set(&v->poll_timer, a->timeout);
    }
    return rc;
}

static int remote_shutdown_decode(struct call *c)
{
    const struct sched_remote_shutdown *a = c->arg;

    return call_target(c, a->domain_id);
}

static long remote_shutdown_act(struct call *c)
{
    const struct sched_remote_shutdown *a = c->arg;

    domain_shutdown(c->target, a->reason & REASON_MASK);
    return 0;
}

static long watchdog_act(struct call *c)
{
    const struct sched_watchdog *a = c->arg;

    return watchdog_set(c->caller, a->id, a->timeout);
}

#define OWN(perm) Q(CALLER, SELF, SCHED_OP, perm)
#define ASK_OWN(perm) ASK(OWN(perm))

static const struct hypercall_row rows[] = {
    [SCHEDOP_yield] = ROW(SCHEDOP_yield, 0, 0, NULL, ASK_OWN(YIELD), yield_act),
    [SCHEDOP_block] = ROW(SCHEDOP_block, 0, 0, NULL, ASK_OWN(BLOCK), block_act),
    [SCHEDOP_shutdown] = ROW(SCHEDOP_shutdown, sizeof(struct sched_shutdown), 0, NULL,
                             ASK_OWN(SHUTDOWN), shutdown_act),
    [SCHEDOP_poll] = ROW(SCHEDOP_poll, sizeof(struct sched_poll), 0, poll_decode,
                         ASK_OWN(POLL), poll_act),
    [SCHEDOP_remote_shutdown] =
        ROW(SCHEDOP_remote_shutdown, sizeof(struct sched_remote_shutdown), 0, remote_shutdown_decode,
            ASK(Q(CALLER, TARGET, SCHED_OP, REMOTE_SHUTDOWN)), remote_shutdown_act),
    [SCHEDOP_shutdown_code] =
        ROW_ABSENT(SCHEDOP_shutdown_code, OWN(SHUTDOWN_CODE),
                   "the code comes with SCHEDOP_shutdown only"),
    [SCHEDOP_watchdog] = ROW(SCHEDOP_watchdog, sizeof(struct sched_watchdog), 0, NULL, ASK_OWN(WATCHDOG),
                             watchdog_act),
    [SCHEDOP_pin_override] =
        ROW_ABSENT_AS(SCHEDOP_pin_override, -EPERM, OWN(PIN_OVERRIDE),
                      "for a hardware domain, which does not exist here"),
};

const struct hypercall_family sched_op_family = {
    .name = "sched_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 1,
};

/* -- set_timer_op: the argument is the time itself, 0 stops --------------------------------------- */

static long set_timer_act(struct call *c)
{
    uint64_t when = c->hc->arg[0];

    if (when == 0) {
        timer_stop(&c->vcpu->singleshot);
    } else {
        timer_set(&c->vcpu->singleshot, when);
    }
    return 0;
}

static const struct hypercall_row set_timer_rows[] = {
    ROW(set_timer_op, 0, 0, NULL, ASK_OWN(SET_TIMER), set_timer_act),
};

const struct hypercall_family set_timer_op_family = {
    .name = "set_timer_op",
    .rows = set_timer_rows,
    .count = ARRAY_SIZE(set_timer_rows),
    .kind = FAMILY_SINGLE,
};
