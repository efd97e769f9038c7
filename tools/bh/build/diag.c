/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"

void diag_error(struct diag *diag, const char *file, unsigned int line, const char *key,
                const char *format, ...)
{
    va_list args;

    if (file == NULL) {
        buf_puts(&diag->text, "bh: ");
    } else if (line == 0) {
        buf_printf(&diag->text, "%s: ", file);
    } else {
        buf_printf(&diag->text, "%s:%u: ", file, line);
    }
    if (key != NULL) {
        buf_printf(&diag->text, "%s: ", key);
    }
    va_start(args, format);
    buf_vprintf(&diag->text, format, args);
    va_end(args);
    buf_puts(&diag->text, "\n");
    diag->error_count++;
}

void diag_free(struct diag *diag)
{
    buf_free(&diag->text);
    diag->error_count = 0;
}
