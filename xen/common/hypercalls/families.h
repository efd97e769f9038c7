/* SPDX-License-Identifier: Apache-2.0 */
/* The families of hypercalls that live in this folder, for hypercall_table.c. */
#ifndef HYPERCALLS_FAMILIES_H
#define HYPERCALLS_FAMILIES_H

#include <xen/hypercall_row.h>

extern const struct hypercall_family bulkhead_op_family;
extern const struct hypercall_family console_io_family;
extern const struct hypercall_family dm_op_family;
extern const struct hypercall_family domctl_family;
extern const struct hypercall_family event_channel_op_family;
extern const struct hypercall_family hvm_op_family;
extern const struct hypercall_family multicall_family;
extern const struct hypercall_family physdev_op_family;
extern const struct hypercall_family platform_op_family;
extern const struct hypercall_family sched_op_family;
extern const struct hypercall_family set_timer_op_family;
extern const struct hypercall_family sysctl_family;
extern const struct hypercall_family vcpu_op_family;
extern const struct hypercall_family vm_assist_family;
extern const struct hypercall_family xen_version_family;
extern const struct hypercall_family xsm_op_family;

#endif
