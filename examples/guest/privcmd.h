/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls from user space, through Linux's /dev/xen/privcmd. */
#ifndef EXAMPLES_GUEST_PRIVCMD_H
#define EXAMPLES_GUEST_PRIVCMD_H

#include <stddef.h>

/**
 * Open the device. @return 0; -1 with errno
 * State: one per process, never closed.
 */
int privcmd_open(void);

/**
 * A page for hypercall arguments: present, locked, zeroed again by each call.
 *
 * @return its 4096 bytes; the same ones each time
 */
void *privcmd_page(void);

/** Issue a hypercall with up to three arguments. @return its result; negative: minus the Xen errno */
long privcmd_call(unsigned long op, unsigned long a1, unsigned long a2, unsigned long a3);

#endif
