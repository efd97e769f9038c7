/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's TPM: swtpm with a state folder that lasts. The first use makes the endorsement keys
 * and their certificates, signed by a certificate authority of this state folder alone.
 */
#ifndef BH_RUN_TPM_H
#define BH_RUN_TPM_H

#include "proc.h"

/**
 * Make the TPM's state if it is not there yet: STATE/tpm, its authority in STATE/ca. The verifier's memory of an
 * earlier TPM, STATE/hosts, goes then.
 *
 * @param state  absolute path of an existing folder
 * @return 0; -1 with a line on stderr, and no half-made state left
 */
int tpm_setup(const char *state);

/**
 * Start swtpm on STATE/tpm and wait until it listens.
 *
 * @param socket  path of the control socket for QEMU
 * @return 0; -1 with a line on stderr
 */
int tpm_start(struct proc *proc, const char *state, const char *socket);

#endif
