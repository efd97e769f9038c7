/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_LIB_RENAMED_H
#define TESTS_LIB_RENAMED_H

#include <xen/lib.h>

void *hv_memcpy(void *restrict dst, const void *restrict src, size_t n);
void *hv_memmove(void *dst, const void *src, size_t n);
void *hv_memset(void *dst, int c, size_t n);
int hv_memcmp(const void *a, const void *b, size_t n);
void *hv_memchr(const void *s, int c, size_t n);
size_t hv_strlen(const char *s);
size_t hv_strnlen(const char *s, size_t max);
int hv_strcmp(const char *a, const char *b);
int hv_strncmp(const char *a, const char *b, size_t n);
char *hv_strchr(const char *s, int c);
int hv_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) printf_like(3, 0);
int hv_snprintf(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);

#endif
