/* SPDX-License-Identifier: Apache-2.0 */
/* vm_assist(cmd, type): switches a domain sets for itself. For PVH there is one. */
#include "families.h"

#define VALID (1ull << VMASST_TYPE_runstate_update_flag)

/* Command and type are asked about together; types that no PVH domain has are refused before. */
static int type_decode(struct call *c)
{
    uint64_t type = c->hc->arg[1];

    if (type >= 64 || !(VALID & (1ull << type))) {
        return -EINVAL;
    }
    c->chosen = (c->cmd == VMASST_CMD_enable ? VM_ASSIST__ENABLE : VM_ASSIST__DISABLE) |
                VM_ASSIST__RUNSTATE_UPDATE_FLAG;
    return 0;
}

static long enable_act(struct call *c)
{
    __atomic_fetch_or(&c->caller->vm_assist, 1ull << (c->hc->arg[1] & 63), __ATOMIC_RELAXED);
    return 0;
}

static long disable_act(struct call *c)
{
    __atomic_fetch_and(&c->caller->vm_assist, ~(1ull << (c->hc->arg[1] & 63)), __ATOMIC_RELAXED);
    return 0;
}

#define ASK_TYPE ASK(Q_CHOSEN(CALLER, SELF, VM_ASSIST, VM_ASSIST__ALL))

static const struct hypercall_row rows[] = {
    [VMASST_CMD_enable] = ROW(VMASST_CMD_enable, 0, 0, type_decode, ASK_TYPE, enable_act),
    [VMASST_CMD_disable] = ROW(VMASST_CMD_disable, 0, 0, type_decode, ASK_TYPE, disable_act),
};

const struct hypercall_family vm_assist_family = {
    .name = "vm_assist",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 2,
};
