/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hvm_op: parameters of a domain, its upcall vector, and small services. Which parameter a domain may set or read of
 * itself is a rule of the ABI and stands in one table; whether it may do so at all is policy.
 */
#include "families.h"

#include <xen/time.h>

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>

#define SELF_SET (1u << 0) /* the domain itself may set it */
#define SELF_GET (1u << 1) /* ... and read it */
#define OTHER (1u << 2)    /* others may do both */
#define ONCE (1u << 3)     /* not changed once it is other than 0 */

static const uint8_t param_rules[HVM_NR_PARAMS] = {
    [HVM_PARAM_CALLBACK_IRQ] = SELF_SET | SELF_GET,
    [HVM_PARAM_STORE_PFN] = SELF_GET | OTHER,
    [HVM_PARAM_STORE_EVTCHN] = SELF_GET | SELF_SET | OTHER,
    [HVM_PARAM_IOREQ_PFN] = OTHER,
    [HVM_PARAM_BUFIOREQ_PFN] = OTHER,
    [HVM_PARAM_TIMER_MODE] = OTHER | ONCE,
    [HVM_PARAM_IDENT_PT] = OTHER | ONCE,
    [HVM_PARAM_VM86_TSS] = SELF_SET | SELF_GET | OTHER,
    [HVM_PARAM_VM86_TSS_SIZED] = SELF_SET | SELF_GET | OTHER,
    [HVM_PARAM_ACPI_IOPORTS_LOCATION] = SELF_SET | SELF_GET | OTHER,
    [HVM_PARAM_CONSOLE_PFN] = SELF_GET | OTHER,
    [HVM_PARAM_CONSOLE_EVTCHN] = SELF_GET | SELF_SET | OTHER,
    [HVM_PARAM_PAGING_RING_PFN] = OTHER,
    [HVM_PARAM_MONITOR_RING_PFN] = OTHER,
    [HVM_PARAM_SHARING_RING_PFN] = OTHER,
    [HVM_PARAM_TRIPLE_FAULT_REASON] = OTHER,
    [HVM_PARAM_VM_GENERATION_ID_ADDR] = SELF_SET | SELF_GET | OTHER,
    [HVM_PARAM_X87_FIP_WIDTH] = SELF_SET | SELF_GET | OTHER,
    /* What is not named is deprecated or needs what does not exist here: -EINVAL. */
};

static int param_decode(struct call *c, unsigned self)
{
    const struct xen_hvm_param *a = c->arg;
    unsigned rule;
    int rc;

    if (a->index >= HVM_NR_PARAMS) {
        return -EINVAL;
    }
    rc = call_target(c, a->domid);
    if (rc != 0) {
        return rc;
    }
    rule = param_rules[array_index_nospec(a->index, HVM_NR_PARAMS)];
    if (rule == 0) {
        return -EINVAL;
    }
    c->chosen = 1u << a->index % 32; /* two classes, of which the second begins with parameter 32 */
    c->skip = a->index < 32 ? 1u << 1 : 1u << 0;
    return rule & (c->target == c->caller ? self : OTHER) ? 0 : -EPERM;
}

static int set_param_decode(struct call *c)
{
    return param_decode(c, SELF_SET);
}

static long set_param_act(struct call *c)
{
    const struct xen_hvm_param *a = c->arg;
    uint64_t index = array_index_nospec(a->index, HVM_NR_PARAMS), *param;
    long rc = 0;

    param = &c->target->hvm_params[index];
    spin_lock(&c->target->hvm_lock);
    if ((param_rules[index] & ONCE) && *param != 0 && *param != a->value) {
        rc = -EEXIST;
    } else if (index == HVM_PARAM_CALLBACK_IRQ) {
        rc = arch_domain_set_callback(c->target, a->value);
    }
    if (rc == 0) {
        *param = a->value;
    }
    spin_unlock(&c->target->hvm_lock);
    return rc;
}

static int get_param_decode(struct call *c)
{
    return param_decode(c, SELF_GET);
}

static long get_param_act(struct call *c)
{
    struct xen_hvm_param *a = c->arg;

    spin_lock(&c->target->hvm_lock);
    a->value = c->target->hvm_params[array_index_nospec(a->index, HVM_NR_PARAMS)];
    spin_unlock(&c->target->hvm_lock);
    return 0;
}

static int upcall_vector_decode(struct call *c)
{
    const struct xen_hvm_evtchn_upcall_vector *a = c->arg;

    if (a->vector < 16) {
        return -EINVAL;
    }
    if (a->vcpu >= c->caller->vcpu_count) {
        return -ENOENT;
    }
    c->v = c->caller->vcpu[array_index_nospec(a->vcpu, MAX_VCPUS)];
    return call_target(c, DOMID_SELF);
}

static long upcall_vector_act(struct call *c)
{
    const struct xen_hvm_evtchn_upcall_vector *a = c->arg;

    return arch_vcpu_set_upcall_vector(c->v, a->vector);
}

static int flush_decode(struct call *c)
{
    return c->hc->arg[1] != 0 ? -EINVAL : call_target(c, DOMID_SELF);
}

static long flush_act(struct call *c)
{
    arch_p2m_flush(c->target);
    return 0;
}

/* The first field of these structures is the domain. */
static int domid_decode(struct call *c)
{
    const domid_t *domid = c->arg;

    return call_target(c, *domid);
}

static long get_time_act(struct call *c)
{
    struct xen_hvm_get_time *a = c->arg;

    a->now = time_now_ns();
    return 0;
}

static long get_mem_type_act(struct call *c)
{
    struct xen_hvm_get_mem_type *a = c->arg;
    enum p2m_type type = P2M_INVALID;

    read_lock(&c->target->p2m.lock);
    (void)p2m_lookup_locked(c->target, _gfn(a->pfn), &type);
    read_unlock(&c->target->p2m.lock);
    switch (type) {
    case P2M_RAM_RW:
    case P2M_GRANT_RW:
    case P2M_FOREIGN_RW:
        a->mem_type = HVMMEM_ram_rw;
        break;
    case P2M_RAM_RO:
    case P2M_GRANT_RO:
    case P2M_FOREIGN_RO:
        a->mem_type = HVMMEM_ram_ro;
        break;
    default:
        a->mem_type = HVMMEM_mmio_dm;
        break;
    }
    return 0;
}

static int altp2m_decode(struct call *c)
{
    const struct xen_hvm_altp2m_op *a = c->arg;

    if (a->cmd < HVMOP_altp2m_get_domain_state || a->cmd > HVMOP_altp2m_set_visibility) {
        return -EOPNOTSUPP;
    }
    c->chosen = 1u << (a->cmd - HVMOP_altp2m_get_domain_state);
    return call_target(c, a->domain);
}

static long unsupported_act(struct call *c)
{
    (void)c;
    return -EOPNOTSUPP;
}

#define ASK_HVM(perm) ASK(Q(CALLER, TARGET, HVM_OP, perm))
#define OWN(perm) Q(CALLER, SELF, HVM_OP, perm)
#define ASK_PARAM(which)                                                                           \
    ASK(Q_OPTIONAL_CHOSEN(CALLER, TARGET, HVM_PARAM_##which, HVM_PARAM_##which##__ALL),            \
        Q_OPTIONAL_CHOSEN(CALLER, TARGET, HVM_PARAM_##which##2, HVM_PARAM_##which##2__ALL))
#define PARAM sizeof(struct xen_hvm_param)

static const struct hypercall_row rows[] = {
    [HVMOP_set_param] =
        ROW(HVMOP_set_param, PARAM, 0, set_param_decode, ASK_PARAM(SET), set_param_act),
    [HVMOP_get_param] =
        ROW(HVMOP_get_param, PARAM, PARAM, get_param_decode, ASK_PARAM(GET), get_param_act),
    [HVMOP_flush_tlbs] = ROW(HVMOP_flush_tlbs, 0, 0, flush_decode, ASK_HVM(FLUSH_TLBS), flush_act),
    [HVMOP_pagetable_dying] =
        ROW_ABSENT_AS(HVMOP_pagetable_dying, -EINVAL, OWN(PAGETABLE_DYING),
                      "for shadow page tables: what nested paging answers"),
    [HVMOP_get_time] = ROW(HVMOP_get_time, 0, sizeof(struct xen_hvm_get_time), NULL,
                           ASK(OWN(GET_TIME)), get_time_act),
    [HVMOP_xentrace] = ROW_ABSENT(HVMOP_xentrace, OWN(XENTRACE), "no trace buffers"),
    [HVMOP_set_mem_access] = ROW_ABSENT(HVMOP_set_mem_access, OWN(SET_MEM_ACCESS), "deprecated by the ABI"),
    [HVMOP_get_mem_access] = ROW_ABSENT(HVMOP_get_mem_access, OWN(GET_MEM_ACCESS), "deprecated by the ABI"),
    [HVMOP_get_mem_type] =
        ROW(HVMOP_get_mem_type, sizeof(struct xen_hvm_get_mem_type),
            sizeof(struct xen_hvm_get_mem_type), domid_decode, ASK_HVM(GET_MEM_TYPE), get_mem_type_act),
    [HVMOP_set_evtchn_upcall_vector] =
        ROW(HVMOP_set_evtchn_upcall_vector, sizeof(struct xen_hvm_evtchn_upcall_vector), 0,
            upcall_vector_decode, ASK_HVM(SET_EVTCHN_UPCALL_VECTOR), upcall_vector_act),
    [HVMOP_guest_request_vm_event] =
        ROW_ABSENT_AS(HVMOP_guest_request_vm_event, -EOPNOTSUPP, OWN(GUEST_REQUEST_VM_EVENT),
                      "no introspection"),
    [HVMOP_altp2m] = ROW(HVMOP_altp2m, sizeof(struct xen_hvm_altp2m_op), 0, altp2m_decode,
                         ASK(Q_CHOSEN(CALLER, TARGET, ALTP2M_OP, ALTP2M_OP__ALL)), unsupported_act),
};

const struct hypercall_family hvm_op_family = {
    .name = "hvm_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 1,
};
