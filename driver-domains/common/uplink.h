/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way out of a network domain: one bridge, whose first port is the domain's first real network
 * card. The domain's own addresses are the bridge's, whether there is a card or not.
 */
#ifndef DRIVER_DOMAINS_UPLINK_H
#define DRIVER_DOMAINS_UPLINK_H

#include "options.h"

#define UPLINK_BRIDGE "br0"

/** Make the bridge and give it its addresses. @return 0; -1 with errno */
int uplink_start(const struct options *options);

/**
 * Join the first real card to the bridge, if there is one and it is not joined yet; it may come and
 * go at any time. Cheap when nothing changed.
 */
void uplink_follow(void);

/** Let a VLAN's frames pass the card with their tag, now and when one comes. @return 0; -1 with errno */
int uplink_vlan(unsigned int vlan);

#endif
