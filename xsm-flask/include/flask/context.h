/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security contexts: user, role, type and, under MLS, a range of levels. Values are those of one
 * policy; the text form is what survives a reload.
 */
#ifndef FLASK_CONTEXT_H
#define FLASK_CONTEXT_H

#include <flask/ebitmap.h>
#include <xen/types.h>

struct policydb;

struct mls_level {
    uint32_t sens;               /* 1.., order is dominance */
    struct ebitmap cats;         /* bit = category - 1 */
};

struct mls_range {
    struct mls_level level[2];   /* low, high */
};

struct context {
    uint32_t user, role, type;   /* 1.. */
    struct mls_range range;      /* all zero without MLS */
};

#define OBJECT_R 1U              /* the role of objects has value 1 by convention */

bool context_equal(const struct context *a, const struct context *b);
uint32_t context_hash(const struct context *c);

/** Deep copy. Owner of the result: the caller, context_free(). @return 0; -ENOMEM */
int context_copy(struct context *dst, const struct context *src);
void context_free(struct context *c);

/** Whether the policy lets user, role, type and range stand together. */
bool context_valid(const struct policydb *p, const struct context *c);

/**
 * Parse "user:role:type[:low[-high]]" and check that it is valid.
 *
 * @param text  not NUL-terminated
 * @return 0; -EINVAL; -ENOMEM. Owner of *out on success: the caller, context_free().
 */
int context_parse(const struct policydb *p, const char *text, size_t size, struct context *out);

/**
 * Text of a context, NUL-terminated when it fits.
 *
 * @return bytes needed with NUL; more than `size` means nothing useful was written
 */
size_t context_format(const struct policydb *p, const struct context *c, char *buf, size_t size);

#endif
