/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multicall(list, count): each entry goes through the dispatcher as if it had been called by itself, questions
 * included. Entries are copied in and back by the chunk. An entry that is to be continued is written back as its
 * registers would be, and the rest of the list follows when the guest reissues the call.
 */
#include "families.h"

#include <xen/guest_access.h>
#include <xen/softirq.h>

#define CHUNK (CALL_BUF / sizeof(struct multicall_entry))

/* One entry. @return whether it is done; else it holds what is left of it. */
static bool run_entry(struct multicall_entry *e)
{
    struct hypercall hc = { .nr = e->op };
    long rc;

    memcpy(hc.arg, e->args, sizeof(hc.arg));
    rc = hc.nr == __HYPERVISOR_multicall ? -EINVAL : hypercall_dispatch(&hc);
    if (rc == -ERESTART) {
        e->op = hc.nr;
        memcpy(e->args, hc.arg, sizeof(hc.arg));
        return false;
    }
    e->result = (xen_ulong_t)rc;
    return true;
}

static long multicall_act(struct call *c)
{
    struct multicall_entry *e = (void *)c->buf;
    uint64_t *list = &c->hc->arg[0], *count = &c->hc->arg[1];

    *count = (uint32_t)*count;
    while (*count != 0) {
        size_t n = min(*count, CHUNK), done = 0;
        bool finished = true;

        if (copy_from_guest(e, *list, n * sizeof(*e)) != 0) {
            return -EFAULT;
        }
        do {
            finished = run_entry(&e[done]);
            done += finished;
        } while (finished && done < n && !preempt_wanted());
        if (copy_to_guest(*list, e, (done + !finished) * sizeof(*e)) != 0) {
            return -EFAULT;
        }
        *list += done * sizeof(*e);
        *count -= done;
        if (*count != 0 && (done < n || preempt_wanted())) {
            return -ERESTART;
        }
    }
    return 0;
}

static const struct hypercall_row rows[] = {
    ROW(multicall, 0, 0, NULL,
        ASK_AND("each entry is asked about by its own row", Q(CALLER, SELF, MISC_OP, MULTICALL)), multicall_act),
};

const struct hypercall_family multicall_family = {
    .name = "multicall",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_SINGLE,
};
