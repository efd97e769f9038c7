/* SPDX-License-Identifier: Apache-2.0 */
#include "cil_mark.h"

#include <string.h>

/* The file's name without its folder: the same description gives the same bytes wherever it is. */
void cil_mark(struct buf *out, const struct host *host, unsigned int line)
{
    const char *slash = strrchr(host->file, '/'), *name = slash != NULL ? slash + 1 : host->file;

    buf_printf(out, ";;* lmx %u \"", line);
    for (const char *p = name; *p != '\0'; p++) {
        if (*p != '"' && *p != '\n') {
            buf_put(out, p, 1);
        }
    }
    buf_puts(out, "\"\n");
}

void cil_mark_end(struct buf *out)
{
    buf_puts(out, ";;* lme\n");
}
