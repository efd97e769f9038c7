/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's serial console as lines. Bytes come in as QEMU delivers them; out come whole lines
 * without carriage returns and terminal escapes, each with its origin: firmware and loader print
 * bare lines, the hypervisor prefixes its own with "(XEN) " and those of domain N with "(dN) ".
 * Nothing here trusts the bytes: guests write most of them.
 */
#ifndef BH_RUN_CONSOLE_H
#define BH_RUN_CONSOLE_H

#include <stddef.h>

#define CONSOLE_LINE_MAX 1024
#define CONSOLE_FIRMWARE (-1) /* origin: before the hypervisor */
#define CONSOLE_HYPERVISOR 0  /* origin: the hypervisor; others: a domid */

typedef void console_line_fn(void *context, int origin, const char *text);

struct console {
    char line[CONSOLE_LINE_MAX];
    size_t length;
    int escape; /* 0: text; 1: after ESC; 2: inside an escape sequence */
    console_line_fn *on_line;
    void *context;
};

void console_init(struct console *console, console_line_fn *on_line, void *context);

/** Take bytes in; calls on_line once per complete line. A line too long is cut in two. */
void console_feed(struct console *console, const char *bytes, size_t length);

/** Hand over what is left without a line end. */
void console_flush(struct console *console);

/** Origin of a line. @param text  out: the line without its prefix, inside `line` */
int console_origin(const char *line, const char **text);

#endif
