/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy as the hypervisor answers it (xsm_op).
 */
#ifndef XENSTORE_FLASK_H
#define XENSTORE_FLASK_H

#include "label.h"

/** Whether the hypervisor has a policy at all: 0, -XEN_ENOSYS, or another error of the call. */
int flask_present(void);

/** Have @mac ask the hypervisor, with its numbers of the class `xenstore`. */
void flask_setup(struct mac *mac);

/** Label of the domain at the other end of our @port: 0 or negative XEN_E*. */
int flask_peer_sid(uint32_t port, sid_t *sid);

#endif
