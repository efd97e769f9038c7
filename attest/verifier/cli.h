/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of `bh attest`. Each gets its options parsed and its operands; it returns the exit status. */
#ifndef VERIFIER_CLI_H
#define VERIFIER_CLI_H

#include "options.h"

#define EXIT_FAIL 1
#define EXIT_USAGE 2
#define EXIT_NO_ANSWER 3

/** "bh attest: TEXT" on stderr. @return EXIT_USAGE */
int cli_error(const struct attest_error *err);
/** The same with a text that is known beforehand. */
int cli_usage(const char *text);

int cli_verify(const struct options *o, int argc, char **argv);
int cli_enroll(const struct options *o, int argc, char **argv);
int cli_watch(const struct options *o, int argc, char **argv);
int cli_collect(const struct options *o, int argc, char **argv);
int cli_status(const struct options *o, int argc, char **argv);
int cli_log(const struct options *o, int argc, char **argv);
int cli_token(const struct options *o, int argc, char **argv);

int cli_ref_make(const struct options *o, int argc, char **argv);
int cli_ref_firmware(const struct options *o, int argc, char **argv);
int cli_ref_merge(const struct options *o, int argc, char **argv);
int cli_ref_sign(const struct options *o, int argc, char **argv);
int cli_ref_expire(const struct options *o, int argc, char **argv);
int cli_ref_show(const struct options *o, int argc, char **argv);
int cli_ref_check(const struct options *o, int argc, char **argv);

/** What verify and watch need and what they do with an outcome. @return 0 or an exit status */
int cli_attempt_is_usable(const struct options *o);
int cli_write_token(const struct options *o, const struct outcome *out);
/**
 * Ask for evidence, judged by no set: the verdict says whether it is genuine, and that there is no set.
 * @return 0; -ETIMEDOUT no answer; -EINVAL, -ENOENT a local file or option
 */
int cli_evidence(const struct options *o, struct evidence *e, struct verdict *v, struct attest_error *err);
int cli_save_log(const struct options *o, const struct evidence *e);

#endif /* VERIFIER_CLI_H */
