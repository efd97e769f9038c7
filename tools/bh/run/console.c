/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of the serial console to lines with an origin. */
#include "console.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void console_init(struct console *console, console_line_fn *on_line, void *context)
{
    memset(console, 0, sizeof(*console));
    console->on_line = on_line;
    console->context = context;
}

int console_origin(const char *line, const char **text)
{
    *text = line;
    if (strncmp(line, "(XEN) ", 6) == 0) {
        *text = line + 6;
        return CONSOLE_HYPERVISOR;
    }
    if (strncmp(line, "(d", 2) == 0 && isdigit((unsigned char)line[2])) {
        char *end;
        unsigned long id = strtoul(line + 2, &end, 10);

        if (end[0] == ')' && id > 0 && id < 32752) {
            *text = end[1] == ' ' ? end + 2 : end + 1;
            return (int)id;
        }
    }
    return CONSOLE_FIRMWARE;
}

void console_flush(struct console *console)
{
    const char *text;

    if (console->length == 0) {
        return;
    }
    console->line[console->length] = '\0';
    console->length = 0;
    int origin = console_origin(console->line, &text);

    console->on_line(console->context, origin, text);
}

/* @return 1 if the byte belongs to a terminal escape sequence */
static int escape_step(struct console *console, char c)
{
    if (console->escape == 0) {
        console->escape = c == '\033';
        return console->escape;
    }
    if (console->escape == 1) {
        console->escape = c == '[' ? 2 : 0;
        return 1;
    }
    if ((c >= '@' && c <= '~') || c == '\n') {
        console->escape = 0;
    }
    return c != '\n';
}

void console_feed(struct console *console, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];

        if (escape_step(console, c)) {
            continue;
        }
        if (c == '\n') {
            console_flush(console);
            continue;
        }
        if ((unsigned char)c < ' ' && c != '\t') {
            continue;
        }
        if (console->length == sizeof(console->line) - 1) {
            console_flush(console);
        }
        console->line[console->length++] = (unsigned char)c == 0x7f ? '?' : c;
    }
}
