/* SPDX-License-Identifier: Apache-2.0 */
/* The part of <string.h> that a stub domain has; the standard's contracts apply. */
#ifndef RUNTIME_LIBC_STRING_H
#define RUNTIME_LIBC_STRING_H

#include <stddef.h>

void *memchr(const void *s, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
char *strchr(const char *s, int c);
int strcmp(const char *a, const char *b);
char *strdup(const char *s);
size_t strlen(const char *s);
int strncmp(const char *a, const char *b, size_t n);
size_t strnlen(const char *s, size_t n);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *needle);

#endif
