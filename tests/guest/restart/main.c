/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One domain has another restarted: BULKHEAD_domain_restart and BULKHEAD_domain_info, <public/bulkhead.h>.
 *
 * The domain "control" restarts "keeper" several times, paused and running, and sees each start by its counter. A correct
 * hypervisor ends it, builds it anew and gives back all that it had; refuses "vault", whose label control_t may not restart, and
 * itself, since its description does not say that it restarts. A broken one loses the domain, restarts what it must not,
 * or keeps memory of those that ended.
 */
#include "../guest.h"

#include <runtime/hypercall.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/time.h>
#include <string.h>

#include <public/bulkhead.h>
#include <public/domctl.h>
#include <public/sched.h>
#include <public/sysctl.h>

#define KEEPER 1
#define VAULT 2
#define CONTROL 3
#define RESTARTS 5

static long bulkhead(uint32_t cmd, void *a)
{
    return hypercall_raw(__HYPERVISOR_bulkhead_op, cmd, (unsigned long)a, 0, 0, 0);
}

static long info(uint32_t domid, struct bulkhead_domain_info *i)
{
    *i = (struct bulkhead_domain_info){ .domid = domid };
    return bulkhead(BULKHEAD_domain_info, i);
}

static long restart(uint32_t domid)
{
    struct bulkhead_domain_restart r = { .domid = domid };

    return bulkhead(BULKHEAD_domain_restart, &r);
}

static long domctl(uint32_t cmd, domid_t domid)
{
    struct xen_domctl op = { .cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = domid };

    return hc_domctl(&op);
}

static uint64_t free_pages(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

    return hypercall_raw(__HYPERVISOR_sysctl, (unsigned long)&op, 0, 0, 0, 0) == 0 ? op.u.physinfo.free_pages : 0;
}

/* The keeper's n-th start, when it has begun within 5 s. */
static bool started(uint64_t n)
{
    struct bulkhead_domain_info i;
    uint64_t end = time_now_ns() + 5000000000u;

    while (time_now_ns() < end) {
        if (info(KEEPER, &i) == 0 && i.start_count >= n) {
            return i.start_count == n;
        }
        hc_sched_op(SCHEDOP_yield, NULL);
    }
    return false;
}

static void ask(void)
{
    struct bulkhead_domain_info i;
    struct bulkhead_domain_restart padded = { .domid = KEEPER, .pad = 1 };
    struct sched_remote_shutdown end = { .domain_id = KEEPER, .reason = SHUTDOWN_poweroff };
    uint64_t before, after;
    bool good = true;

    tap_plan(12);
    tap_ok(info(KEEPER, &i) == 0 && strcmp(i.name, "keeper") == 0, "a domain has its name");
    tap_ok(i.start_count == 1 && i.flags == BULKHEAD_DOMAIN_restarts && i.device_count == 0, "and its first start");
    tap_is(info(99, &i), -XEN_ESRCH, "what is not there has no name");
    tap_is(restart(99), -XEN_ESRCH, "and no restart");
    tap_is(bulkhead(BULKHEAD_domain_restart, &padded), -XEN_EINVAL, "what is reserved is zero");
    tap_is(bulkhead(BULKHEAD_domain_restart, (void *)16), -XEN_EFAULT, "an argument that is nowhere");
    tap_is(restart(VAULT), -XEN_EACCES, "the policy keeps the vault closed");
    tap_is(restart(CONTROL), -XEN_EPERM, "the description says that this domain is not restarted");
    before = free_pages();
    for (uint64_t n = 2; n < 2 + RESTARTS && good; n++) {
        if (n & 1) {
            good = domctl(XEN_DOMCTL_pausedomain, KEEPER) == 0;
        }
        good = good && restart(KEEPER) == 0 && started(n);
    }
    tap_ok(good, "five restarts, of a running domain and of a paused one");
    after = free_pages();
    tap_ok(before != 0 && after + 64 > before && before + 64 > after, "memory is what it was");
    tap_ok(info(VAULT, &i) == 0 && i.start_count == 1, "the vault was not touched");
    tap_is(hc_sched_op(SCHEDOP_remote_shutdown, &end), 0, "the keeper may go");
    end.domain_id = VAULT;
    hc_sched_op(SCHEDOP_remote_shutdown, &end);
    tap_done();
}

void stub_main(void)
{
    char role[8] = "";

    if (start_cmdline_get("role", role, sizeof(role)) && strcmp(role, "ask") == 0) {
        ask();
    }
    for (;;) {
        hc_sched_op(SCHEDOP_block, NULL);
    }
}
