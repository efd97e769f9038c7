/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files, whole: read, written through a temporary name, hashed. Functions that can fail report to
 * `diag` and return false, so that a caller only has to stop.
 */
#ifndef BH_BUILD_FILE_H
#define BH_BUILD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "diag.h"

#define FILE_SIZE_MAX (UINT64_C(1) << 31)

bool file_exists(const char *path);
/** Read a whole file; appended to `out`. */
bool file_load(const char *path, struct buf *out, struct diag *diag);
/** Write a whole file: PATH.tmp, then rename. */
bool file_save(const char *path, const void *data, size_t len, struct diag *diag);
/** Create a folder and those above it. */
bool dir_make(const char *path, struct diag *diag);
/** Remove a folder with everything in it; nothing there is no mistake. */
bool dir_remove(const char *path, struct diag *diag);
/** SHA-256 as 64 hexadecimal digits and a NUL. */
void sha256_hex(const void *data, size_t len, char out[65]);
/** Names in a folder with a suffix, without it, sorted. @return how many; *names is owned */
size_t dir_names(const char *path, const char *suffix, char ***names);
void names_free(char **names, size_t count);
/** The folder part of a path, "." if it has none; owned. */
char *path_folder(const char *path);
/** folder/path without what ../ takes back, or path itself when absolute; owned. */
char *path_join(const char *folder, const char *path);

#endif
