/* SPDX-License-Identifier: Apache-2.0 */
/* The memory_op rows, and the handlers that only tell a number. */
#include "memory_op.h"

/* First member of the argument is the domain in question. */
static int domid_decode(struct call *c)
{
    const struct xen_memory_domain *m = c->arg;

    return call_target(c, m->domid);
}


static int reservation_domid_decode(struct call *c)
{
    const struct xen_memory_reservation *r = c->arg;

    return call_target(c, r->domid);
}

static int exchange_decode(struct call *c)
{
    const struct xen_memory_exchange *e = c->arg;

    return e->in.domid != e->out.domid ? -EINVAL : call_target(c, e->in.domid);
}

static int pod_decode(struct call *c)
{
    const struct xen_pod_target *p = c->arg;

    return call_target(c, p->domid);
}

static int access_decode(struct call *c)
{
    const struct xen_mem_access_op *a = c->arg;

    return call_target(c, a->domid);
}

static int paging_decode(struct call *c)
{
    const struct xen_mem_paging_op *p = c->arg;

    return call_target(c, p->domain);
}

static int sharing_decode(struct call *c)
{
    const struct xen_mem_sharing_op *s = c->arg;

    return call_target(c, s->domain);
}

static int vnuma_decode(struct call *c)
{
    const struct xen_vnuma_topology_info *v = c->arg;

    return call_target(c, v->domid);
}

static long ram_page_act(struct call *c)
{
    (void)c;
    return (long)(frame_count - 1);
}

static long current_act(struct call *c)
{
    return (long)read_once(c->target->tot_pages);
}

static long maximum_act(struct call *c)
{
    return (long)read_once(c->target->max_pages);
}

static long gfn_act(struct call *c)
{
    return (long)read_once(c->target->p2m.max_gfn);
}

static long zero_act(struct call *c)
{
    (void)c;
    return 0;
}

static long unsupported_act(struct call *c)
{
    (void)c;
    return -EOPNOTSUPP;
}

#define ASK_MMU(perm) ASK(Q(CALLER, TARGET, SECCLASS_MMU, MMU__##perm))
#define ASK_DOMAIN(perm) ASK(Q(CALLER, TARGET, SECCLASS_DOMAIN, DOMAIN__##perm))
#define ASK_DOMAIN2(perm) ASK(Q(CALLER, TARGET, SECCLASS_DOMAIN2, DOMAIN2__##perm))

#define RESERVATION_ROW(op, act_)                                                                  \
    [XENMEM_##op] = ROW(XENMEM_##op, sizeof(struct xen_memory_reservation), 0, reservation_decode, \
                        ASK_MMU(ADJUST), act_)
#define STAT_ROW(op, act_)                                                                         \
    [XENMEM_##op] = ROW(XENMEM_##op, sizeof(struct xen_memory_domain), 0, domid_decode,            \
                        ASK_MMU(STAT), act_)

static const struct hypercall_row rows[] = {
    RESERVATION_ROW(increase_reservation, increase_act),
    RESERVATION_ROW(decrease_reservation, decrease_act),
    RESERVATION_ROW(populate_physmap, populate_act),
    [XENMEM_maximum_ram_page] = ROW(XENMEM_maximum_ram_page, 0, 0, NULL,
                                    ASK_NONE("a constant of the host that never fails"),
                                    ram_page_act),
    STAT_ROW(current_reservation, current_act),
    STAT_ROW(maximum_reservation, maximum_act),
    STAT_ROW(maximum_gpfn, gfn_act),
    [XENMEM_machphys_mfn_list] = ROW_ABSENT(XENMEM_machphys_mfn_list, "PV guests only"),
    [XENMEM_machphys_compat_mfn_list] = ROW_ABSENT(XENMEM_machphys_compat_mfn_list,
                                                   "PV guests only"),
    [XENMEM_machphys_mapping] = ROW_ABSENT(XENMEM_machphys_mapping, "PV guests only"),
    [XENMEM_add_to_physmap] = ROW(XENMEM_add_to_physmap, sizeof(struct xen_add_to_physmap), 0,
                                  add_decode, ASK_MMU(PHYSMAP), add_act),
    [XENMEM_add_to_physmap_batch] =
        ROW(XENMEM_add_to_physmap_batch, sizeof(struct xen_add_to_physmap_batch), 0,
            add_batch_decode,
            ASK(Q(CALLER, TARGET, SECCLASS_MMU, MMU__PHYSMAP),
                Q_OPTIONAL(CALLER, SECOND, SECCLASS_MMU, MMU__MAP_READ | MMU__MAP_WRITE),
                Q_OPTIONAL(TARGET, SECOND, SECCLASS_MMU, MMU__MAP_READ | MMU__MAP_WRITE)),
            add_batch_act),
    [XENMEM_remove_from_physmap] =
        ROW(XENMEM_remove_from_physmap, sizeof(struct xen_remove_from_physmap), 0, remove_decode,
            ASK_MMU(PHYSMAP), remove_act),
    [XENMEM_memory_map] = ROW(XENMEM_memory_map, sizeof(struct xen_memory_map),
                              sizeof(struct xen_memory_map), memory_map_decode,
                              ASK_NONE("the caller's own memory map"), memory_map_act),
    [XENMEM_machine_memory_map] =
        ROW(XENMEM_machine_memory_map, sizeof(struct xen_memory_map), 0, NULL,
            ASK(Q(CALLER, XEN, SECCLASS_MMU, MMU__MEMORYMAP)), act_absent),
    [XENMEM_set_memory_map] =
        ROW(XENMEM_set_memory_map, sizeof(struct xen_foreign_memory_map), 0,
            set_memory_map_decode, ASK_MMU(MEMORYMAP), set_memory_map_act),
    [XENMEM_exchange] = ROW(XENMEM_exchange, sizeof(struct xen_memory_exchange), 0,
                            exchange_decode, ASK_MMU(EXCHANGE), unsupported_act),
    [XENMEM_set_pod_target] = ROW(XENMEM_set_pod_target, sizeof(struct xen_pod_target), 0,
                                  pod_decode, ASK_DOMAIN(SETPODTARGET), act_absent),
    [XENMEM_get_pod_target] = ROW(XENMEM_get_pod_target, sizeof(struct xen_pod_target), 0,
                                  pod_decode, ASK_DOMAIN(GETPODTARGET), act_absent),
    [XENMEM_get_sharing_freed_pages] = ROW(XENMEM_get_sharing_freed_pages, 0, 0, NULL,
                                           ASK_NONE("constant: pages are never shared"),
                                           zero_act),
    [XENMEM_get_sharing_shared_pages] = ROW(XENMEM_get_sharing_shared_pages, 0, 0, NULL,
                                            ASK_NONE("constant: pages are never shared"),
                                            zero_act),
    [XENMEM_paging_op] = ROW(XENMEM_paging_op, sizeof(struct xen_mem_paging_op), 0, paging_decode,
                             ASK_DOMAIN2(MEM_PAGING), act_absent),
    [XENMEM_access_op] = ROW(XENMEM_access_op, sizeof(struct xen_mem_access_op), 0, access_decode,
                             ASK_DOMAIN2(MEM_ACCESS), act_absent),
    [XENMEM_sharing_op] = ROW(XENMEM_sharing_op, sizeof(struct xen_mem_sharing_op), 0,
                              sharing_decode, ASK_DOMAIN2(MEM_SHARING), act_absent),
    [XENMEM_claim_pages] = ROW(XENMEM_claim_pages, sizeof(struct xen_memory_reservation), 0,
                               reservation_domid_decode, ASK_DOMAIN2(SETCLAIM), act_absent),
    [XENMEM_get_vnumainfo] = ROW(XENMEM_get_vnumainfo, sizeof(struct xen_vnuma_topology_info), 0,
                                 vnuma_decode, ASK_DOMAIN2(GET_VNUMAINFO), unsupported_act),
    [XENMEM_reserved_device_memory_map] = ROW_ABSENT(XENMEM_reserved_device_memory_map,
                                                     "no IOMMU driver yet"),
    [XENMEM_acquire_resource] =
        ROW(XENMEM_acquire_resource, sizeof(struct xen_mem_acquire_resource), 0, domid_decode,
            ASK_DOMAIN2(RESOURCE_MAP), unsupported_act),
};

const struct hypercall_family memory_op_family = {
    .name = "memory_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = MEMOP_CMD_MASK,
    .arg_index = 1,
};
