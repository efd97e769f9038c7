/* SPDX-License-Identifier: Apache-2.0 */
/* console_io(cmd, count, buffer): the machine's console, for domains that policy lets use it. */
#include "families.h"

#include <xen/console.h>
#include <xen/guest_access.h>
#include <xen/softirq.h>

#define TEXT_CHUNK 256

static int count_decode(struct call *c)
{
    c->hc->arg[1] = (uint32_t)c->hc->arg[1];
    return c->hc->arg[1] > INT32_MAX ? -E2BIG : 0;
}

/* In pieces; between them the registers say what is left. */
static long write_act(struct call *c)
{
    uint64_t *count = &c->hc->arg[1], *buffer = &c->hc->arg[2];
    char text[TEXT_CHUNK];

    while (*count != 0) {
        size_t n = min(*count, (uint64_t)sizeof(text));

        if (copy_from_guest(text, *buffer, n) != 0) {
            return -EFAULT;
        }
        console_domain_write(c->caller, text, n);
        *count -= n;
        *buffer += n;
        if (*count != 0 && preempt_wanted()) {
            return -ERESTART;
        }
    }
    return 0;
}

/* @return bytes read; typed input is for the domain in focus only, others read none. */
static long read_act(struct call *c)
{
    char text[TEXT_CHUNK];
    size_t n;

    if (!console_has_focus(c->caller)) {
        return 0;
    }
    n = console_read(text, min(c->hc->arg[1], (uint64_t)sizeof(text)));
    return copy_to_guest(c->hc->arg[2], text, n) != 0 ? -EFAULT : (long)n;
}

static const struct hypercall_row rows[] = {
    [CONSOLEIO_write] =
        ROW(CONSOLEIO_write, 0, 0, count_decode,
            ASK(Q(CALLER, XEN, CONSOLE_OP, WRITE)), write_act),
    [CONSOLEIO_read] =
        ROW(CONSOLEIO_read, 0, 0, count_decode,
            ASK(Q(CALLER, XEN, CONSOLE_OP, READ)), read_act),
};

const struct hypercall_family console_io_family = {
    .name = "console_io",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 2,
};
