/* SPDX-License-Identifier: Apache-2.0 */
/* Image recipes: the text, line by line. docs/image-recipes.md is the manual. */
#ifndef BH_BUILD_RECIPE_H
#define BH_BUILD_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"

enum recipe_kind {
    RECIPE_DIR,
    RECIPE_FILE,    /* source: relative to the recipe's folder */
    RECIPE_BUILT,   /* source: relative to the build folder */
    RECIPE_PACKAGE, /* source: absolute path in a Debian package */
    RECIPE_PROGRAM, /* the same, with the shared libraries it needs */
    RECIPE_LINK,    /* source: what the link holds */
    RECIPE_NODE,
    RECIPE_MODULE,  /* source: module name */
    RECIPE_HOST,    /* source: name of a file that the host's description gives */
};

struct recipe_entry {
    enum recipe_kind kind;
    unsigned int line;
    unsigned int mode;  /* permission bits; of DIR, FILE, BUILT, NODE, HOST */
    char *package;      /* of PACKAGE and PROGRAM */
    char *source;
    char *path;         /* absolute path in the image; of all but MODULE */
    char node_type;     /* 'c' or 'b' */
    unsigned int major, minor;
};

struct recipe {
    char *file; /* its name, for messages */
    struct recipe_entry *entries;
    size_t count;
};

/**
 * Read a recipe.
 *
 * @return true if there was no mistake; recipe_free() either way
 */
bool recipe_parse(struct recipe *recipe, const char *file, const uint8_t *text, size_t len,
                  struct diag *diag);

void recipe_free(struct recipe *recipe);

#endif
