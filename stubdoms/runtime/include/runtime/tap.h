/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test Anything Protocol output for guest tests:
 *
 *     tap_plan(3);
 *     tap_ok(rc == -XEN_EPERM, "binding another domain's port is refused, rc=%ld", rc);
 *     ...
 *     tap_done();
 *
 * Each call prints one line: "ok 1 - ...", "not ok 2 - ...", "1..N", "# remark".
 */
#ifndef RUNTIME_TAP_H
#define RUNTIME_TAP_H

#include <runtime/xen.h>

/** Announce how many tests follow; 0: not known yet, tap_done() prints the plan. */
void tap_plan(unsigned int count);

/** Report one test; returns @condition. */
bool tap_ok(bool condition, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Compare two numbers, printing both when they differ. */
bool tap_is(long got, long want, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Report one test as not run, with the reason. */
void tap_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** A remark. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Print the plan if it was not known before, "# done: N passed, M failed", and power off. */
void tap_done(void) __attribute__((noreturn));

#endif
