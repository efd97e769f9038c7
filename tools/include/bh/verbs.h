/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of `bh`, one entry point each. A verb gets its own words: argv[0] is the verb, the rest
 * its options. It prints its messages to stderr, results to stdout, and returns the exit status.
 */
#ifndef BH_VERBS_H
#define BH_VERBS_H

#define BH_EXIT_OK 0
#define BH_EXIT_FAILURE 1 /* the work was tried and failed */
#define BH_EXIT_USAGE 2   /* the command line is wrong; nothing was tried */

/** `bh build`: host description to host image. tools/bh/build. */
int build_main(int argc, char **argv);

/** `bh run`: boot a host image in QEMU with a TPM. tools/bh/run. */
int run_main(int argc, char **argv);

/** `bh attest`: enroll, verify, watch and more. attest/verifier. */
int attest_main(int argc, char **argv);

/** `bh tamper`: copy a host image with one thing changed, for tests. tools/bh/run. */
int tamper_main(int argc, char **argv);

/** `bh status`, `top`, `restart`, `pause`, `unpause`, `attach`, `detach`: a running host. control/client. */
int control_main(int argc, char **argv);

/** `bh control`: keys for reaching one. control/client. */
int control_keys_main(int argc, char **argv);

/** `bh policy`: compile and query a policy. */
int policy_main(int argc, char **argv);

#endif
