/* SPDX-License-Identifier: Apache-2.0 */
/* This terminal as the console of a domain: raw input, and output without the domain's prefix. */
#ifndef BH_RUN_TERMINAL_H
#define BH_RUN_TERMINAL_H

#include <stddef.h>

/** Switch standard input to raw, if it is a terminal. @param prefix  of the domain's lines, copied */
void terminal_begin(const char *prefix);

/** Show console bytes. */
void terminal_show(const char *bytes, size_t length);

/** Pass on what was typed. @return 0; -1 the end key (Ctrl-]), end of input, or nobody takes it */
int terminal_type(int to);

/** Put the terminal back as it was. May be called without terminal_begin(). */
void terminal_end(void);

#endif
