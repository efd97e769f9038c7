/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the nearest of a list of known words. */
#ifndef BH_BUILD_SUGGEST_H
#define BH_BUILD_SUGGEST_H

#include <stddef.h>

/**
 * The known word nearest to a misspelt one.
 *
 * @param word   what was written
 * @param known  the words that exist
 * @param count  how many
 * @return one of `known` (borrowed), or NULL when none is near: more than a third of its letters,
 *         and more than one, would have to change
 */
const char *suggest_nearest(const char *word, const char *const *known, size_t count);

#endif
