/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of bulkhead_op about domains as an operator sees them; the rows stand in bulkhead_op.c. */
#ifndef HYPERCALLS_CONTROL_OP_H
#define HYPERCALLS_CONTROL_OP_H

#include <xen/hypercall_row.h>

int domain_info_decode(struct call *c);
long domain_info_act(struct call *c);
int domain_restart_decode(struct call *c);
long domain_restart_act(struct call *c);

#endif
