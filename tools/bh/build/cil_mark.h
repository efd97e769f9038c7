/* SPDX-License-Identifier: Apache-2.0 */
/* Which line of the description a derived rule comes from: CIL's own marks, which compilers name in their messages. */
#ifndef BH_BUILD_CIL_MARK_H
#define BH_BUILD_CIL_MARK_H

#include "host.h"

/** What follows comes from that line; ended by cil_mark_end(), not nested. */
void cil_mark(struct buf *out, const struct host *host, unsigned int line);
void cil_mark_end(struct buf *out);

#endif
