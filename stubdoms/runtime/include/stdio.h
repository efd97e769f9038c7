/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of <stdio.h> that a stub domain has. Formats: d i u x X o c s p %, with flags - 0 + space #,
 * width, precision, * and the lengths hh h l ll z t j.
 */
#ifndef RUNTIME_LIBC_STDIO_H
#define RUNTIME_LIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>

int snprintf(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char *text, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
