/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOSTILE_FRONT_FRONT_H
#define HOSTILE_FRONT_FRONT_H

#include "device.h"

/** All attacks on the back end of the first disk, and of the first interface. */
void vbd_attacks(void);
void vif_attacks(void);

#endif
