/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dm_op(domid, count, buffers): what a device model does to its guest. The first buffer begins with the number of the
 * sub-operation, and each has a permission of its own: asked, then absent until there are device models.
 */
#include "families.h"

#include <xen/guest_access.h>

#include <public/hvm/dm_op.h>

static int op_decode(struct call *c)
{
    struct xen_dm_op_buf first;
    uint32_t op;

    if ((uint32_t)c->hc->arg[1] == 0) {
        return -EINVAL;
    }
    if (copy_from_guest(&first, c->hc->arg[2], sizeof(first)) != 0) {
        return -EFAULT;
    }
    if (first.size < sizeof(op)) {
        return -EINVAL;
    }
    if (copy_from_guest(&op, (vaddr_t)first.h.p, sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op < XEN_DMOP_create_ioreq_server || op > XEN_DMOP_nr_vcpus) {
        return -EOPNOTSUPP;
    }
    c->chosen = 1u << (op - XEN_DMOP_create_ioreq_server);
    return call_target(c, (domid_t)c->hc->arg[0]);
}

static const struct hypercall_row rows[] = {
    ROW(dm_op, 0, 0, op_decode, ASK(Q_CHOSEN(CALLER, TARGET, DM_OP, DM_OP__ALL)), act_absent),
};

const struct hypercall_family dm_op_family = {
    .name = "dm_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_SINGLE,
};
