/* SPDX-License-Identifier: Apache-2.0 */
/* The part of <stdlib.h> that a stub domain has; the standard's contracts apply. */
#ifndef RUNTIME_LIBC_STDLIB_H
#define RUNTIME_LIBC_STDLIB_H

#include <stddef.h>

void *calloc(size_t count, size_t size);
void free(void *p);
void *malloc(size_t size);
void *realloc(void *p, size_t size);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
unsigned long strtoul(const char *s, char **end, int base);
void abort(void) __attribute__((noreturn));

/** Bytes handed out by malloc() at the moment, headers included. */
size_t heap_used(void);

/** Refuse to let the heap grow past @bytes of pages; default: three quarters of RAM. */
void heap_limit(size_t bytes);

#endif
