/* SPDX-License-Identifier: Apache-2.0 */
/* A hypercall table with the two families under test. */
#include <xen/hypercall_row.h>

#include "../../../xen/common/hypercall_table.h"

const struct hypercall_family *const hypercall_table[HYPERCALL_COUNT] = {
    [__HYPERVISOR_memory_op] = &memory_op_family,
    [__HYPERVISOR_grant_table_op] = &grant_table_op_family,
};
