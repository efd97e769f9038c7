/* SPDX-License-Identifier: Apache-2.0 */
#include "error.h"

#include <xen/lib.h>

int launch_fail(struct launch_error *err, int code, const char *fmt, ...)
{
    va_list ap;

    if (err != NULL) {
        va_start(ap, fmt);
        vsnprintf(err->text, sizeof(err->text), fmt, ap);
        va_end(ap);
    }
    return code;
}
