/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mistakes found in what a person wrote. Each is one line, `file:line: key: what is wrong;
 * suggestion`, so that editors can jump to it. All mistakes of a file are collected before giving
 * up: a person corrects a description in one round, not in ten.
 */
#ifndef BH_BUILD_DIAG_H
#define BH_BUILD_DIAG_H

#include "buf.h"

struct diag {
    struct buf text; /* all messages, in the order found */
    unsigned int error_count;
};

/**
 * Note a mistake.
 *
 * @param file  file it is in, as the person named it; NULL when it is in no file
 * @param line  1-based; 0 when the mistake is the file as a whole
 * @param key   the key or section concerned; NULL for none
 */
void diag_error(struct diag *diag, const char *file, unsigned int line, const char *key,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/** Free the messages. */
void diag_free(struct diag *diag);

#endif
