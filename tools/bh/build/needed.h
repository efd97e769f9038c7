/* SPDX-License-Identifier: Apache-2.0 */
/* Shared libraries a program asks for. */
#ifndef BH_BUILD_NEEDED_H
#define BH_BUILD_NEEDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"

/**
 * Read DT_NEEDED and PT_INTERP of an ELF file.
 *
 * @param name    the file, for messages
 * @param names   out: library names, owned by the caller (names_free)
 * @param count   out: how many
 * @param interp  out: the loader's path, owned; NULL if it has none
 * @return false after reporting; a static program is no mistake and has none
 */
bool elf_needed(const char *name, const uint8_t *image, size_t len, char ***names, size_t *count,
                char **interp, struct diag *diag);

#endif
