/* SPDX-License-Identifier: Apache-2.0 */
/* A XenStore in memory, with the functions of store.h. */
#ifndef DRIVER_DOMAINS_FAKE_STORE_H
#define DRIVER_DOMAINS_FAKE_STORE_H

#include <stddef.h>

/** Forget all nodes. */
void fake_store_clear(void);
/** Set a node's bytes, any bytes. */
void fake_store_set(const char *path, const char *value, size_t length);
/** A node's value, or NULL. */
const char *fake_store_get(const char *path);

#endif
