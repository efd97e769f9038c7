/* SPDX-License-Identifier: Apache-2.0 */
/* Image recipes: the text, line by line. docs/image-recipes.md is the manual. */
#ifndef BH_BUILD_RECIPE_H
#define BH_BUILD_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "diag.h"

#define RECIPE_FILES_MAX 32

enum recipe_kind {
    RECIPE_DIR,
    RECIPE_FILE,    /* source: relative to the folder of the entry's file */
    RECIPE_BUILT,   /* source: relative to the build folder */
    RECIPE_PACKAGE, /* source: absolute path in a Debian package */
    RECIPE_PROGRAM, /* the same, with the shared libraries it needs */
    RECIPE_LINK,    /* source: what the link holds */
    RECIPE_NODE,
    RECIPE_MODULE,  /* source: module name */
    RECIPE_HOST,    /* source: name of a file that the host's description gives */
    RECIPE_INCLUDE, /* never kept: its file's entries stand in its place */
};

struct recipe_entry {
    enum recipe_kind kind;
    const char *file;   /* where it stands, owned by the recipe */
    unsigned int line;
    unsigned int mode;  /* permission bits; of DIR, FILE, BUILT, NODE, HOST */
    char *package;      /* of PACKAGE and PROGRAM */
    char *source;
    char *path;         /* absolute path in the image; of all but MODULE */
    char node_type;     /* 'c' or 'b' */
    unsigned int major, minor;
};

struct recipe {
    char *files[RECIPE_FILES_MAX]; /* the recipe, then what it includes, each once */
    size_t file_count;
    struct recipe_entry *entries;
    size_t count;
};

/** Reads a file; false after reporting. */
typedef bool recipe_read_fn(void *context, const char *path, struct buf *out, struct diag *diag);

/**
 * Read a recipe with all that it includes.
 *
 * @param recipe  all zero
 * @param path    its file
 * @param read    how to read files, for it and what it includes
 * @return true if there was no mistake; recipe_free() either way
 */
bool recipe_load(struct recipe *recipe, const char *path, recipe_read_fn *read, void *context,
                 struct diag *diag);

void recipe_free(struct recipe *recipe);

#endif
