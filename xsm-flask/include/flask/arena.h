/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one policy: handed out in pieces, released as a whole, never above a limit. So a policy
 * that turns out wrong halfway leaks nothing, and none can take more than its image justifies.
 */
#ifndef FLASK_ARENA_H
#define FLASK_ARENA_H

#include <xen/types.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;  /* owned */
    size_t used;                 /* bytes taken from xsm_env_alloc() */
    size_t limit;                /* bytes that may be taken */
    int error;                   /* 0, or why the last allocation failed: -ENOMEM, -E2BIG */
};

void arena_init(struct arena *a, size_t limit);

/**
 * Zeroed memory, aligned to 8 bytes.
 *
 * @return NULL on failure, a->error says why; never NULL for size 0 on success
 * Owner: the arena.
 */
void *arena_alloc(struct arena *a, size_t size);

/** Array of `count` elements of `size` bytes, checked for overflow. */
void *arena_array(struct arena *a, size_t count, size_t size);

/** Release everything. */
void arena_free(struct arena *a);

#endif
