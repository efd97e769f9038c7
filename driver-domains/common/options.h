/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What backendd is told: words KEY=VALUE, after its name in init.conf, and as backendd.KEY=VALUE on
 * the kernel's command line, where host.conf puts what belongs to one host. Both are measured.
 */
#ifndef DRIVER_DOMAINS_OPTIONS_H
#define DRIVER_DOMAINS_OPTIONS_H

#include "link.h"

#define OPTIONS_ADDRESSES_MAX 4
#define OPTIONS_PREFIX "backendd."

struct options {
    struct link_address address[OPTIONS_ADDRESSES_MAX]; /* of the domain's bridge */
    unsigned int address_count;
    struct in_addr gateway; /* 0.0.0.0: none */
};

/** Take one word KEY=VALUE. @return NULL; what is wrong with it */
const char *options_word(struct options *options, const char *word);

/**
 * Take the words of a kernel command line that begin with OPTIONS_PREFIX.
 *
 * @param line  NUL-terminated, changed in place
 * @param bad   out: the word at fault
 * @return NULL; what is wrong with it
 */
const char *options_cmdline(struct options *options, char *line, const char **bad);

/** "A.B.C.D/BITS". @return 0; -1 it is not */
int options_address(const char *text, struct link_address *address);

/** A decimal number and nothing else. @return 0; -1 */
int options_number(const char *text, unsigned int max, unsigned int *out);

#endif
