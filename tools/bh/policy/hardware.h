/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of hardware in CIL that libsepol takes although there is no such hardware: it would label something else, or nothing. */
#ifndef BH_POLICY_HARDWARE_H
#define BH_POLICY_HARDWARE_H

#include "source.h"

/** @return false: `m` says which, with places */
bool hardware_check(const struct source *s, struct messages *m);

#endif
