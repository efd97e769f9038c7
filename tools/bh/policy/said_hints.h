/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about what libsepol says: the word at fault in the line, what was meant, the other place. */
#ifndef BH_POLICY_SAID_HINTS_H
#define BH_POLICY_SAID_HINTS_H

#include "names.h"
#include "source.h"

/** Improve the last message, which has libsepol's words and a line. */
void said_explain(struct messages *m, const struct source *s, const struct names *n);

/** A keyword that CIL does not have. */
void said_keyword(struct messages *m, const struct source *s, const char *word);

#endif
