/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl: the hypervisor as its administrator sees it. Every operation is asked about; none is offered yet. */
#include "families.h"

#include <public/sysctl.h>

#define SYSCTL(op, class_, perm)                                                                   \
    [XEN_SYSCTL_##op] = ROW(XEN_SYSCTL_##op, 0, 0, NULL, ASK(Q(CALLER, XEN, class_, perm)), act_absent)
#define IN_XEN(op, perm) SYSCTL(op, SECCLASS_XEN, XEN__##perm)
#define IN_XEN2(op, perm) SYSCTL(op, SECCLASS_XEN2, XEN2__##perm)

/* Reading the log and emptying it are two permissions. */
static int readconsole_decode(struct call *c)
{
    const struct xen_sysctl *a = c->arg;

    c->chosen = XEN__READCONSOLE | (a->u.readconsole.clear ? XEN__CLEARCONSOLE : 0);
    return 0;
}

static int scheduler_decode(struct call *c)
{
    const struct xen_sysctl *a = c->arg;

    c->chosen = a->u.scheduler_op.cmd == XEN_SYSCTL_SCHEDOP_getinfo ? XEN__GETSCHEDULER :
                                                                      XEN__SETSCHEDULER;
    return 0;
}

/* CPUs and memory of the machine are labelled as what the hypervisor owns. */
static int hotplug_decode(struct call *c)
{
    const struct xen_sysctl *a = c->arg;
    uint32_t op = a->u.cpu_hotplug.op;

    c->chosen = op == XEN_SYSCTL_CPU_HOTPLUG_ONLINE || op == XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE ?
                    RESOURCE__PLUG : RESOURCE__UNPLUG;
    return 0;
}

static int page_offline_decode(struct call *c)
{
    const struct xen_sysctl *a = c->arg;
    uint32_t cmd = a->u.page_offline.cmd;

    c->chosen = cmd == sysctl_page_online ? RESOURCE__PLUG :
                cmd == sysctl_query_page_offline ? RESOURCE__USE : RESOURCE__UNPLUG;
    return 0;
}

static const struct hypercall_row rows[] = {
    [XEN_SYSCTL_readconsole] =
        ROW(XEN_SYSCTL_readconsole, 0, 0, readconsole_decode,
            ASK(Q_CHOSEN(CALLER, XEN, SECCLASS_XEN, XEN__READCONSOLE | XEN__CLEARCONSOLE)),
            act_absent),
    IN_XEN(tbuf_op, TBUFCONTROL),
    IN_XEN(physinfo, PHYSINFO),
    IN_XEN(sched_id, GETSCHEDULER),
    IN_XEN(perfc_op, PERFCONTROL),
    [XEN_SYSCTL_getdomaininfolist] =
        ROW_ABSENT(XEN_SYSCTL_getdomaininfolist, "each domain listed is to be asked about; later"),
    IN_XEN(debug_keys, DEBUG),
    IN_XEN(getcpuinfo, GETCPUINFO),
    IN_XEN(availheap, HEAP),
    IN_XEN(get_pmstat, PM_OP),
    [XEN_SYSCTL_cpu_hotplug] =
        ROW(XEN_SYSCTL_cpu_hotplug, 0, 0, hotplug_decode,
            ASK(Q_CHOSEN(CALLER, DOMXEN, SECCLASS_RESOURCE, RESOURCE__PLUG | RESOURCE__UNPLUG)),
            act_absent),
    IN_XEN(pm_op, PM_OP),
    [XEN_SYSCTL_page_offline_op] =
        ROW(XEN_SYSCTL_page_offline_op, 0, 0, page_offline_decode,
            ASK(Q_CHOSEN(CALLER, DOMXEN, SECCLASS_RESOURCE,
                         RESOURCE__PLUG | RESOURCE__UNPLUG | RESOURCE__USE)),
            act_absent),
    IN_XEN(lockprof_op, LOCKPROF),
    IN_XEN(cputopoinfo, PHYSINFO),
    IN_XEN(numainfo, PHYSINFO),
    IN_XEN(cpupool_op, CPUPOOL_OP),
    [XEN_SYSCTL_scheduler_op] =
        ROW(XEN_SYSCTL_scheduler_op, 0, 0, scheduler_decode,
            ASK(Q_CHOSEN(CALLER, XEN, SECCLASS_XEN, XEN__GETSCHEDULER | XEN__SETSCHEDULER)),
            act_absent),
    IN_XEN2(coverage_op, COVERAGE_OP),
    IN_XEN2(psr_cmt_op, PSR_CMT_OP),
    IN_XEN(pcitopoinfo, PHYSINFO),
    IN_XEN2(psr_alloc, PSR_ALLOC),
    IN_XEN2(get_cpu_levelling_caps, GET_CPU_LEVELLING_CAPS),
    IN_XEN2(get_cpu_featureset, GET_CPU_FEATURESET),
    IN_XEN2(livepatch_op, LIVEPATCH_OP),
    IN_XEN(get_cpu_policy, PHYSINFO),
};

const struct hypercall_family sysctl_family = {
    .name = "sysctl",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_STRUCT,
    .size = sizeof(struct xen_sysctl),
    .version = XEN_SYSCTL_INTERFACE_VERSION,
};
