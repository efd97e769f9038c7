/* SPDX-License-Identifier: Apache-2.0 */
/* One line that says what a launch input lacks: which module, node or offset, what was expected. */
#ifndef LAUNCH_ERROR_H
#define LAUNCH_ERROR_H

#include <xen/types.h>

struct launch_error {
    char text[256]; /* NUL-terminated, no newline */
};

/**
 * Write the line and hand back the code, so that a refusal is one statement.
 *
 * @param err  may be NULL
 * @return code
 */
int launch_fail(struct launch_error *err, int code, const char *fmt, ...) printf_like(3, 4);

#endif
