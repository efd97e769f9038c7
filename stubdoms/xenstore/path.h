/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and permission strings as clients write them.
 */
#ifndef XENSTORE_PATH_H
#define XENSTORE_PATH_H

#include "node.h"

#define PATH_INTRODUCE "@introduceDomain"
#define PATH_RELEASE "@releaseDomain"

/**
 * Whether @path (of @length, no NUL in it) is a well-formed absolute path: "/" or components of
 * letters, digits and -_@ separated by single slashes, at most XENSTORE_ABS_PATH_MAX bytes.
 */
bool path_is_valid(const char *path, size_t length);

/** Whether it is one of the two special names. */
bool path_is_special(const char *path, size_t length);

/**
 * Make a client's path absolute: one without a leading '/' lies below /local/domain/<domid>.
 *
 * @param text    the client's, with its NUL at @length
 * @param out     room for XENSTORE_ABS_PATH_MAX + 1 bytes
 * @return length of the result, or 0 when the path is not valid
 */
size_t path_canonical(uint16_t domid, const char *text, size_t length, char *out);

/** Whether @path is @top or below it. */
bool path_is_below(const char *path, size_t length, const char *top, size_t top_len);

/**
 * Read one permission, "n5", "r0", "w12" or "b3".
 *
 * @return false when it is anything else
 */
bool perm_parse(const char *text, size_t length, struct perm *perm);

/** Write one; returns its length without the NUL. @text has room for 8 bytes. */
size_t perm_format(const struct perm *perm, char *text);

/** Read a decimal domain id, 0..32751, of exactly @length digits. */
bool domid_parse(const char *text, size_t length, uint16_t *domid);

#endif
