/* SPDX-License-Identifier: Apache-2.0 */
/* Files as block devices. */
#ifndef DRIVER_DOMAINS_LOOP_H
#define DRIVER_DOMAINS_LOOP_H

#include <stddef.h>

/**
 * Attach a file to a free loop device: past the page cache where its file system can, without
 * looking for partitions (a guest writes the table), and freed when its last user closes it.
 *
 * @param path  out: the device's name
 * @return descriptor of the loop device; -1 with errno
 */
int loop_attach(int file, int readonly, char *path, size_t size);

#endif
