/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_ERROR_H
#define ATTEST_ERROR_H

#include <attest/reference.h>

/**
 * What a file or a peer says, made fit for a terminal and for one line of an answer: each byte that is not printable ASCII
 * becomes a question mark, in place. @return text, which may be NULL
 */
char *text_clean(char *text);

/** Set err's text (if err is not NULL), cleaned, and return code, so that `return attest_fail(...)` works. */
int attest_fail(struct attest_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Lower-case hex of n bytes and a NUL into out (2n + 1 bytes). */
void hex_encode(char *out, const uint8_t *bytes, size_t n);
/** @return 0; -EINVAL not exactly 2n lower- or upper-case hex digits */
int hex_decode(uint8_t *out, size_t n, const char *hex);

/** Read a whole file of at most max bytes; *out is to be freed. @return 0 or -errno, err set */
int file_read(const char *path, size_t max, uint8_t **out, size_t *size, struct attest_error *err);

/** Write a whole file or leave it as it is (temporary file, rename, both on disk). @return 0 or -errno */
int file_write(const char *path, const void *data, size_t size, struct attest_error *err);

#endif /* ATTEST_ERROR_H */
