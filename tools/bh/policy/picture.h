/* SPDX-License-Identifier: Apache-2.0 */
/* Flows of information as pictures, in the language of graphviz. */
#ifndef BH_POLICY_PICTURE_H
#define BH_POLICY_PICTURE_H

#include "../build/buf.h"
#include "flow_tell.h"

/**
 * All domains, and what flows between them: an end of an event channel is drawn as the events that pass through it. Hardware, the
 * hypervisor and roles are there if information passes through them.
 */
void picture_all(const struct flow_teller *t, struct buf *dot);

/** One path or several, `count` edges. */
void picture_path(const struct flow_teller *t, const size_t *edges, size_t count, struct buf *dot);

/** Have graphviz draw it. @return false: reported; it may be missing */
bool picture_svg(const struct buf *dot, struct buf *svg, struct messages *m);

#endif
