/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of one front end, mapped through /dev/xen/gntdev: the pages of a ring, and those of its requests. When the front end
 * has agreed to it (feature-persistent) a page stays mapped when its request has ended, up to a bound, the least recently used
 * going first; else it is unmapped before the response.
 */
#ifndef BLKD_GRANTS_H
#define BLKD_GRANTS_H

#include <stdbool.h>
#include <stdint.h>

#include <public/xen.h>
#include <public/grant_table.h>

#define GRANTS_KEPT_MAX 2048u /* pages of one ring that stay mapped; its requests need no more than that at a time */

struct grants;

/** @return NULL with errno */
struct grants *grants_open(unsigned int domid, bool persistent);

/** Unmap everything. Nothing of it may be in use. NULL is no mistake. */
void grants_close(struct grants *g);

/** Map pages next to each other, for as long as `g` is open. @return NULL with errno */
void *grants_map_ring(struct grants *g, const grant_ref_t *refs, unsigned int count);

/** As struct ring_ops has it. */
int grants_get(struct grants *g, const grant_ref_t *refs, unsigned int count, bool to_guest, void **at, void **keep);
void grants_put(struct grants *g, void **keep, unsigned int count);

#endif
