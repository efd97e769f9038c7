/* SPDX-License-Identifier: Apache-2.0 */
/* Block devices whose nodes are in the fake store. */
#ifndef DRIVER_DOMAINS_FAKE_DEVICE_H
#define DRIVER_DOMAINS_FAKE_DEVICE_H

#include "backend.h"

/** A device as the seed has it: xvda of domain `domid`. */
struct backend fake_device(unsigned int domid, const char *params, const char *mode);

/** The same, with a format. */
struct backend fake_device_in(unsigned int domid, const char *params, const char *mode, const char *format);

/** A node's value; NULL: it is not there. */
const char *fake_device_node(const struct backend *b, const char *name);

void fake_device_set(const struct backend *b, const char *name, const char *value);

#endif
