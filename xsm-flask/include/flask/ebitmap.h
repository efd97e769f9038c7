/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extensible bitmaps: sets of small numbers, kept as the ascending 64-bit words that are not zero, the
 * way the policy image stores them.
 */
#ifndef FLASK_EBITMAP_H
#define FLASK_EBITMAP_H

#include <flask/cursor.h>
#include <xen/types.h>

#define EBITMAP_BITS_MAX 65536U

struct ebitmap_node {
    uint32_t start;              /* number of bit 0 of map, a multiple of 64 */
    uint64_t map;                /* not zero */
};

struct ebitmap {
    struct ebitmap_node *node;   /* ascending; NULL when empty */
    uint32_t count;
};

/** Read from the image into the cursor's arena. @return 0; -EINVAL malformed; -ENOMEM; -E2BIG */
int ebitmap_load(struct cursor *c, struct ebitmap *e);

bool ebitmap_test(const struct ebitmap *e, uint32_t bit);
/** Set a bit; `room` is how many nodes e->node can hold. @return 0; -ENOSPC */
int ebitmap_set(struct ebitmap *e, uint32_t room, uint32_t bit);
bool ebitmap_equal(const struct ebitmap *a, const struct ebitmap *b);
/** Whether every bit of b is in a. */
bool ebitmap_includes(const struct ebitmap *a, const struct ebitmap *b);
/** First bit at or above `from`; EBITMAP_BITS_MAX when there is none. */
uint32_t ebitmap_next(const struct ebitmap *e, uint32_t from);
/** One above the highest bit, 0 when empty. */
uint32_t ebitmap_limit(const struct ebitmap *e);
/** Number of bits. */
uint32_t ebitmap_weight(const struct ebitmap *e);

#endif
