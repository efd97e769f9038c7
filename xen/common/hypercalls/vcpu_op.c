/* SPDX-License-Identifier: Apache-2.0 */
/* vcpu_op: a domain's own vCPUs. arg[1] names the vCPU, arg[2] the structure. */
#include "families.h"

#include <xen/evtchn.h>
#include <xen/guest_access.h>
#include <xen/time.h>

#include <public/sched.h>
#include <public/vcpu.h>

#define PERIOD_MIN_NS NS_PER_MS
#define PERIOD_MAX_NS (1000 * NS_PER_S)

static int vcpu_decode(struct call *c)
{
    uint64_t id = c->hc->arg[1];

    if (id >= c->caller->vcpu_count) {
        return -ENOENT;
    }
    c->v = c->caller->vcpu[array_index_nospec(id, MAX_VCPUS)];
    return 0;
}

/* Operations on the vCPU that makes the call. */
static int self_decode(struct call *c)
{
    int rc = vcpu_decode(c);

    return rc == 0 && c->v != c->vcpu ? -EINVAL : rc;
}

static bool is_down(struct vcpu *v)
{
    return (read_once(v->sched.pause_flags) & VCPU_PAUSE_DOWN) != 0;
}

static long up_act(struct call *c)
{
    /* Only what was put down here has a state to go on with; the first start is by INIT and SIPI. */
    if (!__atomic_exchange_n(&c->v->put_down, false, __ATOMIC_SEQ_CST)) {
        return is_down(c->v) ? -EINVAL : 0;
    }
    vcpu_wake(c->v, VCPU_PAUSE_DOWN);
    return 0;
}

static long down_act(struct call *c)
{
    bool last = true;

    for (unsigned i = 0; i < c->caller->vcpu_count; i++) {
        last = last && (c->caller->vcpu[i] == c->v || is_down(c->caller->vcpu[i]));
    }
    if (last) {
        domain_shutdown(c->caller, SHUTDOWN_poweroff);
        return 0;
    }
    if (!is_down(c->v)) {
        __atomic_store_n(&c->v->put_down, true, __ATOMIC_SEQ_CST);
        vcpu_sleep(c->v, VCPU_PAUSE_DOWN);
    }
    return 0;
}

static long is_up_act(struct call *c)
{
    return !is_down(c->v);
}

/* The state up to now: what the scheduler noted at the last change, and the time since. */
static void runstate_now(struct vcpu *v, struct vcpu_runstate_info *out)
{
    uint64_t now = time_now_ns();

    spin_lock(&v->runstate_lock);
    *out = v->runstate;
    spin_unlock(&v->runstate_lock);
    if (out->state >= RUNSTATE_running && out->state <= RUNSTATE_offline &&
        now > out->state_entry_time) {
        out->time[out->state] += now - out->state_entry_time;
    }
}

static long get_runstate_act(struct call *c)
{
    runstate_now(c->v, c->arg);
    return 0;
}

static long register_runstate_act(struct call *c)
{
    const struct vcpu_register_runstate_memory_area *a = c->arg;
    struct vcpu_runstate_info info;

    if (c->v == c->vcpu && a->addr.p != 0) {
        spin_lock(&c->v->runstate_lock);
        info = c->v->runstate;
        spin_unlock(&c->v->runstate_lock);
        if (copy_to_guest(a->addr.p, &info, sizeof(info)) != 0) {
            return -EFAULT;
        }
    }
    write_once(c->v->runstate_area, a->addr.p);
    return 0;
}

static long register_time_act(struct call *c)
{
    const struct vcpu_register_time_memory_area *a = c->arg;
    struct vcpu_info *info = read_once(c->v->info);

    if (c->v == c->vcpu && a->addr.p != 0 && info != NULL) {
        struct vcpu_time_info time;

        arch_vcpu_update_time(c->v);
        memcpy(&time, &info->time, sizeof(time));
        if (copy_to_guest(a->addr.p, &time, sizeof(time)) != 0) {
            return -EFAULT;
        }
    }
    write_once(c->v->time_area, a->addr.p);
    return 0;
}

/* -- timers --------------------------------------------------------------------------------------- */

static int periodic_decode(struct call *c)
{
    const struct vcpu_set_periodic_timer *a = c->arg;
    int rc = self_decode(c);

    return rc == 0 && (a->period_ns < PERIOD_MIN_NS || a->period_ns > PERIOD_MAX_NS) ? -EINVAL : rc;
}

static long set_periodic_act(struct call *c)
{
    const struct vcpu_set_periodic_timer *a = c->arg;

    write_once(c->v->periodic_ns, a->period_ns);
    timer_set(&c->v->periodic, time_now_ns() + a->period_ns);
    return 0;
}

static long stop_periodic_act(struct call *c)
{
    write_once(c->v->periodic_ns, 0);
    timer_stop(&c->v->periodic);
    return 0;
}

static long set_singleshot_act(struct call *c)
{
    const struct vcpu_set_singleshot_timer *a = c->arg;

    if ((a->flags & VCPU_SSHOTTMR_future) && a->timeout_abs_ns < time_now_ns()) {
        return -ETIME;
    }
    timer_set(&c->v->singleshot, a->timeout_abs_ns);
    return 0;
}

static long stop_singleshot_act(struct call *c)
{
    timer_stop(&c->v->singleshot);
    return 0;
}

/* -- vcpu_info ------------------------------------------------------------------------------------ */

static void info_page_release(struct call *c)
{
    if (c->ptr[0] != NULL) {
        page_put(c->ptr[0]);
    }
}

static int register_info_decode(struct call *c)
{
    const struct vcpu_register_vcpu_info *a = c->arg;
    struct page_info *pg;
    enum p2m_type type;
    int rc = vcpu_decode(c);

    if (rc != 0) {
        return rc;
    }
    if (c->v != c->vcpu && !is_down(c->v)) {
        return -EINVAL;
    }
    if (a->offset > PAGE_SIZE - sizeof(struct vcpu_info) || a->offset % sizeof(uint64_t) != 0) {
        return -ENXIO;
    }
    pg = p2m_get_page(c->caller, _gfn(a->mfn), true, &type);
    if (pg == NULL) {
        return -EINVAL;
    }
    c->ptr[0] = pg;
    c->release = info_page_release;
    return type != P2M_RAM_RW || pg->owner != c->caller ? -EINVAL : 0;
}

static long register_info_act(struct call *c)
{
    const struct vcpu_register_vcpu_info *a = c->arg;
    struct page_info *pg = c->ptr[0];
    struct vcpu_info *info = (void *)((char *)page_to_virt(pg) + a->offset);
    struct vcpu *v = c->v;

    spin_lock(&c->caller->lock); /* two vCPUs may do it for a third */
    if (v->info_page != NULL) {
        spin_unlock(&c->caller->lock);
        return -EINVAL;
    }
    if (v->info != NULL) {
        memcpy(info, v->info, sizeof(*info));
    } else {
        memset(info, 0, sizeof(*info));
    }
    v->info_page = pg;
    v->info_gaddr = (a->mfn << PAGE_SHIFT) + a->offset;
    __atomic_store_n(&v->info, info, __ATOMIC_RELEASE);
    spin_unlock(&c->caller->lock);
    c->ptr[0] = NULL; /* the reference is the vCPU's now */

    /* Events that went to the old place during the move are not lost: look at everything. */
    arch_vcpu_update_time(v);
    evtchn_mark_all(v);
    return 0;
}

#define OWN(perm) Q(CALLER, SELF, VCPU_OP, perm)
#define ASK_OWN(perm) ASK(OWN(perm))

static const struct hypercall_row rows[] = {
    [VCPUOP_initialise] =
        ROW_ABSENT_AS(VCPUOP_initialise, -EINVAL, OWN(INITIALISE), "vCPUs of PVH domains start by INIT and SIPI"),
    [VCPUOP_up] = ROW(VCPUOP_up, 0, 0, vcpu_decode, ASK_OWN(UP), up_act),
    [VCPUOP_down] = ROW(VCPUOP_down, 0, 0, vcpu_decode, ASK_OWN(DOWN), down_act),
    [VCPUOP_is_up] = ROW(VCPUOP_is_up, 0, 0, vcpu_decode, ASK_OWN(IS_UP), is_up_act),
    [VCPUOP_get_runstate_info] =
        ROW(VCPUOP_get_runstate_info, 0, sizeof(struct vcpu_runstate_info), vcpu_decode,
            ASK_OWN(GET_RUNSTATE_INFO), get_runstate_act),
    [VCPUOP_register_runstate_memory_area] =
        ROW(VCPUOP_register_runstate_memory_area, sizeof(struct vcpu_register_runstate_memory_area),
            0, vcpu_decode, ASK_OWN(REGISTER_RUNSTATE_MEMORY_AREA), register_runstate_act),
    [VCPUOP_set_periodic_timer] =
        ROW(VCPUOP_set_periodic_timer, sizeof(struct vcpu_set_periodic_timer), 0, periodic_decode,
            ASK_OWN(SET_PERIODIC_TIMER), set_periodic_act),
    [VCPUOP_stop_periodic_timer] =
        ROW(VCPUOP_stop_periodic_timer, 0, 0, vcpu_decode, ASK_OWN(STOP_PERIODIC_TIMER),
            stop_periodic_act),
    [VCPUOP_set_singleshot_timer] =
        ROW(VCPUOP_set_singleshot_timer, sizeof(struct vcpu_set_singleshot_timer), 0, self_decode,
            ASK_OWN(SET_SINGLESHOT_TIMER), set_singleshot_act),
    [VCPUOP_stop_singleshot_timer] =
        ROW(VCPUOP_stop_singleshot_timer, 0, 0, self_decode, ASK_OWN(STOP_SINGLESHOT_TIMER),
            stop_singleshot_act),
    [VCPUOP_register_vcpu_info] =
        ROW(VCPUOP_register_vcpu_info, sizeof(struct vcpu_register_vcpu_info), 0,
            register_info_decode, ASK_OWN(REGISTER_VCPU_INFO), register_info_act),
    [VCPUOP_send_nmi] = ROW_ABSENT_AS(VCPUOP_send_nmi, -EOPNOTSUPP, OWN(SEND_NMI),
                                      "PVH domains send NMIs by APIC"),
    [VCPUOP_get_physid] = ROW_ABSENT_AS(VCPUOP_get_physid, -EINVAL, OWN(GET_PHYSID),
                                        "for vCPUs pinned to a CPU"),
    [VCPUOP_register_vcpu_time_memory_area] =
        ROW(VCPUOP_register_vcpu_time_memory_area, sizeof(struct vcpu_register_time_memory_area), 0,
            vcpu_decode, ASK_OWN(REGISTER_VCPU_TIME_MEMORY_AREA), register_time_act),
};

const struct hypercall_family vcpu_op_family = {
    .name = "vcpu_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 2,
};
