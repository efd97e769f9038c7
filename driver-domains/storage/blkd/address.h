/* SPDX-License-Identifier: Apache-2.0 */
/* Where a front end's folder in XenStore says that its rings are. */
#ifndef BLKD_ADDRESS_H
#define BLKD_ADDRESS_H

#include "backend.h"
#include "queue.h"

/** Read a decimal number. @return false: absent, or not a number up to `max` */
bool address_number(struct store *store, const struct backend *side, const char *node, unsigned int max, unsigned int *out);

/**
 * Read the rings' grants and ports.
 *
 * @param front  the front end's folder
 * @return how many rings, at least one; -1 with errno EINVAL
 */
int address_read(struct store *store, const struct backend *front, unsigned int domid, struct queue_address *out,
                 unsigned int max);

#endif
