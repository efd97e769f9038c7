/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decompression with a stated limit, and compression whose bytes depend on nothing but the input.
 */
#ifndef BH_BUILD_UNPACK_H
#define BH_BUILD_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "diag.h"

#define UNPACK_MAX (512u << 20)

/**
 * Decompress one stream of gzip, xz, lzma or zstd, told apart by their first bytes.
 *
 * @param name  what it is, for messages
 * @param in    the stream; bytes after its end are ignored, as bzImage adds some
 * @param len   how many
 * @param out   the result is appended, at most UNPACK_MAX bytes
 * @return false after reporting: unknown format, damaged, cut short, too big
 */
bool unpack(const char *name, const uint8_t *in, size_t len, struct buf *out, struct diag *diag);

/** Is this the start of a format that unpack() knows? */
bool unpack_is_packed(const uint8_t *in, size_t len);

/** gzip without name and time. */
void pack_gzip(const uint8_t *in, size_t len, struct buf *out);

#endif
