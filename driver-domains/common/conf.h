/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /etc/init.conf of a Linux service domain: one directive a line, words separated by blanks, `#`
 * starts a comment. README.md lists the directives. The file is part of the measured image.
 */
#ifndef DRIVER_DOMAINS_CONF_H
#define DRIVER_DOMAINS_CONF_H

#include <stddef.h>

#define CONF_WORDS_MAX 16
#define CONF_LINES_MAX 32

/* One directive: words[0] is its name; words[count] is NULL, so that words + 1 is an argv. */
struct conf_line {
    unsigned int number; /* line in the file, from 1, for messages */
    unsigned int count;  /* words, at least 1 */
    char *words[CONF_WORDS_MAX + 1];
};

struct conf {
    unsigned int count;
    struct conf_line line[CONF_LINES_MAX];
};

/**
 * Split a configuration text into directives.
 *
 * @param text   NUL-terminated text, changed in place; the words point into it
 * @param conf   out: the directives in the order of the file
 * @param error  out: the number of the line that is too long or one too many, 0 on success
 * @return 0; -1 a limit was exceeded
 * Owner: the text must outlive conf.
 */
int conf_parse(char *text, struct conf *conf, unsigned int *error);

/**
 * Find the parameters of a kernel module: the directive `options NAME WORD...`.
 *
 * @param conf  parsed configuration
 * @param name  module name; '-' and '_' mean the same
 * @param out   out: parameters separated by blanks, empty when there are none
 * @param size  bytes in out
 * @return 0; -1 they do not fit
 */
int conf_module_options(const struct conf *conf, const char *name, char *out, size_t size);

/**
 * Whether two module names are the same, '-' and '_' being equal.
 *
 * @param length  bytes of b that count; a must end there
 */
int conf_module_same(const char *a, const char *b, size_t length);

#endif
