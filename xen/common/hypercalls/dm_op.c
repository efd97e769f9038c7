/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dm_op(domid, count, buffers): what a device model does to its guest. One permission guards all of it in the ABI's
 * access vectors, so there is one row: asked, then absent until there are device models.
 */
#include "families.h"

static int target_decode(struct call *c)
{
    return call_target(c, (domid_t)c->hc->arg[0]);
}

static const struct hypercall_row rows[] = {
    ROW(dm_op, 0, 0, target_decode, ASK(Q(CALLER, TARGET, SECCLASS_HVM, HVM__DM)), act_absent),
};

const struct hypercall_family dm_op_family = {
    .name = "dm_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_SINGLE,
};
