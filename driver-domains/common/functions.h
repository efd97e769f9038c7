/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI functions of this domain that come and go: the control domain asks by the node `pci/request`, we do it and answer in
 * `pci/answer` (driver-domains/README.md). One question at a time; while it is dealt with, backendd goes on with the rest.
 */
#ifndef DRIVER_DOMAINS_FUNCTIONS_H
#define DRIVER_DOMAINS_FUNCTIONS_H

#include "store.h"

/** Begin to listen, and look at what is asked already. */
void functions_start(struct store *store);

/** After each event. @return 1 if it wants to be called again soon */
int functions_step(struct store *store);

#endif
