/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_UTC_H
#define ATTEST_UTC_H

#include <stdint.h>

/* Times in files and on the terminal: UTC, "2026-01-31T12:00:00Z"; seconds since 1970 inside. */
#define UTC_SIZE 24

/** @return 0; -EINVAL another form, no such date, or a year outside 1970 to 9999 */
int utc_parse(const char *text, int64_t *out);
/** @param t  outside the range above it is shown as its nearest end */
const char *utc_format(char buf[UTC_SIZE], int64_t t);

#endif /* ATTEST_UTC_H */
