/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte string, and allocation that ends the program when memory is out: a host tool that
 * runs for seconds has nothing better to do then. The bytes are always followed by a NUL that is
 * not counted, so that `data` can be read as a C string.
 */
#ifndef BH_BUILD_BUF_H
#define BH_BUILD_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* owned; NULL until something is put in */
    size_t len;
    size_t cap;
};

/** Allocate zeroed memory; never returns NULL. */
void *bh_alloc(size_t size) __attribute__((returns_nonnull));
/** Grow an array to hold `count` items of `size`; never returns NULL. */
void *bh_grow(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
/** Copy a string; the caller owns the copy. */
char *bh_strdup(const char *text);
char *bh_strndup(const char *text, size_t len);
/** Format into a new string; the caller owns it. */
char *bh_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *bh_vprintf(const char *format, va_list args);

void buf_put(struct buf *b, const void *data, size_t len);
void buf_zero(struct buf *b, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args);
/** Free the bytes and make the buffer empty again. */
void buf_free(struct buf *b);

#endif
