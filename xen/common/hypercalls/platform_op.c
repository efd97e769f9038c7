/* SPDX-License-Identifier: Apache-2.0 */
/* platform_op: the machine as its administrator sees it. Every operation is asked about; none is offered yet. */
#include "families.h"

#include <public/platform.h>

#define XENPF_OF(op, object, perm)                                                                 \
    [XENPF_##op] = ROW(XENPF_##op, 0, 0, NULL, ASK(Q(CALLER, object, PLATFORM_OP, perm)), act_absent)
#define XENPF(op, perm) XENPF_OF(op, XEN, perm)
/* CPUs and memory of the machine are labelled as what the hypervisor owns. */
#define XENPF_CORE(op, perm) XENPF_OF(op, DOMXEN, perm)

static const struct hypercall_row rows[] = {
    XENPF(settime32, SETTIME32),
    XENPF(settime64, SETTIME64),
    XENPF(add_memtype, ADD_MEMTYPE),
    XENPF(del_memtype, DEL_MEMTYPE),
    XENPF(read_memtype, READ_MEMTYPE),
    XENPF(microcode_update, MICROCODE_UPDATE),
    XENPF(platform_quirk, PLATFORM_QUIRK),
    XENPF(get_cpu_version, GET_CPU_VERSION),
    XENPF(efi_runtime_call, EFI_RUNTIME_CALL),
    XENPF(firmware_info, FIRMWARE_INFO),
    XENPF(enter_acpi_sleep, ENTER_ACPI_SLEEP),
    XENPF(change_freq, CHANGE_FREQ),
    XENPF(getidletime, GETIDLETIME),
    XENPF(set_processor_pminfo, SET_PROCESSOR_PMINFO),
    XENPF(get_cpuinfo, GET_CPUINFO),
    XENPF_CORE(cpu_online, CPU_ONLINE),
    XENPF_CORE(cpu_offline, CPU_OFFLINE),
    XENPF_CORE(cpu_hotadd, CPU_HOTADD),
    XENPF_CORE(mem_hotadd, MEM_HOTADD),
    XENPF(core_parking, CORE_PARKING),
    XENPF(resource_op, RESOURCE_OP),
    XENPF(get_symbol, GET_SYMBOL),
};

const struct hypercall_family platform_op_family = {
    .name = "platform_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_STRUCT,
    .size = sizeof(struct xen_platform_op),
    .version = XENPF_INTERFACE_VERSION,
};
