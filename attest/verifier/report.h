/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict or a log for people and for programs. */
#ifndef VERIFIER_REPORT_H
#define VERIFIER_REPORT_H

#include <stdio.h>

#include <attest/eventlog.h>
#include <attest/verify.h>

/** Table and one line per difference; matching loader commands are counted, not listed, unless
 * verbose. */
void report_text(FILE *out, const struct verdict *v, bool verbose);
/** { "verdict", "reference", "findings": [ { "component", "code", "failure", "pcr", "kind", "expected",
 * "found", "since" } ] }; "since" only where a history tells it. */
void report_json(FILE *out, const struct verdict *v);
/** One line per event. */
void report_log(FILE *out, const struct event_log *log);

#endif /* VERIFIER_REPORT_H */
