/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain does not get rights back by rebooting.
 *
 * In its first life it takes a label with fewer rights and reboots; the manifest says that it is restarted. A correct hypervisor
 * builds it anew with the label it had. A broken one gives it the manifest's label again: it takes the lesser one and
 * reboots for ever, and the run ends by its limit.
 */
#include "../guest.h"

#include <runtime/hypercall.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include <public/bulkhead.h>
#include <public/sched.h>
#include <public/xsm/flask_op.h>

static long sid_of(const char *label, uint32_t *sid)
{
    struct xen_flask_op op = {
        .cmd = FLASK_CONTEXT_TO_SID, .interface_version = XEN_FLASK_INTERFACE_VERSION,
    };
    long rc;

    op.u.sid_context.size = (uint32_t)strlen(label);
    set_xen_guest_handle(op.u.sid_context.context, (char *)(uintptr_t)label);
    rc = hc_xsm_op(&op);
    *sid = op.u.sid_context.sid;
    return rc;
}

static long relabel(uint32_t sid)
{
    struct bulkhead_policy_change a = {
        .what = BULKHEAD_CHANGE_relabel, .how = BULKHEAD_REVOKE_drop, .domid = 1, .sid = sid,
    };

    return hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_policy_change, (unsigned long)&a, 0, 0, 0);
}

void stub_main(void)
{
    struct sched_shutdown reboot = { .reason = SHUTDOWN_reboot };
    uint32_t lesser;

    if (sid_of("system_u:system_r:lesser_t", &lesser) == 0) { /* which free_t alone may ask */
        if (relabel(lesser) != 0) {
            tap_plan(1);
            tap_ok(false, "the first life takes the lesser label");
            tap_done();
        }
        hc_sched_op(SCHEDOP_shutdown, &reboot);
    }
    tap_plan(2);
    tap_ok(true, "the second life has the lesser label");
    tap_is(relabel(1), -XEN_EACCES, "and no way back");
    tap_done();
}
