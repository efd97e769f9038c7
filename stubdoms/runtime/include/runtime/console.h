/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text output. It goes to the PV console ring when the domain has one, else to the hypervisor's
 * console (CONSOLEIO_write). The word rt.console=ring|hv|both|none on the command line overrides.
 * A peer that does not read costs at most a short wait; then text is dropped and counted.
 */
#ifndef RUNTIME_CONSOLE_H
#define RUNTIME_CONSOLE_H

#include <stdarg.h>
#include <stddef.h>

/** Print; one call is one piece on the console, at most 1023 bytes. Any vCPU, any context. */
void printk(const char *format, ...) __attribute__((format(printf, 1, 2)));
void vprintk(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/** Write bytes as they are. */
void console_write(const char *text, size_t length);

/** Read typed bytes, without waiting; returns how many were there. PV ring only. */
size_t console_read(char *text, size_t size);

/** Bytes dropped because nobody read the ring. */
unsigned long console_lost(void);

#endif
