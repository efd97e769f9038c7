/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysctl: the hypervisor as its administrator sees it. Every operation is asked about; but for the list of domains and the
 * size of the machine none is offered yet.
 */
#include "domctl.h"
#include "families.h"

#include <asm/cpu.h>
#include <xen/guest_access.h>
#include <xen/mm.h>

#include <public/sysctl.h>

#define SYSCTL_ROW(op, perm)                                                                       \
    [XEN_SYSCTL_##op] = ROW(XEN_SYSCTL_##op, 0, 0, NULL, ASK(Q(CALLER, XEN, SYSCTL, perm)), act_absent)

/* Reading the log and emptying it are two permissions. */
static int readconsole_decode(struct call *c)
{
    const struct xen_sysctl *a = c->arg;

    c->chosen = SYSCTL__READCONSOLE | (a->u.readconsole.clear ? SYSCTL__CLEARCONSOLE : 0);
    return 0;
}

static int scheduler_decode(struct call *c)
{
    const struct xen_sysctl *a = c->arg;

    c->chosen = a->u.scheduler_op.cmd == XEN_SYSCTL_SCHEDOP_getinfo ? SYSCTL__SCHEDULER_GET :
                                                                      SYSCTL__SCHEDULER_PUT;
    return 0;
}

/* CPUs and memory of the machine are labelled as what the hypervisor owns. */
static int hotplug_decode(struct call *c)
{
    const struct xen_sysctl *a = c->arg;
    uint32_t op = a->u.cpu_hotplug.op;

    c->chosen = op == XEN_SYSCTL_CPU_HOTPLUG_ONLINE || op == XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE ?
                    SYSCTL__CPU_ONLINE : SYSCTL__CPU_OFFLINE;
    return 0;
}

static int page_offline_decode(struct call *c)
{
    const struct xen_sysctl *a = c->arg;
    uint32_t cmd = a->u.page_offline.cmd;

    c->chosen = cmd == sysctl_page_online ? SYSCTL__PAGE_ONLINE :
                cmd == sysctl_query_page_offline ? SYSCTL__PAGE_QUERY : SYSCTL__PAGE_OFFLINE;
    return 0;
}

/* Domains from the first one named on, those that the caller may see. Tools read on from the last one they were told. */
static long list_act(struct call *c)
{
    struct xen_sysctl *a = c->arg;
    struct xen_sysctl_getdomaininfolist *list = &a->u.getdomaininfolist;
    struct xen_domctl_getdomaininfo info;
    struct domain *d = NULL;
    uint32_t n = 0;
    xsm_sid_t sid;
    int rc = 0;

    while (rc == 0 && n < list->max_domains && (d = domain_next(d)) != NULL) {
        if (d->id < list->first_domain) {
            continue;
        }
        c->audit.target = d->id;
        c->audit.have |= XSM_AUDIT_TARGET;
        if (call_label(c, d, &sid) == 0 &&
            call_ask(c, c->sid[PARTY_CALLER], sid, SECCLASS_DOMCTL, DOMCTL__GETDOMAININFO) == 0) {
            domctl_info(d, &info);
            rc = copy_to_guest((vaddr_t)list->buffer.p + n * sizeof(info), &info, sizeof(info));
            n++;
        }
    }
    if (d != NULL) {
        domain_put(d);
    }
    list->num_domains = n;
    return rc;
}

/* The machine. What the tools ask for and this hypervisor does not tell (nodes, capabilities it does not offer) is zero. */
static long physinfo_act(struct call *c)
{
    struct xen_sysctl_physinfo *p = &((struct xen_sysctl *)c->arg)->u.physinfo;

    memset(p, 0, sizeof(*p));
    p->threads_per_core = 1;
    p->cores_per_socket = cpu_count;
    p->nr_cpus = cpu_count;
    p->max_cpu_id = cpu_count - 1;
    p->nr_nodes = 1;
    p->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap;
    p->total_pages = mem_total_pages();
    p->free_pages = mem_free_pages();
    p->max_mfn = mem_total_pages() - 1;
    return 0;
}

static const struct hypercall_row rows[] = {
    [XEN_SYSCTL_readconsole] =
        ROW(XEN_SYSCTL_readconsole, 0, 0, readconsole_decode,
            ASK(Q_CHOSEN(CALLER, XEN, SYSCTL, SYSCTL__READCONSOLE | SYSCTL__CLEARCONSOLE)),
            act_absent),
    SYSCTL_ROW(tbuf_op, TBUF_OP),
    [XEN_SYSCTL_physinfo] = ROW(XEN_SYSCTL_physinfo, 0, sizeof(struct xen_sysctl), NULL,
                                ASK(Q(CALLER, XEN, SYSCTL, PHYSINFO)), physinfo_act),
    SYSCTL_ROW(sched_id, SCHED_ID),
    SYSCTL_ROW(perfc_op, PERFC_OP),
    [XEN_SYSCTL_getdomaininfolist] =
        ROW(XEN_SYSCTL_getdomaininfolist, 0, sizeof(struct xen_sysctl), NULL,
            ASK_AND("then about each domain: caller → it: domctl getdomaininfo; those refused are left out",
                    Q(CALLER, XEN, SYSCTL, GETDOMAININFOLIST)), list_act),
    SYSCTL_ROW(debug_keys, DEBUG_KEYS),
    SYSCTL_ROW(getcpuinfo, GETCPUINFO),
    SYSCTL_ROW(availheap, AVAILHEAP),
    SYSCTL_ROW(get_pmstat, GET_PMSTAT),
    [XEN_SYSCTL_cpu_hotplug] =
        ROW(XEN_SYSCTL_cpu_hotplug, 0, 0, hotplug_decode,
            ASK(Q_CHOSEN(CALLER, DOMXEN, SYSCTL, SYSCTL__CPU_ONLINE | SYSCTL__CPU_OFFLINE)),
            act_absent),
    SYSCTL_ROW(pm_op, PM_OP),
    [XEN_SYSCTL_page_offline_op] =
        ROW(XEN_SYSCTL_page_offline_op, 0, 0, page_offline_decode,
            ASK(Q_CHOSEN(CALLER, DOMXEN, SYSCTL,
                         SYSCTL__PAGE_ONLINE | SYSCTL__PAGE_OFFLINE | SYSCTL__PAGE_QUERY)),
            act_absent),
    SYSCTL_ROW(lockprof_op, LOCKPROF_OP),
    SYSCTL_ROW(cputopoinfo, CPUTOPOINFO),
    SYSCTL_ROW(numainfo, NUMAINFO),
    SYSCTL_ROW(cpupool_op, CPUPOOL_OP),
    [XEN_SYSCTL_scheduler_op] =
        ROW(XEN_SYSCTL_scheduler_op, 0, 0, scheduler_decode,
            ASK(Q_CHOSEN(CALLER, XEN, SYSCTL, SYSCTL__SCHEDULER_GET | SYSCTL__SCHEDULER_PUT)),
            act_absent),
    SYSCTL_ROW(coverage_op, COVERAGE_OP),
    SYSCTL_ROW(psr_cmt_op, PSR_CMT_OP),
    SYSCTL_ROW(pcitopoinfo, PCITOPOINFO),
    SYSCTL_ROW(psr_alloc, PSR_ALLOC),
    SYSCTL_ROW(get_cpu_levelling_caps, GET_CPU_LEVELLING_CAPS),
    SYSCTL_ROW(get_cpu_featureset, GET_CPU_FEATURESET),
    SYSCTL_ROW(livepatch_op, LIVEPATCH_OP),
    SYSCTL_ROW(get_cpu_policy, GET_CPU_POLICY),
};

const struct hypercall_family sysctl_family = {
    .name = "sysctl",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_STRUCT,
    .size = sizeof(struct xen_sysctl),
    .version = XEN_SYSCTL_INTERFACE_VERSION,
};
