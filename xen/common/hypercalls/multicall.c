/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multicall(list, count): each entry goes through the dispatcher as if it had been called by itself, questions
 * included. An entry that is to be continued is written back as its registers would be, and the rest of the list follows
 * when the guest reissues the call.
 */
#include "families.h"

#include <xen/guest_access.h>
#include <xen/softirq.h>

static long multicall_act(struct call *c)
{
    uint64_t *list = &c->hc->arg[0], *count = &c->hc->arg[1];

    *count = (uint32_t)*count;
    while (*count != 0) {
        struct multicall_entry e;
        struct hypercall hc;
        long rc;

        if (copy_from_guest(&e, *list, sizeof(e)) != 0) {
            return -EFAULT;
        }
        hc.nr = e.op;
        memcpy(hc.arg, e.args, sizeof(hc.arg));
        rc = hc.nr == __HYPERVISOR_multicall ? -EINVAL : hypercall_dispatch(&hc);
        if (rc == -ERESTART) {
            e.op = hc.nr;
            memcpy(e.args, hc.arg, sizeof(hc.arg));
            return copy_to_guest(*list, &e, sizeof(e)) != 0 ? -EFAULT : -ERESTART;
        }
        if (copy_to_guest(*list + offsetof(struct multicall_entry, result), &rc, sizeof(rc)) != 0) {
            return -EFAULT;
        }
        *list += sizeof(e);
        *count -= 1;
        if (*count != 0 && preempt_wanted()) {
            return -ERESTART;
        }
    }
    return 0;
}

static const struct hypercall_row rows[] = {
    ROW(multicall, 0, 0, NULL, ASK_NONE("each entry is asked about by its own row"), multicall_act),
};

const struct hypercall_family multicall_family = {
    .name = "multicall",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_SINGLE,
};
