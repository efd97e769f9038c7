/* SPDX-License-Identifier: Apache-2.0 */
/* The table behind the dispatcher; read by it, by the tests that walk it and by what generates docs/mediation.md. */
#ifndef COMMON_HYPERCALL_TABLE_H
#define COMMON_HYPERCALL_TABLE_H

#include <xen/hypercall_row.h>

#define HYPERCALL_COUNT 64

/* By hypercall number; NULL: no such hypercall. */
extern const struct hypercall_family *const hypercall_table[HYPERCALL_COUNT];

/** Row of a sub-operation, bounded also under speculation; NULL when there is none. */
const struct hypercall_row *family_row(const struct hypercall_family *f, uint32_t cmd);

#endif
