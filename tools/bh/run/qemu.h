/* SPDX-License-Identifier: Apache-2.0 */
/* The machine: QEMU's command line, as facts about the image and the options make it. */
#ifndef BH_RUN_QEMU_H
#define BH_RUN_QEMU_H

#include "config.h"
#include "options.h"
#include "proc.h"

/* Absolute paths of what a run uses besides the image. */
struct machine_paths {
    const char *image; /* folder of the host image */
    const char *state; /* TPM state, logs */
    const char *tpm;   /* swtpm's control socket */
    const char *com2;  /* socket that QEMU makes for the second UART: the verifier's line */
};

/**
 * Start QEMU. COM1 is its standard input and output, as pipes in `proc`.
 *
 * @return 0; -1 with a line on stderr
 */
int qemu_start(struct proc *proc, const struct config *config, const struct options *options,
               const struct machine_paths *paths);

/**
 * Make the value of QEMU's -initrd: "file args,file args"; commas inside are doubled.
 *
 * @return owned text; NULL when there are no modules, or no memory
 */
char *qemu_module_list(const struct config *config, const char *image);

#endif
