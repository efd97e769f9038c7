/* SPDX-License-Identifier: Apache-2.0 */
/* printk for tests: remembers the last line, so that tests can ask for its words. */
#include "fake_log.h"

#include <stdarg.h>
#include <stdio.h>

#include <xen/lib.h>

char fake_log_last[256];

void printk(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    (void)level;
    va_start(ap, fmt);
    vsnprintf(fake_log_last, sizeof(fake_log_last), fmt, ap);
    va_end(ap);
}
