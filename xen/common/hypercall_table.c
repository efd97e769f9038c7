/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table: every hypercall of the ABI by number. The rows of a family stand at the end of the file that has
 * its handlers, which are static there: a handler can be reached through its row only. docs/mediation.md is printed from
 * this table; what is neither here nor a row of a family does not exist.
 */
#include "hypercall_table.h"

#include <public/bulkhead.h>

#include "hypercalls/families.h"

/* A hypercall that is in the ABI and not here: one row that refuses, with the reason. */
#define ABSENT(text, reason)                                                                       \
    (&(const struct hypercall_family){                                                             \
        .name = text,                                                                              \
        .rows = &(const struct hypercall_row){ .name = text, .why = reason, .absent = -ENOSYS },   \
        .count = 1,                                                                                \
        .kind = FAMILY_SINGLE,                                                                     \
    })
#define PV(name_) ABSENT(#name_, "for paravirtualised guests, which come later")
#define OLD(name_) ABSENT(#name_, "compatibility with interfaces older than 3.2.2")
#define UNUSED(name_) ABSENT(#name_, "no such facility in this hypervisor")

const struct hypercall_family *const hypercall_table[HYPERCALL_COUNT] = {
    [__HYPERVISOR_set_trap_table] = PV(set_trap_table),
    [__HYPERVISOR_mmu_update] = PV(mmu_update),
    [__HYPERVISOR_set_gdt] = PV(set_gdt),
    [__HYPERVISOR_stack_switch] = PV(stack_switch),
    [__HYPERVISOR_set_callbacks] = PV(set_callbacks),
    [__HYPERVISOR_fpu_taskswitch] = PV(fpu_taskswitch),
    [__HYPERVISOR_sched_op_compat] = OLD(sched_op_compat),
    [__HYPERVISOR_platform_op] = &platform_op_family,
    [__HYPERVISOR_set_debugreg] = PV(set_debugreg),
    [__HYPERVISOR_get_debugreg] = PV(get_debugreg),
    [__HYPERVISOR_update_descriptor] = PV(update_descriptor),
    [__HYPERVISOR_memory_op] = &memory_op_family,
    [__HYPERVISOR_multicall] = &multicall_family,
    [__HYPERVISOR_update_va_mapping] = PV(update_va_mapping),
    [__HYPERVISOR_set_timer_op] = &set_timer_op_family,
    [__HYPERVISOR_event_channel_op_compat] = OLD(event_channel_op_compat),
    [__HYPERVISOR_xen_version] = &xen_version_family,
    [__HYPERVISOR_console_io] = &console_io_family,
    [__HYPERVISOR_physdev_op_compat] = OLD(physdev_op_compat),
    [__HYPERVISOR_grant_table_op] = &grant_table_op_family,
    [__HYPERVISOR_vm_assist] = &vm_assist_family,
    [__HYPERVISOR_update_va_mapping_otherdomain] = PV(update_va_mapping_otherdomain),
    [__HYPERVISOR_iret] = PV(iret),
    [__HYPERVISOR_vcpu_op] = &vcpu_op_family,
    [__HYPERVISOR_set_segment_base] = PV(set_segment_base),
    [__HYPERVISOR_mmuext_op] = PV(mmuext_op),
    [__HYPERVISOR_xsm_op] = &xsm_op_family,
    [__HYPERVISOR_nmi_op] = PV(nmi_op),
    [__HYPERVISOR_sched_op] = &sched_op_family,
    [__HYPERVISOR_callback_op] = PV(callback_op),
    [__HYPERVISOR_xenoprof_op] = UNUSED(xenoprof_op),
    [__HYPERVISOR_event_channel_op] = &event_channel_op_family,
    [__HYPERVISOR_physdev_op] = &physdev_op_family,
    [__HYPERVISOR_hvm_op] = &hvm_op_family,
    [__HYPERVISOR_sysctl] = &sysctl_family,
    [__HYPERVISOR_domctl] = &domctl_family,
    [__HYPERVISOR_kexec_op] = UNUSED(kexec_op),
    [__HYPERVISOR_tmem_op] = UNUSED(tmem_op),
    [__HYPERVISOR_argo_op] = UNUSED(argo_op),
    [__HYPERVISOR_xenpmu_op] = UNUSED(xenpmu_op),
    [__HYPERVISOR_dm_op] = &dm_op_family,
    [__HYPERVISOR_hypfs_op] = UNUSED(hypfs_op),
    [__HYPERVISOR_arch_0] = UNUSED(mca),
    [__HYPERVISOR_arch_1] = UNUSED(paging_domctl_cont),
    [__HYPERVISOR_arch_2] = UNUSED(arch_2),
    [__HYPERVISOR_arch_3] = UNUSED(arch_3),
    [__HYPERVISOR_arch_4] = UNUSED(arch_4),
    [__HYPERVISOR_arch_5] = UNUSED(arch_5),
    [__HYPERVISOR_arch_6] = UNUSED(arch_6),
    [__HYPERVISOR_bulkhead_op] = &bulkhead_op_family,
};
