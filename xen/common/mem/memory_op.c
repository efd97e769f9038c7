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

#define ASK_TARGET(perm) ASK(Q(CALLER, TARGET, MEMORY_OP, perm))
#define ASK_XEN(perm) ASK(Q(CALLER, XEN, MEMORY_OP, perm))
#define OWN(perm) Q(CALLER, SELF, MEMORY_OP, perm)
#define PLAIN_SPACES (PHYSMAP_OP__SHARED_INFO | PHYSMAP_OP__GRANT_TABLE | PHYSMAP_OP__GMFN)

#define RESERVATION_ROW(op, perm, act_)                                                            \
    [XENMEM_##op] = ROW(XENMEM_##op, sizeof(struct xen_memory_reservation), 0, reservation_decode, \
                        ASK_TARGET(perm), act_)
#define STAT_ROW(op, perm, act_)                                                                   \
    [XENMEM_##op] = ROW(XENMEM_##op, sizeof(struct xen_memory_domain), 0, domid_decode,            \
                        ASK_TARGET(perm), act_)

static const struct hypercall_row rows[] = {
    RESERVATION_ROW(increase_reservation, INCREASE_RESERVATION, increase_act),
    RESERVATION_ROW(decrease_reservation, DECREASE_RESERVATION, decrease_act),
    RESERVATION_ROW(populate_physmap, POPULATE_PHYSMAP, populate_act),
    [XENMEM_maximum_ram_page] = ROW(XENMEM_maximum_ram_page, 0, 0, NULL,
                                    ASK_XEN(MAXIMUM_RAM_PAGE),
                                    ram_page_act),
    STAT_ROW(current_reservation, CURRENT_RESERVATION, current_act),
    STAT_ROW(maximum_reservation, MAXIMUM_RESERVATION, maximum_act),
    STAT_ROW(maximum_gpfn, MAXIMUM_GPFN, gfn_act),
    [XENMEM_machphys_mfn_list] =
        ROW_ABSENT(XENMEM_machphys_mfn_list, OWN(MACHPHYS_MFN_LIST),
                   "PV guests only"),
    [XENMEM_machphys_compat_mfn_list] =
        ROW_ABSENT(XENMEM_machphys_compat_mfn_list, OWN(MACHPHYS_COMPAT_MFN_LIST),
                   "PV guests only"),
    [XENMEM_machphys_mapping] =
        ROW_ABSENT(XENMEM_machphys_mapping, OWN(MACHPHYS_MAPPING),
                   "PV guests only"),
    [XENMEM_add_to_physmap] = ROW(XENMEM_add_to_physmap, sizeof(struct xen_add_to_physmap), 0,
                                  add_decode,
                                  ASK(Q_CHOSEN(CALLER, TARGET, PHYSMAP_OP,
                                               PHYSMAP_OP__ADD_TO_PHYSMAP | PLAIN_SPACES |
                                                   PHYSMAP_OP__GMFN_RANGE)),
                                  add_act),
    [XENMEM_add_to_physmap_batch] =
        ROW(XENMEM_add_to_physmap_batch, sizeof(struct xen_add_to_physmap_batch), 0,
            add_batch_decode,
            ASK(Q_CHOSEN(CALLER, TARGET, PHYSMAP_OP,
                         PHYSMAP_OP__ADD_TO_PHYSMAP_BATCH | PLAIN_SPACES | PHYSMAP_OP__GMFN_FOREIGN),
                Q_OPTIONAL(CALLER, SECOND, MMU, MMU__MAP_READ | MMU__MAP_WRITE),
                Q_OPTIONAL(OBJECT, PEER, MMU, MMU__MAP_READ | MMU__MAP_WRITE)),
            add_batch_act),
    [XENMEM_remove_from_physmap] =
        ROW(XENMEM_remove_from_physmap, sizeof(struct xen_remove_from_physmap), 0, remove_decode,
            ASK(Q(CALLER, TARGET, PHYSMAP_OP, REMOVE_FROM_PHYSMAP)), remove_act),
    [XENMEM_memory_map] = ROW(XENMEM_memory_map, sizeof(struct xen_memory_map),
                              sizeof(struct xen_memory_map), memory_map_decode,
                              ASK(OWN(MEMORY_MAP)), memory_map_act),
    [XENMEM_machine_memory_map] =
        ROW(XENMEM_machine_memory_map, sizeof(struct xen_memory_map), 0, NULL,
            ASK_XEN(MACHINE_MEMORY_MAP), act_absent),
    [XENMEM_set_memory_map] =
        ROW(XENMEM_set_memory_map, sizeof(struct xen_foreign_memory_map), 0,
            set_memory_map_decode, ASK_TARGET(SET_MEMORY_MAP), set_memory_map_act),
    [XENMEM_exchange] = ROW(XENMEM_exchange, sizeof(struct xen_memory_exchange), 0,
                            exchange_decode, ASK_TARGET(EXCHANGE), unsupported_act),
    [XENMEM_set_pod_target] = ROW(XENMEM_set_pod_target, sizeof(struct xen_pod_target), 0,
                                  pod_decode, ASK_TARGET(SET_POD_TARGET), act_absent),
    [XENMEM_get_pod_target] = ROW(XENMEM_get_pod_target, sizeof(struct xen_pod_target), 0,
                                  pod_decode, ASK_TARGET(GET_POD_TARGET), act_absent),
    [XENMEM_get_sharing_freed_pages] = ROW(XENMEM_get_sharing_freed_pages, 0, 0, NULL,
                                           ASK_XEN(GET_SHARING_FREED_PAGES),
                                           zero_act),
    [XENMEM_get_sharing_shared_pages] = ROW(XENMEM_get_sharing_shared_pages, 0, 0, NULL,
                                            ASK_XEN(GET_SHARING_SHARED_PAGES),
                                            zero_act),
    [XENMEM_paging_op] = ROW(XENMEM_paging_op, sizeof(struct xen_mem_paging_op), 0, paging_decode,
                             ASK_TARGET(PAGING_OP), act_absent),
    [XENMEM_access_op] = ROW(XENMEM_access_op, sizeof(struct xen_mem_access_op), 0, access_decode,
                             ASK_TARGET(ACCESS_OP), act_absent),
    [XENMEM_sharing_op] = ROW(XENMEM_sharing_op, sizeof(struct xen_mem_sharing_op), 0,
                              sharing_decode, ASK_TARGET(SHARING_OP), act_absent),
    [XENMEM_claim_pages] = ROW(XENMEM_claim_pages, sizeof(struct xen_memory_reservation), 0,
                               reservation_domid_decode, ASK_TARGET(CLAIM_PAGES), act_absent),
    [XENMEM_get_vnumainfo] = ROW(XENMEM_get_vnumainfo, sizeof(struct xen_vnuma_topology_info), 0,
                                 vnuma_decode, ASK_TARGET(GET_VNUMAINFO), unsupported_act),
    [XENMEM_reserved_device_memory_map] =
        ROW_ABSENT(XENMEM_reserved_device_memory_map, OWN(RESERVED_DEVICE_MEMORY_MAP),
                   "no range of firmware is opened to devices"),
    [XENMEM_acquire_resource] =
        ROW(XENMEM_acquire_resource, sizeof(struct xen_mem_acquire_resource), 0, domid_decode,
            ASK_TARGET(ACQUIRE_RESOURCE), unsupported_act),
};

const struct hypercall_family memory_op_family = {
    .name = "memory_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = MEMOP_CMD_MASK,
    .arg_index = 1,
};
