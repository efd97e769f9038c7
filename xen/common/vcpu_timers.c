/* SPDX-License-Identifier: Apache-2.0 */
#include <xen/vcpu_timers.h>

#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/measure.h>
#include <xen/time.h>
#include <xen/vcpu.h>

static void singleshot_fired(void *arg)
{
    evtchn_send_vcpu_virq(arg, VIRQ_TIMER);
}

static void periodic_fired(void *arg)
{
    struct vcpu *v = arg;
    uint64_t period = read_once(v->periodic_ns);

    evtchn_send_vcpu_virq(v, VIRQ_TIMER);
    if (period) {
        /* From now, not from the last expiry: a CPU that was away does not get a burst. */
        timer_set(&v->periodic, time_now_ns() + period);
    }
}

static void poll_ended(void *arg)
{
    vcpu_wake(arg, VCPU_PAUSE_POLL);
}

/* The call is reissued when it can go on, not to look: each time is asked about, and may be on record. */
static void turn_looked_for(void *arg)
{
    struct vcpu *v = arg;

    if (measure_turn_is_due()) {
        vcpu_wake(v, VCPU_PAUSE_TURN);
    } else {
        timer_set(&v->turn_timer, time_now_ns() + NS_PER_MS);
    }
}

int vcpu_measure_turn(struct vcpu *v)
{
    int rc = measure_turn(MEASURE_PATIENCE_NS);

    if (rc == -ERESTART) {
        vcpu_sleep(v, VCPU_PAUSE_TURN);
        timer_set(&v->turn_timer, time_now_ns() + NS_PER_MS);
    }
    return rc;
}

void vcpu_timers_init(struct vcpu *v)
{
    timer_init(&v->singleshot, singleshot_fired, v);
    timer_init(&v->periodic, periodic_fired, v);
    timer_init(&v->poll_timer, poll_ended, v);
    timer_init(&v->turn_timer, turn_looked_for, v);
    timer_init(&v->pace.late, evtchn_late, v);
}

void vcpu_timers_kill(struct vcpu *v)
{
    v->periodic_ns = 0;
    timer_kill(&v->singleshot);
    timer_kill(&v->periodic);
    timer_kill(&v->poll_timer);
    timer_kill(&v->turn_timer);
    timer_kill(&v->pace.late);
}

void vcpu_timers_stop(struct vcpu *v)
{
    write_once(v->periodic_ns, 0);
    timer_stop(&v->singleshot);
    timer_stop(&v->periodic);
}
