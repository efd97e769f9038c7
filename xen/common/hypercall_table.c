/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table: every hypercall of the ABI by number. The rows of a family stand at the end of the file that has
 * its handlers, which are static there: a handler can be reached through its row only. docs/mediation.md is printed from
 * this table; what is neither here nor a row of a family does not exist.
 */
#include "hypercall_table.h"

#include <public/bulkhead.h>

#include "hypercalls/families.h"

/* A hypercall that is in the ABI and not here: one row that asks, then refuses with the reason. */
#define ABSENT(text, object, class_, perm, reason)                                                 \
    (&(const struct hypercall_family){                                                             \
        .name = #text,                                                                             \
        .rows = &(const struct hypercall_row)ROW_ABSENT(text, Q(CALLER, object, class_, perm), reason), \
        .count = 1,                                                                                \
        .kind = FAMILY_SINGLE,                                                                     \
    })
#define PV(name_, perm) ABSENT(name_, SELF, PV_OP, perm, "for paravirtualised guests, which come later")
#define OLD(name_, perm) ABSENT(name_, SELF, MISC_OP, perm, "compatibility with interfaces older than 3.2.2")
#define UNUSED(name_, perm) ABSENT(name_, XEN, MISC_OP, perm, NO_FACILITY)
#define UNUSED_SELF(name_, perm) ABSENT(name_, SELF, MISC_OP, perm, NO_FACILITY)
#define NO_FACILITY "no such facility in this hypervisor"

const struct hypercall_family *const hypercall_table[HYPERCALL_COUNT] = {
    [__HYPERVISOR_set_trap_table] = PV(set_trap_table, SET_TRAP_TABLE),
    [__HYPERVISOR_mmu_update] = PV(mmu_update, MMU_UPDATE),
    [__HYPERVISOR_set_gdt] = PV(set_gdt, SET_GDT),
    [__HYPERVISOR_stack_switch] = PV(stack_switch, STACK_SWITCH),
    [__HYPERVISOR_set_callbacks] = PV(set_callbacks, SET_CALLBACKS),
    [__HYPERVISOR_fpu_taskswitch] = PV(fpu_taskswitch, FPU_TASKSWITCH),
    [__HYPERVISOR_sched_op_compat] = OLD(sched_op_compat, SCHED_OP_COMPAT),
    [__HYPERVISOR_platform_op] = &platform_op_family,
    [__HYPERVISOR_set_debugreg] = PV(set_debugreg, SET_DEBUGREG),
    [__HYPERVISOR_get_debugreg] = PV(get_debugreg, GET_DEBUGREG),
    [__HYPERVISOR_update_descriptor] = PV(update_descriptor, UPDATE_DESCRIPTOR),
    [__HYPERVISOR_memory_op] = &memory_op_family,
    [__HYPERVISOR_multicall] = &multicall_family,
    [__HYPERVISOR_update_va_mapping] = PV(update_va_mapping, UPDATE_VA_MAPPING),
    [__HYPERVISOR_set_timer_op] = &set_timer_op_family,
    [__HYPERVISOR_event_channel_op_compat] = OLD(event_channel_op_compat, EVENT_CHANNEL_OP_COMPAT),
    [__HYPERVISOR_xen_version] = &xen_version_family,
    [__HYPERVISOR_console_io] = &console_io_family,
    [__HYPERVISOR_physdev_op_compat] = OLD(physdev_op_compat, PHYSDEV_OP_COMPAT),
    [__HYPERVISOR_grant_table_op] = &grant_table_op_family,
    [__HYPERVISOR_vm_assist] = &vm_assist_family,
    [__HYPERVISOR_update_va_mapping_otherdomain] = PV(update_va_mapping_otherdomain, UPDATE_VA_MAPPING_OTHERDOMAIN),
    [__HYPERVISOR_iret] = PV(iret, IRET),
    [__HYPERVISOR_vcpu_op] = &vcpu_op_family,
    [__HYPERVISOR_set_segment_base] = PV(set_segment_base, SET_SEGMENT_BASE),
    [__HYPERVISOR_mmuext_op] = PV(mmuext_op, MMUEXT_OP),
    [__HYPERVISOR_xsm_op] = &xsm_op_family,
    [__HYPERVISOR_nmi_op] = PV(nmi_op, NMI_OP),
    [__HYPERVISOR_sched_op] = &sched_op_family,
    [__HYPERVISOR_callback_op] = PV(callback_op, CALLBACK_OP),
    [__HYPERVISOR_xenoprof_op] = UNUSED(xenoprof_op, XENOPROF_OP),
    [__HYPERVISOR_event_channel_op] = &event_channel_op_family,
    [__HYPERVISOR_physdev_op] = &physdev_op_family,
    [__HYPERVISOR_hvm_op] = &hvm_op_family,
    [__HYPERVISOR_sysctl] = &sysctl_family,
    [__HYPERVISOR_domctl] = &domctl_family,
    [__HYPERVISOR_kexec_op] = UNUSED(kexec_op, KEXEC_OP),
    [__HYPERVISOR_tmem_op] = UNUSED(tmem_op, TMEM_OP),
    [__HYPERVISOR_argo_op] = UNUSED_SELF(argo_op, ARGO_OP),
    [__HYPERVISOR_xenpmu_op] = UNUSED(xenpmu_op, XENPMU_OP),
    [__HYPERVISOR_dm_op] = &dm_op_family,
    [__HYPERVISOR_hypfs_op] = UNUSED(hypfs_op, HYPFS_OP),
    [__HYPERVISOR_arch_0] = UNUSED(mca, MCA),
    [__HYPERVISOR_arch_1] = UNUSED_SELF(paging_domctl_cont, PAGING_DOMCTL_CONT),
    [__HYPERVISOR_arch_2] = UNUSED_SELF(arch_2, ARCH_2),
    [__HYPERVISOR_arch_3] = UNUSED_SELF(arch_3, ARCH_3),
    [__HYPERVISOR_arch_4] = UNUSED_SELF(arch_4, ARCH_4),
    [__HYPERVISOR_arch_5] = UNUSED_SELF(arch_5, ARCH_5),
    [__HYPERVISOR_arch_6] = UNUSED_SELF(arch_6, ARCH_6),
    [__HYPERVISOR_bulkhead_op] = &bulkhead_op_family,
};
