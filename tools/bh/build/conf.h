/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax of host.conf, without its meaning:
 *
 *     # comment
 *     kind name {
 *         key = word
 *         key = "quoted, with \" and \\ inside", another
 *         kind name { ... }
 *     }
 *
 * One statement a line; a comma makes a list, which may go on in the next line after the comma.
 * Every piece keeps its line, since a mistake found late (a connection to a domain that does not
 * exist) is reported where it was written.
 */
#ifndef BH_BUILD_CONF_H
#define BH_BUILD_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "diag.h"

#define CONF_DEPTH_MAX 4

struct conf_entry {
    char *key;
    unsigned int line;
    char **values; /* at least one */
    size_t value_count;
    struct conf_entry *next;
};

struct conf_section {
    char *kind; /* NULL for the file itself */
    char *name; /* NULL if the section has none */
    unsigned int line;
    struct conf_entry *entries;     /* in the order written */
    struct conf_section *sections;  /* in the order written */
    struct conf_section *next;
};

/**
 * Read a description.
 *
 * @param file  its name, for messages
 * @param text  its bytes; need not end in NUL; may hold anything
 * @param len   how many
 * @param diag  mistakes go here; the parser goes on after most
 * @return the tree, owned by the caller (conf_free), even when there were mistakes
 */
struct conf_section *conf_parse(const char *file, const uint8_t *text, size_t len,
                                struct diag *diag);

/** The first entry with a key, or NULL. */
const struct conf_entry *conf_find(const struct conf_section *section, const char *key);

void conf_free(struct conf_section *section);

#endif
