/* SPDX-License-Identifier: Apache-2.0 */
/* Raw terminal for `bh run --shell`. */
#include "terminal.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define END_KEY 0x1d /* Ctrl-] */

static struct termios saved;
static int changed;
static char prefix[16];
static size_t matched; /* bytes of the prefix seen at the start of this line */
static int line_begun; /* past the place where a prefix can be */

void terminal_begin(const char *domain_prefix)
{
    struct termios raw;

    snprintf(prefix, sizeof(prefix), "%s", domain_prefix);
    if (tcgetattr(STDIN_FILENO, &saved) < 0) {
        return;
    }
    raw = saved;
    cfmakeraw(&raw);
    raw.c_oflag |= OPOST | ONLCR;
    changed = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

void terminal_show(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!line_begun && bytes[i] == prefix[matched]) {
            matched++;
            if (prefix[matched] == '\0') {
                line_begun = 1;
                matched = 0;
            }
            continue;
        }
        if (matched > 0) {
            fwrite(prefix, 1, matched, stdout);
            matched = 0;
        }
        if (bytes[i] != '\r') {
            line_begun = bytes[i] != '\n';
        }
        putchar(bytes[i]);
    }
    fflush(stdout);
}

int terminal_type(int to)
{
    char keys[256];
    ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

    if (n <= 0 || memchr(keys, END_KEY, (size_t)n) != NULL) {
        return -1;
    }
    return write(to, keys, (size_t)n) == n ? 0 : -1;
}

void terminal_end(void)
{
    if (changed) {
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
        changed = 0;
        putchar('\n');
    }
}
