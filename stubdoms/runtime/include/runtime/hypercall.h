/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls. Each returns what the hypervisor returned: 0 or a positive result, or a negative
 * XEN_E* number. VMCALL or VMMCALL is chosen once, from the CPU vendor, before stub_main().
 */
#ifndef RUNTIME_HYPERCALL_H
#define RUNTIME_HYPERCALL_H

#include <runtime/xen.h>

/** Issue hypercall @nr with five arguments as they are; for tests that pass wrong ones. */
long hypercall_raw(unsigned long nr, unsigned long a1, unsigned long a2, unsigned long a3,
                   unsigned long a4, unsigned long a5);

static inline long hc_memory_op(unsigned int cmd, void *arg)
{
    return hypercall_raw(__HYPERVISOR_memory_op, cmd, (unsigned long)arg, 0, 0, 0);
}

static inline long hc_xen_version(unsigned int cmd, void *arg)
{
    return hypercall_raw(__HYPERVISOR_xen_version, cmd, (unsigned long)arg, 0, 0, 0);
}

/** CONSOLEIO_write/read of @count bytes at @buffer. */
static inline long hc_console_io(unsigned int cmd, unsigned int count, void *buffer)
{
    return hypercall_raw(__HYPERVISOR_console_io, cmd, count, (unsigned long)buffer, 0, 0);
}

static inline long hc_grant_table_op(unsigned int cmd, void *ops, unsigned int count)
{
    return hypercall_raw(__HYPERVISOR_grant_table_op, cmd, (unsigned long)ops, count, 0, 0);
}

static inline long hc_vm_assist(unsigned int cmd, unsigned int type)
{
    return hypercall_raw(__HYPERVISOR_vm_assist, cmd, type, 0, 0, 0);
}

static inline long hc_vcpu_op(unsigned int cmd, unsigned int vcpu, void *arg)
{
    return hypercall_raw(__HYPERVISOR_vcpu_op, cmd, vcpu, (unsigned long)arg, 0, 0);
}

static inline long hc_multicall(struct multicall_entry *calls, unsigned int count)
{
    return hypercall_raw(__HYPERVISOR_multicall, (unsigned long)calls, count, 0, 0, 0);
}

static inline long hc_xsm_op(void *op)
{
    return hypercall_raw(__HYPERVISOR_xsm_op, (unsigned long)op, 0, 0, 0, 0);
}

static inline long hc_sched_op(unsigned int cmd, void *arg)
{
    return hypercall_raw(__HYPERVISOR_sched_op, cmd, (unsigned long)arg, 0, 0, 0);
}

static inline long hc_event_channel_op(unsigned int cmd, void *arg)
{
    return hypercall_raw(__HYPERVISOR_event_channel_op, cmd, (unsigned long)arg, 0, 0, 0);
}

static inline long hc_physdev_op(unsigned int cmd, void *arg)
{
    return hypercall_raw(__HYPERVISOR_physdev_op, cmd, (unsigned long)arg, 0, 0, 0);
}

static inline long hc_hvm_op(unsigned int cmd, void *arg)
{
    return hypercall_raw(__HYPERVISOR_hvm_op, cmd, (unsigned long)arg, 0, 0, 0);
}

static inline long hc_set_timer_op(uint64_t deadline_ns)
{
    return hypercall_raw(__HYPERVISOR_set_timer_op, deadline_ns, 0, 0, 0, 0);
}

static inline long hc_sysctl(void *op)
{
    return hypercall_raw(__HYPERVISOR_sysctl, (unsigned long)op, 0, 0, 0, 0);
}

static inline long hc_domctl(void *op)
{
    return hypercall_raw(__HYPERVISOR_domctl, (unsigned long)op, 0, 0, 0, 0);
}

/**
 * Read one HVM parameter of this domain.
 *
 * @param index  HVM_PARAM_*
 * @param value  out: untouched on failure
 */
long hvm_param_get(uint32_t index, uint64_t *value);

/** Set one HVM parameter of this domain. */
long hvm_param_set(uint32_t index, uint64_t value);

/** Domain id of this domain, or DOMID_SELF where the hypervisor does not tell. */
domid_t domain_self(void);

#endif
