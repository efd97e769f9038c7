/* SPDX-License-Identifier: Apache-2.0 */
/* What kernels that change the policy share: the hypercalls, and what there is to count. */
#ifndef TESTS_GUEST_CHANGE_H
#define TESTS_GUEST_CHANGE_H

#include <runtime/hypercall.h>
#include <string.h>

#include <public/bulkhead.h>
#include <public/memory.h>
#include <public/xsm/flask_op.h>

static inline long change_policy(struct bulkhead_policy_change *a)
{
    return hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_policy_change, (unsigned long)a, 0, 0, 0);
}

/** FLASK_SETBOOL; without @commit the value waits for a change of what BULKHEAD_CHANGE_booleans. */
static inline long boolean_set(const char *name, bool value, bool commit)
{
    struct xen_flask_op op = { .cmd = FLASK_SETBOOL, .interface_version = XEN_FLASK_INTERFACE_VERSION };

    op.u.boolean.bool_id = ~0u;
    op.u.boolean.new_value = value;
    op.u.boolean.commit = commit;
    op.u.boolean.size = (uint32_t)strlen(name);
    set_xen_guest_handle(op.u.boolean.name, (char *)(uintptr_t)name);
    return hc_xsm_op(&op);
}

/** SID of a label, 0 when there is none such. */
static inline uint32_t label_sid(const char *label)
{
    struct xen_flask_op op = { .cmd = FLASK_CONTEXT_TO_SID,
                               .interface_version = XEN_FLASK_INTERFACE_VERSION };

    op.u.sid_context.size = (uint32_t)strlen(label);
    set_xen_guest_handle(op.u.sid_context.context, (char *)(uintptr_t)label);
    return hc_xsm_op(&op) == 0 ? op.u.sid_context.sid : 0;
}

/** Pages on this domain's account. */
static inline long pages_now(void)
{
    struct xen_memory_domain m = { .domid = DOMID_SELF };

    return hc_memory_op(XENMEM_current_reservation, &m);
}

#endif
