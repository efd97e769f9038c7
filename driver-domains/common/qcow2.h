/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the header of a qcow2 image says, read before QEMU reads it (docs/interop/qcow2.txt of QEMU). A guest cannot write
 * there; who made the image may have named other files in it, which this domain must not open.
 */
#ifndef DRIVER_DOMAINS_QCOW2_H
#define DRIVER_DOMAINS_QCOW2_H

#include <stddef.h>
#include <stdint.h>

#define QCOW2_HEADER_BYTES 104 /* those of version 3 that are looked at */

/**
 * May it be served?
 *
 * @param header  its first bytes
 * @param size    how many there are
 * @return NULL yes; else what is wrong and what to do
 */
const char *qcow2_wrong(const uint8_t *header, size_t size);

#endif
