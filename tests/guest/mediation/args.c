/* SPDX-License-Identifier: Apache-2.0 */
/* A structure for each call, by family; what is not named here is zero, which means domain 0: the caller itself. */
#include "args.h"

#include <runtime/hypercall.h>
#include <runtime/mm.h>
#include <runtime/time.h>
#include <string.h>

#include <public/bulkhead.h>
#include <public/domctl.h>
#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/memory.h>
#include <public/platform.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/vcpu.h>
#include <public/xsm/flask_op.h>

struct stage stage;

static uint8_t arg[PAGE_SIZE] __attribute__((aligned(4096)));
static int batch_errs[1];

#define AS(type) type *a = (type *)(void *)arg; (void)a

static void fill_memory(unsigned int op)
{
    struct xen_memory_reservation *r = (struct xen_memory_reservation *)(void *)arg;

    r->domid = DOMID_SELF;
    if (op <= XENMEM_decrease_reservation || op == XENMEM_populate_physmap || op == XENMEM_claim_pages) {
        r->nr_extents = 1;
        set_xen_guest_handle(r->extent_start, &stage.victim_gfn);
    } else if (op == XENMEM_add_to_physmap) {
        AS(struct xen_add_to_physmap);
        a->space = XENMAPSPACE_gmfn;
        a->idx = stage.victim_gfn;
        a->gpfn = stage.window;
    } else if (op == XENMEM_add_to_physmap_batch) {
        AS(struct xen_add_to_physmap_batch);
        a->space = XENMAPSPACE_gmfn;
        a->size = 1;
        set_xen_guest_handle(a->idxs, &stage.victim_gfn);
        set_xen_guest_handle(a->gpfns, &stage.window);
        set_xen_guest_handle(a->errs, batch_errs);
    } else if (op == XENMEM_remove_from_physmap) {
        ((struct xen_remove_from_physmap *)(void *)arg)->gpfn = stage.victim_gfn;
    } else if (op == XENMEM_set_memory_map) {
        AS(struct xen_foreign_memory_map);
        a->map.nr_entries = 1;
        set_xen_guest_handle(a->map.buffer, (void *)stage.victim);
    } else if (op == XENMEM_exchange) {
        AS(struct xen_memory_exchange);
        a->in.domid = a->out.domid = DOMID_SELF;
    } else if (op == XENMEM_memory_map) {
        memset(arg, 0, sizeof(arg)); /* room for no entry */
    }
}

static void fill_event(unsigned int op)
{
    switch (op) {
    case EVTCHNOP_alloc_unbound: {
        AS(struct evtchn_alloc_unbound);
        a->dom = a->remote_dom = DOMID_SELF;
        break;
    }
    case EVTCHNOP_bind_interdomain: {
        AS(struct evtchn_bind_interdomain);
        a->remote_dom = DOMID_SELF;
        a->remote_port = stage.unbound;
        break;
    }
    case EVTCHNOP_bind_virq: {
        AS(struct evtchn_bind_virq);
        a->virq = VIRQ_DEBUG;
        break;
    }
    case EVTCHNOP_send: {
        AS(struct evtchn_send);
        a->port = stage.ipi;
        break;
    }
    case EVTCHNOP_close: {
        AS(struct evtchn_close);
        a->port = stage.ipi;
        break;
    }
    case EVTCHNOP_bind_vcpu: {
        AS(struct evtchn_bind_vcpu);
        a->port = stage.unbound;
        break;
    }
    case EVTCHNOP_unmask: {
        AS(struct evtchn_unmask);
        a->port = stage.ipi;
        break;
    }
    case EVTCHNOP_status: {
        AS(struct evtchn_status);
        a->dom = DOMID_SELF;
        a->port = stage.ipi;
        break;
    }
    case EVTCHNOP_reset: {
        AS(struct evtchn_reset);
        a->dom = DOMID_SELF;
        break;
    }
    default:
        break;
    }
}

/* @return where the status is, NULL for those without */
static int16_t *fill_grant(unsigned int op)
{
    switch (op) {
    case GNTTABOP_map_grant_ref: {
        AS(struct gnttab_map_grant_ref);
        a->flags = GNTMAP_host_map;
        a->dom = DOMID_SELF;
        a->ref = stage.ref;
        a->host_addr = stage.window << PAGE_SHIFT;
        return &a->status;
    }
    case GNTTABOP_unmap_grant_ref: {
        AS(struct gnttab_unmap_grant_ref);
        a->handle = stage.mapped.handle;
        a->host_addr = (uintptr_t)stage.mapped.page;
        return &a->status;
    }
    case GNTTABOP_unmap_and_replace: {
        AS(struct gnttab_unmap_and_replace);
        a->handle = stage.mapped.handle;
        a->host_addr = (uintptr_t)stage.mapped.page;
        a->new_addr = stage.window << PAGE_SHIFT;
        return &a->status;
    }
    case GNTTABOP_setup_table: {
        AS(struct gnttab_setup_table);
        a->dom = DOMID_SELF;
        a->nr_frames = 4;
        set_xen_guest_handle(a->frame_list, (xen_pfn_t *)(void *)stage.victim);
        return &a->status;
    }
    case GNTTABOP_transfer: {
        AS(struct gnttab_transfer);
        a->mfn = stage.victim_gfn;
        a->domid = DOMID_SELF;
        a->ref = stage.ref;
        return &a->status;
    }
    case GNTTABOP_copy: {
        AS(struct gnttab_copy);
        a->source.domid = a->dest.domid = DOMID_SELF;
        a->source.u.gmfn = virt_to_gfn(arg);
        a->dest.u.gmfn = stage.victim_gfn;
        a->len = 64;
        return &a->status;
    }
    case GNTTABOP_query_size: {
        AS(struct gnttab_query_size);
        a->dom = DOMID_SELF;
        return &a->status;
    }
    case GNTTABOP_get_status_frames: {
        AS(struct gnttab_get_status_frames);
        a->dom = DOMID_SELF;
        return &a->status;
    }
    case GNTTABOP_swap_grant_ref: {
        AS(struct gnttab_swap_grant_ref);
        a->ref_a = stage.ref + 1;
        a->ref_b = stage.ref + 2;
        return &a->status;
    }
    case GNTTABOP_set_version:
        arg[0] = 1;
        return NULL;
    case GNTTABOP_get_version: {
        AS(struct gnttab_get_version);
        a->dom = DOMID_SELF;
        return NULL;
    }
    default:
        return NULL;
    }
}

static void fill_hvm(unsigned int op)
{
    if (op == HVMOP_set_param || op == HVMOP_get_param) {
        AS(struct xen_hvm_param);
        a->domid = DOMID_SELF;
        a->index = HVM_PARAM_VM86_TSS;
        a->value = 0x99;
    } else if (op == HVMOP_set_evtchn_upcall_vector) {
        AS(struct xen_hvm_evtchn_upcall_vector);
        a->vector = 0xf3; /* the one it has */
    } else if (op == HVMOP_altp2m) {
        AS(struct xen_hvm_altp2m_op);
        a->version = HVMOP_ALTP2M_INTERFACE_VERSION;
        a->cmd = HVMOP_altp2m_set_domain_state;
        a->domain = DOMID_SELF;
    } else {
        *(domid_t *)(void *)arg = DOMID_SELF;
    }
}

/* Structures that begin with command and version; what else matters to their questions is zero. */
static void fill_struct(unsigned int nr, unsigned int op)
{
    uint32_t *head = (uint32_t *)(void *)arg;

    head[0] = op;
    head[1] = nr == __HYPERVISOR_domctl ? XEN_DOMCTL_INTERFACE_VERSION :
              nr == __HYPERVISOR_sysctl ? XEN_SYSCTL_INTERFACE_VERSION :
              nr == __HYPERVISOR_platform_op ? XENPF_INTERFACE_VERSION : XEN_FLASK_INTERFACE_VERSION;
    if (nr == __HYPERVISOR_xsm_op && op == FLASK_RELABEL_DOMAIN) {
        AS(struct xen_flask_op);
        a->u.relabel.domid = 0;
        a->u.relabel.sid = 2; /* the hypervisor's own */
    } else if (nr == __HYPERVISOR_xsm_op && op == FLASK_SETENFORCE) {
        AS(struct xen_flask_op);
        a->u.enforce.enforcing = 1; /* as it is: what comes after has to be refused too */
    } else if (nr == __HYPERVISOR_domctl) {
        AS(struct xen_domctl);
        a->domain = 0;
        if (op == XEN_DOMCTL_createdomain) {
            a->domain = 5;
            a->u.createdomain.ssidref = stage.usual_sid;
            a->u.createdomain.max_vcpus = 1;
        } else if (op == XEN_DOMCTL_iomem_permission) {
            a->u.iomem_permission.nr_mfns = 1;
        } else if (op == XEN_DOMCTL_ioport_permission) {
            a->u.ioport_permission.nr_ports = 1;
        }
    }
}

int16_t *prepare(unsigned int nr, unsigned int op, unsigned long args[5])
{
    int16_t *status = NULL;

    memset(arg, 0, sizeof(arg));
    memset(args, 0, 5 * sizeof(args[0]));
    args[0] = op;
    args[1] = (unsigned long)arg;
    switch (nr) {
    case __HYPERVISOR_memory_op:
        fill_memory(op);
        break;
    case __HYPERVISOR_event_channel_op:
        fill_event(op);
        break;
    case __HYPERVISOR_hvm_op:
        fill_hvm(op);
        args[1] = op == HVMOP_flush_tlbs ? 0 : args[1];
        break;
    case __HYPERVISOR_grant_table_op:
        status = fill_grant(op);
        args[2] = 1;
        break;
    case __HYPERVISOR_sched_op:
        if (op == SCHEDOP_poll) {
            ((struct sched_poll *)(void *)arg)->timeout = 1;
        }
        break;
    case __HYPERVISOR_vcpu_op:
        args[1] = 0;
        args[2] = (unsigned long)arg;
        if (op == VCPUOP_set_singleshot_timer) {
            ((struct vcpu_set_singleshot_timer *)(void *)arg)->timeout_abs_ns = time_now_ns() + 1000 * NS_PER_S;
        } else if (op == VCPUOP_set_periodic_timer) {
            ((struct vcpu_set_periodic_timer *)(void *)arg)->period_ns = NS_PER_S;
        } else if (op == VCPUOP_register_vcpu_info) {
            ((struct vcpu_register_vcpu_info *)(void *)arg)->mfn = stage.victim_gfn;
        }
        break;
    case __HYPERVISOR_bulkhead_op:
        if (op == BULKHEAD_policy_change) {
            struct bulkhead_policy_change *a = (struct bulkhead_policy_change *)(void *)arg;

            a->what = BULKHEAD_CHANGE_booleans;
            a->how = BULKHEAD_REVOKE_drop;
        }
        break;
    case __HYPERVISOR_console_io:
        args[1] = 8;
        args[2] = (unsigned long)arg;
        break;
    case __HYPERVISOR_vm_assist:
        args[1] = VMASST_TYPE_runstate_update_flag;
        break;
    case __HYPERVISOR_dm_op: {
        static uint32_t sub_op;
        struct xen_dm_op_buf *buf = (struct xen_dm_op_buf *)(void *)arg;

        sub_op = XEN_DMOP_inject_event;
        set_xen_guest_handle(buf->h, &sub_op);
        buf->size = sizeof(sub_op);
        args[0] = 0;
        args[1] = 1;
        args[2] = (unsigned long)arg;
        break;
    }
    case __HYPERVISOR_set_timer_op:
        args[0] = time_now_ns() + 1000 * NS_PER_S;
        break;
    case __HYPERVISOR_multicall:
        args[0] = (unsigned long)arg;
        args[1] = 0;
        break;
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_xsm_op:
        fill_struct(nr, op);
        args[0] = (unsigned long)arg;
        break;
    default:
        break;
    }
    return status;
}
