/* SPDX-License-Identifier: Apache-2.0 */
/* The remote verifier, run as a child of its own while the machine goes on. */
#ifndef BH_RUN_VERIFY_H
#define BH_RUN_VERIFY_H

#include <stddef.h>

#include "proc.h"

#define VERIFY_OUTPUT_MAX 65536

struct verify {
    struct proc proc;
    double started;
    size_t length;
    char output[VERIFY_OUTPUT_MAX + 1]; /* NUL-terminated; what exceeds it is dropped */
};

/**
 * Start `bh attest verify`, after `bh attest enroll` if the host is not known yet, against the agent behind a socket.
 *
 * @param image   folder with reference.jws and signer.pem; without, its reference.json is believed, and that is said
 * @param state   folder with the TPM's certificate authority; STATE/hosts gets the memory of it, by the name "run"
 * @param socket  the line to the agent
 * @param profile  the firmware's, whose reference-NAME.jws is to be compared with; NULL: firmware is not
 * @param unmeasured  1: accept that nobody measured the hypervisor
 * @return 0; -1 with a line on stderr
 * Output: the verifier's verdict, and STATE/eventlog.bin.
 */
int verify_start(struct verify *verify, const char *image, const char *state, const char *socket,
                 const char *profile, int unmeasured);

/** Take in what the verifier has printed since; call when its pipe is readable. */
void verify_read(struct verify *verify);

/**
 * Whether a verdict names a component: "verdict: FAIL" at the end, and before it a line that begins
 * "FAIL <component> ".
 */
int verify_names(const char *output, const char *component);

#endif
