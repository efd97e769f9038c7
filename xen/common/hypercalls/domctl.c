/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domctl: one domain's power over another. Every operation is asked about by a permission of its own; those that follow
 * from what exists are done (pause, unpause, resume, destroy, information, set_target), the rest answers -ENOSYS. Decoding and
 * further questions of those that give devices away are in domctl_device.c.
 */
#include "domctl.h"
#include "families.h"

#include <xen/revoke.h>
#include <xen/time.h>

#include <public/domctl.h>
#include <public/sched.h>

int domctl_target_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;

    return call_target(c, a->domain);
}

/* The new domain's label is what the question is about. */
static int create_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;

    c->sid[PARTY_OBJECT] = a->u.createdomain.ssidref == XSM_SID_SELF ? XSM_SID_NULL : a->u.createdomain.ssidref;
    return 0;
}

static int shadow_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;

    switch (a->u.shadow_op.op) {
    case XEN_DOMCTL_SHADOW_OP_OFF:
        c->chosen = DOMCTL__SHADOW_DISABLE;
        break;
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
    case XEN_DOMCTL_SHADOW_OP_ENABLE_TEST:
    case XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION:
    case XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION:
        c->chosen = DOMCTL__SHADOW_ENABLE;
        break;
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
        c->chosen = DOMCTL__SHADOW_LOGDIRTY;
        break;
    default:
        return -EINVAL;
    }
    return call_target(c, a->domain);
}

static int scheduler_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;
    bool get = a->u.scheduler_op.cmd == XEN_DOMCTL_SCHEDOP_getinfo ||
               a->u.scheduler_op.cmd == XEN_DOMCTL_SCHEDOP_getvcpuinfo;

    c->chosen = get ? DOMCTL__SCHEDULER_GET : DOMCTL__SCHEDULER_PUT;
    return call_target(c, a->domain);
}

/* A device model and its guest: asked about each, and whether the one, as it is to all, may serve the other. */
static int set_target_decode(struct call *c)
{
    const struct xen_domctl *a = c->arg;
    int rc = call_target(c, a->domain);

    if (rc == 0) {
        rc = call_second(c, a->u.set_target.target);
    }
    if (rc == 0) {
        c->sid[PARTY_OBJECT] = read_once(c->target->sid);
        c->sid[PARTY_PEER] = read_once(c->second->sid);
        c->val[0] = revoke_take(c->vcpu, c->hc, c->row, (void *)c->batch);
        c->skip = c->val[0] ? 7 : 0;
    }
    return rc;
}

/*
 * From now on the device model is asked about the label of their relation: what it holds of the target under the plain one is
 * looked at, as after a change of policy. A call that comes back from that has been asked about before.
 */
static long set_target_act(struct call *c)
{
    const struct revoke_change change = { .how = XSM_REVOKE_DROP };
    long rc;

    if (c->val[0]) {
        return 0;
    }
    rc = revoke_reserve();
    if (rc != 0) {
        return rc;
    }
    rc = domain_set_target(c->target, c->second);
    if (rc == 0) {
        rc = revoke_begin(&change, c->hc, c->row);
    }
    if (rc != -ERESTART) {
        revoke_release();
    }
    return rc;
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
    return domain_destroy(c->target); /* what is left is given back step by step */
}

static long resume_act(struct call *c)
{
    return self(c) ? -EINVAL : domain_resume(c->target);
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

void domctl_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
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
    info->domain = d->id;
    info->flags = info_flags(d, running, blocked);
    spin_lock(&d->page_lock);
    info->tot_pages = d->tot_pages;
    info->max_pages = d->max_pages;
    spin_unlock(&d->page_lock);
    info->max_vcpu_id = d->vcpu_count - 1;
    info->ssidref = read_once(d->sid);
    info->gpaddr_bits = 48;
}

static long info_act(struct call *c)
{
    struct xen_domctl *a = c->arg;

    domctl_info(c->target, &a->u.getdomaininfo);
    a->domain = c->target->id;
    return 0;
}

#define DONE(class_, op, perm, decode, act)                                                        \
    [XEN_DOMCTL_##op] = ROW(XEN_DOMCTL_##op, 0, sizeof(struct xen_domctl), decode,                 \
                            ASK(Q(CALLER, TARGET, class_, perm)), act)
/* The name is put together here, since MAX_VCPUS is a macro. */
#define ABSENT(class_, op, perm)                                                                   \
    [XEN_DOMCTL_##op] = ROW(XEN_DOMCTL_##op, 0, 0, domctl_target_decode,                           \
                            ASK(Q_OF(CALLER, TARGET, 0, false, class_, class_##__##perm)), act_absent)
#define CHOSEN(class_, op, decode, perms)                                                          \
    [XEN_DOMCTL_##op] = ROW(XEN_DOMCTL_##op, 0, 0, decode,                                         \
                            ASK(Q_CHOSEN(CALLER, TARGET, class_, perms)), act_absent)
#define OBSOLETE(class_, op, perm)                                                                 \
    [XEN_DOMCTL_##op] = ROW_ABSENT(XEN_DOMCTL_##op, Q(CALLER, SELF, class_, perm), "obsolete in the ABI")
/* A range or an interrupt given or taken: domctl_device.c asks about each label in it. */
#define GIVE(class_, op, add, remove, kind)                                                        \
    [XEN_DOMCTL_##op] =                                                                            \
        ROW(XEN_DOMCTL_##op, 0, 0, domctl_give_decode,                                             \
            ASK_AND("then about each label of the range: caller → it: resource add_" #kind " or remove_" #kind \
                    ", receiver → it: resource use*",                                                \
                    Q_CHOSEN(CALLER, TARGET, class_, class_##__##add | class_##__##remove)),       \
            domctl_give_act)
#define DEVICE(class_, op, perm, act, ...)                                                         \
    [XEN_DOMCTL_##op] =                                                                            \
        ROW(XEN_DOMCTL_##op, 0, 0, domctl_device_decode, ASK(__VA_ARGS__, Q(CALLER, TARGET, class_, perm)), act)

static const struct hypercall_row rows[] = {
    [XEN_DOMCTL_createdomain] =
        ROW(XEN_DOMCTL_createdomain, 0, 0, create_decode,
            ASK(Q(CALLER, OBJECT, DOMCTL, CREATEDOMAIN)), act_absent),
    DONE(DOMCTL, destroydomain, DESTROYDOMAIN, domctl_target_decode, destroy_act),
    DONE(DOMCTL, pausedomain, PAUSEDOMAIN, domctl_target_decode, pause_act),
    DONE(DOMCTL, unpausedomain, UNPAUSEDOMAIN, domctl_target_decode, unpause_act),
    DONE(DOMCTL, getdomaininfo, GETDOMAININFO, info_decode, info_act),
    ABSENT(DOMCTL, setvcpuaffinity, SETVCPUAFFINITY),
    CHOSEN(DOMCTL, shadow_op, shadow_decode,
           DOMCTL__SHADOW_DISABLE | DOMCTL__SHADOW_ENABLE | DOMCTL__SHADOW_LOGDIRTY),
    ABSENT(DOMCTL, max_mem, MAX_MEM),
    ABSENT(DOMCTL, setvcpucontext, SETVCPUCONTEXT),
    ABSENT(DOMCTL, getvcpucontext, GETVCPUCONTEXT),
    ABSENT(DOMCTL, getvcpuinfo, GETVCPUINFO),
    ABSENT(DOMCTL, max_vcpus, MAX_VCPUS),
    CHOSEN(DOMCTL, scheduler_op, scheduler_decode, DOMCTL__SCHEDULER_GET | DOMCTL__SCHEDULER_PUT),
    ABSENT(DOMCTL, setdomainhandle, SETDOMAINHANDLE),
    ABSENT(DOMCTL, setdebugging, SETDEBUGGING),
    CHOSEN(DOMCTL, irq_permission, domctl_give_decode,
           DOMCTL__IRQ_PERMISSION_ADD | DOMCTL__IRQ_PERMISSION_REMOVE),
    GIVE(DOMCTL, iomem_permission, IOMEM_PERMISSION_ADD, IOMEM_PERMISSION_REMOVE, iomem),
    GIVE(DOMCTL, ioport_permission, IOPORT_PERMISSION_ADD, IOPORT_PERMISSION_REMOVE, ioport),
    ABSENT(DOMCTL, hypercall_init, HYPERCALL_INIT),
    ABSENT(DOMCTL, settimeoffset, SETTIMEOFFSET),
    ABSENT(DOMCTL, getvcpuaffinity, GETVCPUAFFINITY),
    OBSOLETE(DOMCTL3, real_mode_area, REAL_MODE_AREA),
    DONE(DOMCTL, resumedomain, RESUMEDOMAIN, domctl_target_decode, resume_act),
    ABSENT(DOMCTL, sendtrigger, SENDTRIGGER),
    ABSENT(DOMCTL, subscribe, SUBSCRIBE),
    ABSENT(DOMCTL2, gethvmcontext, GETHVMCONTEXT),
    ABSENT(DOMCTL2, sethvmcontext, SETHVMCONTEXT),
    ABSENT(DOMCTL2, set_address_size, SET_ADDRESS_SIZE),
    ABSENT(DOMCTL2, get_address_size, GET_ADDRESS_SIZE),
    DEVICE(DOMCTL2, assign_device, ASSIGN_DEVICE, domctl_assign_act,
           Q_CHOSEN(PEER, OBJECT, RESOURCE, RESOURCE__USE_IOMMU | RESOURCE__USE_IOMMU_NOINTREMAP),
           Q(CALLER, OBJECT, RESOURCE, ADD_DEVICE)),
    DEVICE(DOMCTL2, bind_pt_irq, BIND_PT_IRQ, act_absent, Q(CALLER, OBJECT, HVM, BIND_IRQ),
           Q(PEER, OBJECT, RESOURCE, USE_NOIOMMU)),
    GIVE(DOMCTL2, memory_mapping, MEMORY_MAPPING_ADD, MEMORY_MAPPING_REMOVE, iomem),
    GIVE(DOMCTL2, ioport_mapping, IOPORT_MAPPING_ADD, IOPORT_MAPPING_REMOVE, ioport),
    ABSENT(DOMCTL2, set_ext_vcpucontext, SET_EXT_VCPUCONTEXT),
    ABSENT(DOMCTL2, get_ext_vcpucontext, GET_EXT_VCPUCONTEXT),
    OBSOLETE(DOMCTL3, set_opt_feature, SET_OPT_FEATURE),
    [XEN_DOMCTL_test_assign_device] = ROW(XEN_DOMCTL_test_assign_device, 0, 0, domctl_device_decode,
        ASK(Q(CALLER, OBJECT, DOMCTL2, TEST_ASSIGN_DEVICE)), act_absent),
    [XEN_DOMCTL_set_target] =
        ROW(XEN_DOMCTL_set_target, 0, 0, set_target_decode,
            ASK(Q_OPTIONAL(CALLER, TARGET, DOMCTL2, DOMCTL2__SET_TARGET),
                Q_OPTIONAL(CALLER, SECOND, DOMCTL2, DOMCTL2__BE_TARGET),
                Q_OPTIONAL(OBJECT, PEER, DOMAIN, DOMAIN__SET_TARGET)),
            set_target_act),
    DEVICE(DOMCTL2, deassign_device, DEASSIGN_DEVICE, domctl_deassign_act, Q(CALLER, OBJECT, RESOURCE, REMOVE_DEVICE)),
    ABSENT(DOMCTL2, unbind_pt_irq, UNBIND_PT_IRQ),
    [XEN_DOMCTL_get_device_group] = ROW(XEN_DOMCTL_get_device_group, 0, 0, domctl_device_decode,
        ASK(Q(CALLER, OBJECT, DOMCTL2, GET_DEVICE_GROUP)), act_absent),
    ABSENT(DOMCTL2, debug_op, DEBUG_OP),
    ABSENT(DOMCTL2, gethvmcontext_partial, GETHVMCONTEXT_PARTIAL),
    ABSENT(DOMCTL2, vm_event_op, VM_EVENT_OP),
    ABSENT(DOMCTL2, mem_sharing_op, MEM_SHARING_OP),
    ABSENT(DOMCTL2, gettscinfo, GETTSCINFO),
    ABSENT(DOMCTL2, settscinfo, SETTSCINFO),
    ABSENT(DOMCTL2, getpageframeinfo3, GETPAGEFRAMEINFO3),
    ABSENT(DOMCTL2, setvcpuextstate, SETVCPUEXTSTATE),
    ABSENT(DOMCTL2, getvcpuextstate, GETVCPUEXTSTATE),
    ABSENT(DOMCTL2, set_access_required, SET_ACCESS_REQUIRED),
    ABSENT(DOMCTL2, audit_p2m, AUDIT_P2M),
    ABSENT(DOMCTL2, set_virq_handler, SET_VIRQ_HANDLER),
    ABSENT(DOMCTL3, set_broken_page_p2m, SET_BROKEN_PAGE_P2M),
    ABSENT(DOMCTL3, setnodeaffinity, SETNODEAFFINITY),
    ABSENT(DOMCTL3, getnodeaffinity, GETNODEAFFINITY),
    ABSENT(DOMCTL3, cacheflush, CACHEFLUSH),
    ABSENT(DOMCTL3, get_vcpu_msrs, GET_VCPU_MSRS),
    ABSENT(DOMCTL3, set_vcpu_msrs, SET_VCPU_MSRS),
    ABSENT(DOMCTL3, setvnumainfo, SETVNUMAINFO),
    ABSENT(DOMCTL3, psr_cmt_op, PSR_CMT_OP),
    ABSENT(DOMCTL3, monitor_op, MONITOR_OP),
    ABSENT(DOMCTL3, psr_alloc, PSR_ALLOC),
    ABSENT(DOMCTL3, soft_reset, SOFT_RESET),
    ABSENT(DOMCTL3, vuart_op, VUART_OP),
    ABSENT(DOMCTL3, get_cpu_policy, GET_CPU_POLICY),
    ABSENT(DOMCTL3, set_cpu_policy, SET_CPU_POLICY),
    ABSENT(DOMCTL3, vmtrace_op, VMTRACE_OP),
    ABSENT(DOMCTL3, get_paging_mempool_size, GET_PAGING_MEMPOOL_SIZE),
    ABSENT(DOMCTL3, set_paging_mempool_size, SET_PAGING_MEMPOOL_SIZE),
};

#define GDBSX_FIRST XEN_DOMCTL_gdbsx_guestmemio
#define GDBSX(op, perm)                                                                            \
    [XEN_DOMCTL_gdbsx_##op - GDBSX_FIRST] =                                                        \
        ROW(XEN_DOMCTL_gdbsx_##op, 0, 0, domctl_target_decode,                                     \
            ASK(Q(CALLER, TARGET, DOMCTL3, perm)), act_absent)

static const struct hypercall_row gdbsx_rows[] = {
    GDBSX(guestmemio, GDBSX_GUESTMEMIO),
    GDBSX(pausevcpu, GDBSX_PAUSEVCPU),
    GDBSX(unpausevcpu, GDBSX_UNPAUSEVCPU),
    GDBSX(domstatus, GDBSX_DOMSTATUS),
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
