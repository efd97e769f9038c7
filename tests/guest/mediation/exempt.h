/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that may answer otherwise than "refused" or "absent" to a domain that may do nothing. Each with the reason why
 * nobody is asked; docs/mediation.md prints the hypervisor's own reasons, and the two have to agree.
 */
#ifndef MEDIATION_EXEMPT_H
#define MEDIATION_EXEMPT_H

#include <runtime/xen.h>

struct exempt {
    unsigned int nr, op;
    long least, most;  /* what it may answer */
    bool leave;        /* not called: it would end, stop or move what the test runs on */
    const char *why;
};

#define ANY -4096, __LONG_MAX__
#define ERROR(e) -(XEN_##e), -(XEN_##e)

static const struct exempt exempts[] = {
    /* Facts that are the same for every domain. */
    { __HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0, __LONG_MAX__, false, "a constant of the host" },
    { __HYPERVISOR_memory_op, XENMEM_get_sharing_freed_pages, 0, 0, false, "a constant: nothing is shared" },
    { __HYPERVISOR_memory_op, XENMEM_get_sharing_shared_pages, 0, 0, false, "a constant: nothing is shared" },
    { __HYPERVISOR_xen_version, XENVER_version, 1, __LONG_MAX__, false, "a constant of the ABI" },
    { __HYPERVISOR_xen_version, XENVER_platform_parameters, 0, 0, false, "a constant of the ABI" },
    { __HYPERVISOR_xen_version, XENVER_get_features, 0, 0, false, "constants of the ABI" },
    { __HYPERVISOR_hvm_op, HVMOP_get_time, 0, 0, false, "the caller's clock shows it anyway" },
    { __HYPERVISOR_xsm_op, FLASK_GETENFORCE, 1, 1, false, "every refusal shows it" },
    { __HYPERVISOR_xsm_op, FLASK_POLICYVERS, 0, 1000, false, "the version of the format" },
    { __HYPERVISOR_xsm_op, FLASK_MLS, 0, 1, false, "a property of the format" },
    /* The caller's own vCPU, memory map and ports, which it has anyway. */
    { __HYPERVISOR_memory_op, XENMEM_memory_map, ANY, false, "the caller's own memory map" },
    { __HYPERVISOR_set_timer_op, 0, 0, 0, false, "the caller's own vCPU" },
    { __HYPERVISOR_vcpu_op, VCPUOP_up, 0, 0, false, "the caller's own vCPU" },
    { __HYPERVISOR_vcpu_op, VCPUOP_down, 0, 0, true, "the caller's own vCPU" },
    { __HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, 1, false, "the caller's own vCPU" },
    { __HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0, 0, false, "the caller's own vCPU" },
    { __HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, 0, false, "the caller's own vCPU" },
    { __HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, ERROR(EINVAL), false, "the caller's own vCPU" },
    { __HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0, false, "the caller's own vCPU" },
    { __HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, 0, false, "the caller's own vCPU" },
    { __HYPERVISOR_vcpu_op, VCPUOP_stop_singleshot_timer, 0, 0, false, "the caller's own vCPU" },
    { __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, 0, true, "the caller's own vCPU and page" },
    { __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, 0, false, "the caller's own vCPU" },
    { __HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, false, "the caller's own vCPU" },
    { __HYPERVISOR_sched_op, SCHEDOP_block, 0, 0, true, "the caller's own vCPU" },
    { __HYPERVISOR_sched_op, SCHEDOP_shutdown, 0, 0, true, "the caller ends itself" },
    { __HYPERVISOR_sched_op, SCHEDOP_poll, 0, 0, false, "the caller's own vCPU and ports" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_close, ERROR(EINVAL), false, "gives up a port of the caller's" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_bind_vcpu, ERROR(EINVAL), false, "which own vCPU is told" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_unmask, ERROR(EINVAL), false, "a bit of the caller's memory" },
    { __HYPERVISOR_vm_assist, VMASST_CMD_enable, ERROR(EINVAL), false, "how own memory is written" },
    { __HYPERVISOR_vm_assist, VMASST_CMD_disable, ERROR(EINVAL), false, "how own memory is written" },
    { __HYPERVISOR_xsm_op, FLASK_GET_PEER_SID, ERROR(EINVAL), false, "the label of whom it is connected to" },
    /* Each part is asked about by itself. */
    { __HYPERVISOR_multicall, 0, 0, 0, false, "each entry is asked about" },
    /* Absent, with an error that the ABI gives for it. */
    { __HYPERVISOR_vcpu_op, VCPUOP_initialise, ERROR(EINVAL), false, "absent" },
    { __HYPERVISOR_vcpu_op, VCPUOP_get_physid, ERROR(EINVAL), false, "absent" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq, ERROR(EINVAL), false, "absent" },
    { __HYPERVISOR_hvm_op, HVMOP_pagetable_dying, ERROR(EINVAL), false, "absent" },
    { __HYPERVISOR_sched_op, SCHEDOP_pin_override, ERROR(EPERM), false, "absent" },
};

#endif
