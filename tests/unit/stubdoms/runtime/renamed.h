/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets the runtime's C library functions live beside the host's: each gets the prefix rt_. A test
 * includes the host's headers first, then this, then the runtime's source.
 */
#ifndef TEST_RUNTIME_RENAMED_H
#define TEST_RUNTIME_RENAMED_H

#include <stdarg.h>
#include <stddef.h>

int rt_snprintf(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int rt_vsnprintf(char *text, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
void rt_qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
unsigned long rt_strtoul(const char *s, char **end, int base);
void *rt_malloc(size_t size);
void *rt_calloc(size_t count, size_t size);
void *rt_realloc(void *p, size_t size);
void rt_free(void *p);

#define snprintf rt_snprintf
#define vsnprintf rt_vsnprintf
#define qsort rt_qsort
#define strtoul rt_strtoul
#define malloc rt_malloc
#define calloc rt_calloc
#define realloc rt_realloc
#define free rt_free

#endif
