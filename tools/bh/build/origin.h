/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes of a file of the image come from: what went in, not what could have. */
#ifndef BH_BUILD_ORIGIN_H
#define BH_BUILD_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

/* Names, each once, sorted byte by byte. */
struct name_set {
    char **names; /* owned */
    size_t count;
};

struct origin {
    struct name_set packages; /* Debian packages of which a file is in it */
    struct name_set linked;   /* "NAME VERSION ARCH" of those that programs were linked with, as installed there */
    bool built;               /* something of the build folder is in it */
};

/** Add a name that may be there already. */
void name_set_add(struct name_set *set, const char *name);
void name_set_free(struct name_set *set);

void origin_free(struct origin *origin);

#endif
