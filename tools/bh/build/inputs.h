/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image was made from. Every file read on the way is noted with size, time and SHA-256;
 * the list is kept beside the image, and a later build that finds all of it unchanged has nothing
 * to do. A file whose time changed but whose bytes did not counts as unchanged.
 */
#ifndef BH_BUILD_INPUTS_H
#define BH_BUILD_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "diag.h"

struct inputs {
    char **paths; /* owned; each once */
    size_t count;
    char *words;  /* what else decides the result: version, options */
};

/** Note a file, or a folder for the names in it. */
void inputs_add(struct inputs *inputs, const char *path);

/** Read a file and note it. */
bool inputs_read(struct inputs *inputs, const char *path, struct buf *out, struct diag *diag);

/** Write the list with what the files are like now. */
bool inputs_write(const struct inputs *inputs, const char *list, struct diag *diag);

/** Is everything on the list still as it was, and `words` the same? */
bool inputs_unchanged(const char *list, const char *words);

void inputs_free(struct inputs *inputs);

#endif
