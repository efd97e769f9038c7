/* SPDX-License-Identifier: Apache-2.0 */
/* What the hypervisor is asked about domains, by domctl: is one suspended, and have it go on. */
#ifndef XENSTORE_CONTROL_H
#define XENSTORE_CONTROL_H

#include "replug.h"

extern const struct replug_ops control_ops;

#endif
