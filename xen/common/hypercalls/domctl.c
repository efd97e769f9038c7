/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domctl: one domain's power over another. Every operation is asked about, with the permissions that Xen published;
 * those that follow from what exists are done (pause, unpause, destroy, information), the rest answers -ENOSYS.
 */
#include "families.h"

#include <xen/time.h>

#include <public/domctl.h>
#include <public/sched.h>

static int target_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;

    return call_target(c, a->domain);
}

/* The new domain's label is what the question is about. */
static int create_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;

    c->sid[PARTY_OBJECT] = a->u.createdomain.ssidref;
    return 0;
}

static int shadow_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;

    switch (a->u.shadow_op.op) {
    case XEN_DOMCTL_SHADOW_OP_OFF:
        c->chosen = SHADOW__DISABLE;
        break;
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
    case XEN_DOMCTL_SHADOW_OP_ENABLE_TEST:
    case XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION:
    case XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION:
        c->chosen = SHADOW__ENABLE;
        break;
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
        c->chosen = SHADOW__LOGDIRTY;
        break;
    default:
        return -EINVAL;
    }
    return call_target(c, a->domain);
}

/* Two questions of which one is asked. */
static int scheduler_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;
    bool get = a->u.scheduler_op.cmd == XEN_DOMCTL_SCHEDOP_getinfo ||
               a->u.scheduler_op.cmd == XEN_DOMCTL_SCHEDOP_getvcpuinfo;

    c->skip = get ? 1u << 1 : 1u << 0;
    return call_target(c, a->domain);
}

/* Giving and taking are two permissions; which of them it is stands in the structure. */
static int give_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;
    bool give;

    switch (c->cmd) {
    case XEN_DOMCTL_irq_permission:
        give = a->u.irq_permission.allow_access;
        break;
    case XEN_DOMCTL_iomem_permission:
        give = a->u.iomem_permission.allow_access;
        break;
    case XEN_DOMCTL_ioport_permission:
        give = a->u.ioport_permission.allow_access;
        break;
    case XEN_DOMCTL_memory_mapping:
        give = a->u.memory_mapping.add_mapping;
        break;
    default:
        give = a->u.ioport_mapping.add_mapping;
        break;
    }
    c->chosen = give ? RESOURCE__ADD : RESOURCE__REMOVE;
    return call_target(c, a->domain);
}

/* A device model and its guest: asked about each, and whether the one may serve the other. */
static int set_target_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;
    int rc = call_target(c, a->domain);

    return rc != 0 ? rc : call_second(c, a->u.set_target.target);
}

static bool self(const struct call *c)
{
    return c->target == c->caller;
}

static long pause_act(struct call *c)
{
    if (self(c)) {
        return -EINVAL;
    }
    domain_pause(c->target);
    return 0;
}

static long unpause_act(struct call *c)
{
    if (self(c) || read_once(c->target->pause_count) == 0) {
        return -EINVAL;
    }
    domain_unpause(c->target);
    return 0;
}

static long destroy_act(struct call *c)
{
    if (self(c)) {
        return -EINVAL;
    }
    domain_shutdown(c->target, SHUTDOWN_poweroff); /* what is left is given back step by step */
    return 0;
}

/* The ABI answers with the named domain, or the first one with a higher number: tools list domains so. */
static int info_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;
    struct domain *d;

    if (a->domain >= DOMID_FIRST_RESERVED) {
        return call_target(c, a->domain);
    }
    for (d = domain_next(NULL); d != NULL && d->id < a->domain; d = domain_next(d)) {
    }
    if (d != NULL) {
        domid_t id = d->id;

        domain_put(d);
        return call_target(c, id);
    }
    return -ESRCH;
}

static uint32_t info_flags(const struct domain *d, bool running, bool blocked)
{
    uint32_t flags = XEN_DOMINF_hvm_guest | XEN_DOMINF_hap;
    enum domain_state state = read_once(d->state);

    if (state >= DOMAIN_DYING) {
        flags |= XEN_DOMINF_dying;
    }
    if (state >= DOMAIN_SHUTDOWN) {
        flags |= XEN_DOMINF_shutdown |
                 (d->shutdown_code & XEN_DOMINF_shutdownmask) << XEN_DOMINF_shutdownshift;
    }
    if (read_once(d->pause_count) != 0) {
        flags |= XEN_DOMINF_paused;
    }
    return flags | (running ? XEN_DOMINF_running : blocked ? XEN_DOMINF_blocked : 0);
}

static long info_act(struct call *c)
{
    struct xen_domctl *a = c->arg;
    struct xen_domctl_getdomaininfo *info = &a->u.getdomaininfo;
    struct domain *d = c->target;
    bool running = false, blocked = true;

    memset(info, 0, sizeof(*info));
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        struct vcpu *v = d->vcpu[i];
        uint32_t pause = read_once(v->sched.pause_flags);

        if (pause & VCPU_PAUSE_DOWN) {
            continue;
        }
        info->nr_online_vcpus++;
        running = running || read_once(v->sched.running);
        blocked = blocked && (pause & (VCPU_PAUSE_BLOCKED | VCPU_PAUSE_POLL));
        spin_lock(&v->runstate_lock);
        info->cpu_time += v->runstate.time[RUNSTATE_running];
        spin_unlock(&v->runstate_lock);
    }
    a->domain = d->id;
    info->domain = d->id;
    info->flags = info_flags(d, running, blocked);
    spin_lock(&d->page_lock);
    info->tot_pages = d->tot_pages;
    info->max_pages = d->max_pages;
    spin_unlock(&d->page_lock);
    info->max_vcpu_id = d->vcpu_count - 1;
    info->ssidref = read_once(d->sid);
    info->gpaddr_bits = 48;
    return 0;
}

#define DOMCTL(op, decode, class_, perm, act)                                                      \
    [XEN_DOMCTL_##op] = ROW(XEN_DOMCTL_##op, 0, sizeof(struct xen_domctl), decode,                 \
                            ASK(Q(CALLER, TARGET, class_, perm)), act)
#define IN_DOMAIN(op, perm) DOMCTL(op, target_decode, SECCLASS_DOMAIN, DOMAIN__##perm, act_absent)
#define IN_DOMAIN2(op, perm) DOMCTL(op, target_decode, SECCLASS_DOMAIN2, DOMAIN2__##perm, act_absent)
#define IN_HVM(op, perm) DOMCTL(op, target_decode, SECCLASS_HVM, HVM__##perm, act_absent)
#define IN_RESOURCE(op, perms) DOMCTL(op, target_decode, SECCLASS_RESOURCE, perms, act_absent)
#define GIVE(op)                                                                                   \
    [XEN_DOMCTL_##op] =                                                                            \
        ROW(XEN_DOMCTL_##op, 0, 0, give_decode,                                                    \
            ASK(Q_CHOSEN(CALLER, TARGET, SECCLASS_RESOURCE, RESOURCE__ADD | RESOURCE__REMOVE)), act_absent)

static const struct hypercall_row rows[] = {
    [XEN_DOMCTL_createdomain] =
        ROW(XEN_DOMCTL_createdomain, 0, 0, create_decode,
            ASK(Q(CALLER, OBJECT, SECCLASS_DOMAIN, DOMAIN__CREATE)), act_absent),
    DOMCTL(destroydomain, target_decode, SECCLASS_DOMAIN, DOMAIN__DESTROY, destroy_act),
    DOMCTL(pausedomain, target_decode, SECCLASS_DOMAIN, DOMAIN__PAUSE, pause_act),
    DOMCTL(unpausedomain, target_decode, SECCLASS_DOMAIN, DOMAIN__UNPAUSE, unpause_act),
    DOMCTL(getdomaininfo, info_decode, SECCLASS_DOMAIN, DOMAIN__GETDOMAININFO, info_act),
    IN_DOMAIN(setvcpuaffinity, SETAFFINITY),
    [XEN_DOMCTL_shadow_op] =
        ROW(XEN_DOMCTL_shadow_op, 0, 0, shadow_decode,
            ASK(Q_CHOSEN(CALLER, TARGET, SECCLASS_SHADOW,
                         SHADOW__DISABLE | SHADOW__ENABLE | SHADOW__LOGDIRTY)),
            act_absent),
    IN_DOMAIN(max_mem, SETDOMAINMAXMEM),
    IN_DOMAIN(setvcpucontext, SETVCPUCONTEXT),
    IN_DOMAIN(getvcpucontext, GETVCPUCONTEXT),
    IN_DOMAIN(getvcpuinfo, GETVCPUINFO),
    IN_DOMAIN(max_vcpus, MAX_VCPUS),
    [XEN_DOMCTL_scheduler_op] =
        ROW(XEN_DOMCTL_scheduler_op, 0, 0, scheduler_decode,
            ASK(Q_OPTIONAL(CALLER, TARGET, SECCLASS_DOMAIN, DOMAIN__GETSCHEDULER),
                Q_OPTIONAL(CALLER, TARGET, SECCLASS_DOMAIN2, DOMAIN2__SETSCHEDULER)),
            act_absent),
    IN_DOMAIN(setdomainhandle, SETDOMAINHANDLE),
    IN_DOMAIN(setdebugging, SETDEBUGGING),
    GIVE(irq_permission),
    GIVE(iomem_permission),
    GIVE(ioport_permission),
    IN_DOMAIN(hypercall_init, HYPERCALL),
    IN_DOMAIN(settimeoffset, SETTIME),
    IN_DOMAIN(getvcpuaffinity, GETAFFINITY),
    [XEN_DOMCTL_real_mode_area] = ROW_ABSENT(XEN_DOMCTL_real_mode_area, "obsolete in the ABI"),
    IN_DOMAIN(resumedomain, RESUME),
    IN_DOMAIN(sendtrigger, TRIGGER),
    IN_DOMAIN(subscribe, SET_MISC_INFO),
    IN_HVM(gethvmcontext, GETHVMC),
    IN_HVM(sethvmcontext, SETHVMC),
    IN_DOMAIN(set_address_size, SETADDRSIZE),
    IN_DOMAIN(get_address_size, GETADDRSIZE),
    IN_RESOURCE(assign_device, RESOURCE__ADD_DEVICE),
    IN_HVM(bind_pt_irq, BIND_IRQ),
    GIVE(memory_mapping),
    GIVE(ioport_mapping),
    IN_DOMAIN(set_ext_vcpucontext, SETVCPUCONTEXT),
    IN_DOMAIN(get_ext_vcpucontext, GETVCPUCONTEXT),
    [XEN_DOMCTL_set_opt_feature] = ROW_ABSENT(XEN_DOMCTL_set_opt_feature, "obsolete in the ABI"),
    IN_RESOURCE(test_assign_device, RESOURCE__STAT_DEVICE),
    [XEN_DOMCTL_set_target] =
        ROW(XEN_DOMCTL_set_target, 0, 0, set_target_decode,
            ASK(Q(CALLER, TARGET, SECCLASS_DOMAIN2, DOMAIN2__MAKE_PRIV_FOR),
                Q(CALLER, SECOND, SECCLASS_DOMAIN2, DOMAIN2__SET_AS_TARGET),
                Q(TARGET, SECOND, SECCLASS_DOMAIN, DOMAIN__SET_TARGET)),
            act_absent),
    IN_RESOURCE(deassign_device, RESOURCE__REMOVE_DEVICE),
    IN_HVM(unbind_pt_irq, BIND_IRQ),
    IN_RESOURCE(get_device_group, RESOURCE__STAT_DEVICE),
    IN_DOMAIN(debug_op, SETDEBUGGING),
    IN_HVM(gethvmcontext_partial, GETHVMC),
    IN_DOMAIN2(vm_event_op, VM_EVENT),
    IN_HVM(mem_sharing_op, MEM_SHARING),
    IN_DOMAIN2(gettscinfo, GETTSC),
    IN_DOMAIN2(settscinfo, SETTSC),
    DOMCTL(getpageframeinfo3, target_decode, SECCLASS_MMU, MMU__PAGEINFO, act_absent),
    IN_DOMAIN(setvcpuextstate, SETVCPUCONTEXT),
    IN_DOMAIN(getvcpuextstate, GETVCPUCONTEXT),
    IN_DOMAIN2(set_access_required, VM_EVENT),
    IN_HVM(audit_p2m, AUDIT_P2M),
    IN_DOMAIN(set_virq_handler, SET_VIRQ_HANDLER),
    IN_DOMAIN(set_broken_page_p2m, SET_MISC_INFO),
    IN_DOMAIN(setnodeaffinity, SETAFFINITY),
    IN_DOMAIN(getnodeaffinity, GETAFFINITY),
    IN_DOMAIN2(cacheflush, CACHEFLUSH),
    IN_DOMAIN(get_vcpu_msrs, GETVCPUCONTEXT),
    IN_DOMAIN(set_vcpu_msrs, SETVCPUCONTEXT),
    IN_DOMAIN2(setvnumainfo, SET_VNUMAINFO),
    IN_DOMAIN2(psr_cmt_op, PSR_CMT_OP),
    IN_DOMAIN2(monitor_op, VM_EVENT),
    IN_DOMAIN2(psr_alloc, PSR_ALLOC),
    IN_DOMAIN2(soft_reset, SOFT_RESET),
    IN_DOMAIN(vuart_op, SET_MISC_INFO),
    IN_DOMAIN2(get_cpu_policy, GET_CPU_POLICY),
    IN_DOMAIN2(set_cpu_policy, SET_CPU_POLICY),
    IN_DOMAIN(vmtrace_op, SETDEBUGGING),
    IN_DOMAIN(get_paging_mempool_size, GETPAGINGMEMPOOL),
    IN_DOMAIN(set_paging_mempool_size, SETPAGINGMEMPOOL),
};

#define GDBSX_FIRST XEN_DOMCTL_gdbsx_guestmemio
#define GDBSX(op)                                                                                  \
    [XEN_DOMCTL_gdbsx_##op - GDBSX_FIRST] =                                                        \
        ROW(XEN_DOMCTL_gdbsx_##op, 0, 0, target_decode,                                            \
            ASK(Q(CALLER, TARGET, SECCLASS_DOMAIN, DOMAIN__SETDEBUGGING)), act_absent)

static const struct hypercall_row gdbsx_rows[] = {
    GDBSX(guestmemio),
    GDBSX(pausevcpu),
    GDBSX(unpausevcpu),
    GDBSX(domstatus),
};

const struct hypercall_family domctl_family = {
    .name = "domctl",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_STRUCT,
    .size = sizeof(struct xen_domctl),
    .version = XEN_DOMCTL_INTERFACE_VERSION,
    .high_rows = gdbsx_rows,
    .high_base = GDBSX_FIRST,
    .high_count = ARRAY_SIZE(gdbsx_rows),
};
