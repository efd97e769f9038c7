/* SPDX-License-Identifier: Apache-2.0 */
/* platform_op: the machine as its administrator sees it. Every operation is asked about; none is offered yet. */
#include "families.h"

#include <public/platform.h>

#define XENPF_ROW(op, class_, perm)                                                                \
    [XENPF_##op] = ROW(XENPF_##op, 0, 0, NULL, ASK(Q(CALLER, XEN, class_, perm)), act_absent)
#define XENPF_CORE(op, perm)                                                                       \
    [XENPF_##op] = ROW(XENPF_##op, 0, 0, NULL,                                                     \
                       ASK(Q(CALLER, DOMXEN, SECCLASS_RESOURCE, RESOURCE__##perm)), act_absent)
#define XENPF(op, perm) XENPF_ROW(op, SECCLASS_XEN, XEN__##perm)

static const struct hypercall_row rows[] = {
    XENPF(settime32, SETTIME),
    XENPF(settime64, SETTIME),
    XENPF(add_memtype, MTRR_ADD),
    XENPF(del_memtype, MTRR_DEL),
    XENPF(read_memtype, MTRR_READ),
    XENPF(microcode_update, MICROCODE),
    XENPF(platform_quirk, QUIRK),
    XENPF(get_cpu_version, GETCPUINFO),
    XENPF(efi_runtime_call, FIRMWARE),
    XENPF(firmware_info, FIRMWARE),
    XENPF(enter_acpi_sleep, SLEEP),
    XENPF(change_freq, FREQUENCY),
    XENPF(getidletime, GETIDLE),
    XENPF(set_processor_pminfo, PM_OP),
    XENPF(get_cpuinfo, GETCPUINFO),
    XENPF_CORE(cpu_online, PLUG),
    XENPF_CORE(cpu_offline, UNPLUG),
    XENPF_CORE(cpu_hotadd, PLUG),
    XENPF_CORE(mem_hotadd, PLUG),
    XENPF(core_parking, PM_OP),
    XENPF_ROW(resource_op, SECCLASS_XEN2, XEN2__RESOURCE_OP),
    XENPF_ROW(get_symbol, SECCLASS_XEN2, XEN2__GET_SYMBOL),
};

const struct hypercall_family platform_op_family = {
    .name = "platform_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_STRUCT,
    .size = sizeof(struct xen_platform_op),
    .version = XENPF_INTERFACE_VERSION,
};
