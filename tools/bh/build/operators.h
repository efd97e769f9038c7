/* SPDX-License-Identifier: Apache-2.0 */
/* What the roles of a description become: rules of the policy, and a file in the control domain's image. */
#ifndef BH_BUILD_OPERATORS_H
#define BH_BUILD_OPERATORS_H

#include "buf.h"
#include "host.h"

/** CIL: a type for each role, and what it may. */
void operators_cil(const struct host *host, struct buf *out);

/** The file that the control domain reads (control/daemon/roles.h). */
void operators_text(const struct host *host, struct buf *out);

#endif
