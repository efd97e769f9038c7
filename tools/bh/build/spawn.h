/* SPDX-License-Identifier: Apache-2.0 */
/* Run another program, without a shell. */
#ifndef BH_BUILD_SPAWN_H
#define BH_BUILD_SPAWN_H

#include <stdbool.h>

#include "buf.h"
#include "diag.h"

/**
 * Run a program to its end.
 *
 * @param argv    program and arguments, ending in NULL; the program is looked up in PATH
 * @param folder  folder to run in, or NULL
 * @param output  gets standard output; NULL: dropped
 * @param errors  gets standard error; NULL: the same place as `output`
 * @return exit status, 127 if it is not there (reported), 128 + signal if it was killed
 */
int spawn_run(const char *const *argv, const char *folder, struct buf *output, struct buf *errors,
              struct diag *diag);

/** Run, and report any status but 0 with what the program said. */
bool spawn_check(const char *const *argv, const char *folder, struct buf *output,
                 struct diag *diag);

#endif
