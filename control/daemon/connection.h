/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XenStore, connected for each operation: one that does not answer costs one of them, and what it might still say is not taken
 * for the answer to another.
 */
#ifndef CONTROL_CONNECTION_H
#define CONTROL_CONNECTION_H

#include "../../driver-domains/common/store.h"

/** Of the operation under way. @return NULL: it cannot be reached */
struct store *connection_store(void);
/** After each request. */
void connection_done(void);

#endif
