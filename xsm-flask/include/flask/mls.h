/* SPDX-License-Identifier: Apache-2.0 */
/* Multi-level security: comparison, text and computation of ranges. */
#ifndef FLASK_MLS_H
#define FLASK_MLS_H

#include <flask/context.h>
#include <flask/text.h>

struct policydb;

bool mls_level_equal(const struct mls_level *a, const struct mls_level *b);
/** Whether a dominates b: its sensitivity is not lower and it has all of b's categories. */
bool mls_level_dominates(const struct mls_level *a, const struct mls_level *b);
/** Whether every level of `inner` lies within `outer`. */
bool mls_range_contains(const struct mls_range *outer, const struct mls_range *inner);
/** Whether the context's range is well formed and open to its user; true without MLS. */
bool mls_context_valid(const struct policydb *p, const struct context *c);

/** Deep copy. @return 0; -ENOMEM. Owner: the caller, mls_range_free(). */
int mls_range_copy(struct mls_range *dst, const struct mls_range *src);
void mls_range_free(struct mls_range *r);

/** Parse "low[-high]" into *out. @return 0; -EINVAL; -ENOMEM; *out is the caller's to free. */
int mls_parse(const struct policydb *p, const char *text, size_t size, struct mls_range *out);
/** Append ":low[-high]". */
void mls_format(const struct policydb *p, const struct mls_range *r, struct text *t);

#endif
