/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels for domains: an uncompressed 64-bit ELF that holds what is loaded and nothing else. The
 * hypervisor loads and hashes these; a decompressor there would be code in ring 0 for the
 * convenience of a file format.
 */
#ifndef BH_BUILD_KERNEL_H
#define BH_BUILD_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "diag.h"

/** Is it a Linux bzImage? */
bool kernel_is_bzimage(const uint8_t *image, size_t len);

/**
 * The kernel inside a bzImage.
 *
 * @param name  the file, for messages
 * @param out   the uncompressed ELF, appended
 * Source: Linux, Documentation/x86/boot.rst, "payload_offset" and "payload_length".
 */
bool kernel_from_bzimage(const char *name, const uint8_t *image, size_t len, struct buf *out,
                         struct diag *diag);

/**
 * The loaded part of an ELF: its PT_LOAD and PT_NOTE segments, without section headers, symbols and
 * debugging, and without trailing zeros of a segment, which loading supplies anyway.
 *
 * @param name  the file, for messages
 * @param out   the smaller ELF, appended
 * @return false after reporting: not a 64-bit x86 executable, or a header that points outside
 */
bool elf_slim(const char *name, const uint8_t *image, size_t len, struct buf *out,
              struct diag *diag);

#endif
