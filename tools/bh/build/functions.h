/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI functions in the policy: a label for each that the description names, which domains may use it, and which control domains may
 * give and take it while the host runs, as far as some operator may have that done.
 */
#ifndef BH_FUNCTIONS_H
#define BH_FUNCTIONS_H

#include "host.h"

/** Append the rules. Those of one function of several domains are written once. */
void functions_cil(const struct host *host, struct buf *out);

#endif
