/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling that a host's verdict or its reasons changed: a line, and a program that the user names. What was told last is on disk,
 * HOST.told in the state folder, written after it was told: what is recorded and then not told, as its process ended in between, is
 * told by whoever comes next. So a change may be told twice, and is told once at least.
 */
#ifndef VERIFIER_TELL_H
#define VERIFIER_TELL_H

#include "options.h"

/** Before a host is judged: where nothing was told yet, changes are counted from what its history says now. */
void tell_begin(const struct options *o, const char *host);

/** Tell a failure or a silence that is recorded and was not told. A PASS waits for the next one: a silence may have been told since (tell_unrecorded()). */
void tell_untold(const struct options *o, const char *host);

/**
 * Say what the host's history says, and run --on-change, which has 60 s, if it is not what was told last.
 * @param out, verdict  what to say of a host without a history
 */
void tell_change(const struct options *o, const char *host, const struct outcome *out, const char *verdict);

/** The same of what cannot be recorded: a host that was to come and did not, and somebody has its file; a file that cannot be read. */
void tell_unrecorded(const struct options *o, const char *host, const char *verdict, const char *codes);

/** Whether --on-change is a path. @return 0 or -EINVAL */
int tell_is_usable(const struct options *o);

#endif /* VERIFIER_TELL_H */
