/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling that a host's verdict or its reasons changed: a line, and a program that the user names. What was told last is on disk,
 * HOST.told-KEY in the state folder, written after it was told: what is recorded and then not told, as its process ended in between, or as
 * it was `bh attest verify` that recorded it, is told by whoever comes next. So a change may be told twice, and is told once at least.
 * KEY is of the program: what was told to one is not known to another, nor what somebody saw on a terminal to any.
 */
#ifndef VERIFIER_TELL_H
#define VERIFIER_TELL_H

#include "options.h"

/** From here on what was told is this process's alone, and forgotten with it; or no longer so. @return 0 or -errno */
int tell_in_memory(bool on);

/**
 * Before a host is judged, and when its history has changed: tell what is recorded and was not told. Where nothing was told yet, changes
 * are counted from what the history says now.
 */
void tell_untold(const struct options *o, const char *host);

/**
 * Say what was found, and what the host's history says if another verifier has recorded something else since, and run --on-change, which
 * has 60 s, for each that is not what was told last.
 */
void tell_change(const struct options *o, const char *host, const struct outcome *out, const char *verdict);

/** The same of what cannot be recorded: a host that was to come and did not, and somebody has its file; a file that cannot be read. */
void tell_unrecorded(const struct options *o, const char *host, const char *verdict, const char *codes);

/** Nothing was told of a host to anybody who is told of it: it is another one now. @return 0 or -errno */
int tell_anew(const char *state, const char *host, struct attest_error *err);

/** Whether --on-change is a path. @return 0 or -EINVAL */
int tell_is_usable(const struct options *o);

#endif /* VERIFIER_TELL_H */
