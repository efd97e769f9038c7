/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy takes a device away from a domain that is being built anew, when there is nothing to take yet. A correct hypervisor asks again before the
 * domain runs, and does not let it. A broken one gives it what the policy in force denies.
 */
#include "../change.h"
#include "../guest.h"

#include <runtime/hypercall.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/time.h>
#include <string.h>

#include <public/bulkhead.h>
#include <public/sched.h>

#define VICTIM 2

static long bulkhead(uint32_t cmd, void *a)
{
    return hypercall_raw(__HYPERVISOR_bulkhead_op, cmd, (unsigned long)a, 0, 0, 0);
}

static long info(struct bulkhead_domain_info *i)
{
    *i = (struct bulkhead_domain_info){ .domid = VICTIM };
    return bulkhead(BULKHEAD_domain_info, i);
}

void stub_main(void)
{
    struct bulkhead_domain_restart r = { .domid = VICTIM };
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_booleans, .how = BULKHEAD_REVOKE_drop };
    struct bulkhead_domain_info i;
    uint64_t age, end;
    char role[8] = "";
    long ret;

    (void)start_cmdline_get("role", role, sizeof(role));
    while (strcmp(role, "ask") != 0) {
        hc_sched_op(SCHEDOP_block, NULL);
    }
    tap_plan(5);
    while (info(&i) != 0 || i.start_count != 1) {
        hc_sched_op(SCHEDOP_yield, NULL);
    }
    tap_is(i.device_count, 1, "the victim has its device");
    time_delay_ns(300 * NS_PER_MS);
    (void)info(&i);
    age = i.age_ns;
    tap_is(bulkhead(BULKHEAD_domain_restart, &r), 0, "it is restarted");
    while (info(&i) != 0 || i.age_ns >= age) { /* the new structure is there, and not started */
        hc_sched_op(SCHEDOP_yield, NULL);
    }
    tap_is((long)i.start_count, 1, "it is being built");
    (void)boolean_set("may_dev", false, false);
    tap_is(change_policy(&a), 0, "the policy takes the device away: %u resources", a.resources);
    end = time_now_ns() + 10 * NS_PER_S;
    while ((ret = info(&i)) == 0 && i.start_count != 2 && time_now_ns() < end) {
        hc_sched_op(SCHEDOP_yield, NULL);
    }
    tap_is(ret, -XEN_ESRCH, "it does not run with what the policy in force denies");
    tap_done();
}
