/* SPDX-License-Identifier: Apache-2.0 */
/* platform_op: the machine as its administrator sees it. Every operation is asked about; none is offered yet. */
#include "families.h"

#include <public/platform.h>

#define XENPF(op, perm)                                                                            \
    [op] = ROW(op, 0, 0, NULL, ASK(Q(CALLER, XEN, SECCLASS_XEN, XEN__##perm)), act_absent)

static const struct hypercall_row rows[] = {
    XENPF(XENPF_settime32, SETTIME),
    XENPF(XENPF_settime64, SETTIME),
    XENPF(XENPF_add_memtype, MTRR_ADD),
    XENPF(XENPF_del_memtype, MTRR_DEL),
    XENPF(XENPF_read_memtype, MTRR_READ),
    XENPF(XENPF_microcode_update, MICROCODE),
    XENPF(XENPF_platform_quirk, QUIRK),
    XENPF(XENPF_get_cpu_version, GETCPUINFO),
    XENPF(XENPF_efi_runtime_call, FIRMWARE),
    XENPF(XENPF_firmware_info, FIRMWARE),
    XENPF(XENPF_enter_acpi_sleep, SLEEP),
    XENPF(XENPF_change_freq, FREQUENCY),
    XENPF(XENPF_getidletime, GETIDLE),
    XENPF(XENPF_set_processor_pminfo, PM_OP),
    XENPF(XENPF_get_cpuinfo, GETCPUINFO),
    [XENPF_cpu_online] =
        ROW(XENPF_cpu_online, 0, 0, NULL, ASK(Q(CALLER, XEN, SECCLASS_RESOURCE, RESOURCE__PLUG)),
            act_absent),
    [XENPF_cpu_offline] =
        ROW(XENPF_cpu_offline, 0, 0, NULL, ASK(Q(CALLER, XEN, SECCLASS_RESOURCE, RESOURCE__UNPLUG)),
            act_absent),
    [XENPF_cpu_hotadd] =
        ROW(XENPF_cpu_hotadd, 0, 0, NULL, ASK(Q(CALLER, XEN, SECCLASS_RESOURCE, RESOURCE__PLUG)),
            act_absent),
    [XENPF_mem_hotadd] =
        ROW(XENPF_mem_hotadd, 0, 0, NULL, ASK(Q(CALLER, XEN, SECCLASS_RESOURCE, RESOURCE__PLUG)),
            act_absent),
    XENPF(XENPF_core_parking, PM_OP),
    [XENPF_resource_op] =
        ROW(XENPF_resource_op, 0, 0, NULL, ASK(Q(CALLER, XEN, SECCLASS_XEN2, XEN2__RESOURCE_OP)),
            act_absent),
    [XENPF_get_symbol] =
        ROW(XENPF_get_symbol, 0, 0, NULL, ASK(Q(CALLER, XEN, SECCLASS_XEN2, XEN2__GET_SYMBOL)),
            act_absent),
};

const struct hypercall_family platform_op_family = {
    .name = "platform_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_STRUCT,
    .size = sizeof(struct xen_platform_op),
    .version = XENPF_INTERFACE_VERSION,
};
