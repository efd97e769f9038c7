/* SPDX-License-Identifier: Apache-2.0 */
/* Event channels through /dev/xen/evtchn: one descriptor for all of the process's ports. */
#ifndef BLKD_CHANNEL_H
#define BLKD_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

/** @return descriptor, for poll() too; -1 with errno */
int channel_open(void);

/**
 * Bind to a port that a front end offers to this domain, or offered to its former life. It is pending at once.
 *
 * @return the local port; -1 with errno
 */
int channel_bind(int fd, unsigned int domid, unsigned int port);

void channel_unbind(int fd, unsigned int port);
void channel_notify(int fd, unsigned int port);

/** Ports with events since the last time; each tells of no further event until channel_ready(). @return how many */
size_t channel_events(int fd, uint32_t *ports, size_t max);
void channel_ready(int fd, const uint32_t *ports, size_t count);

#endif
