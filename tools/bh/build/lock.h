/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debian.lock: which Debian packages images are made from, to the byte. One line each, sorted:
 *
 *     NAME VERSION SHA256        of the .deb file
 *
 * `#` starts a comment. Nothing goes into an image that the file does not list.
 */
#ifndef BH_BUILD_LOCK_H
#define BH_BUILD_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "diag.h"

struct lock_pin {
    char *package;
    char *version;
    char sha256[65];
};

struct lock {
    struct lock_pin *pins; /* sorted by package */
    size_t count;
};

/** Read the text of a lock file. @return true if there was no mistake; lock_free() either way */
bool lock_parse(struct lock *lock, const char *file, const uint8_t *text, size_t len,
                struct diag *diag);

/** The pin of a package, or NULL. */
const struct lock_pin *lock_find(const struct lock *lock, const char *package);

/** Pin a package, instead of an older pin of it. */
void lock_set(struct lock *lock, const char *package, const char *version, const char *sha256);

/** Forget a package. */
void lock_remove(struct lock *lock, const char *package);

/** The file's text; appended. */
void lock_text(const struct lock *lock, struct buf *out);

void lock_free(struct lock *lock);

#endif
