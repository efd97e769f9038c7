/* SPDX-License-Identifier: Apache-2.0 */
/* The mapping side: handles. They live in chunks that are never moved, free ones on a list. */
#include "private.h"

/* Lock held. */
struct grant_track *track_at(struct grant_table *gt, uint32_t handle)
{
    uint64_t count = (uint64_t)gt->track_chunks * TRACKS_PER_CHUNK, i;

    if (handle >= count) {
        return NULL;
    }
    i = array_index_nospec(handle, count);
    return &gt->track[i / TRACKS_PER_CHUNK][i % TRACKS_PER_CHUNK];
}

static bool tracks_grow(struct grant_table *gt)
{
    uint32_t first = gt->track_chunks * TRACKS_PER_CHUNK;
    struct grant_track *chunk;

    if (gt->track_chunks == TRACK_CHUNKS) {
        return false;
    }
    chunk = xzalloc_array(struct grant_track, TRACKS_PER_CHUNK);
    if (!chunk) {
        return false;
    }
    for (uint32_t i = 0; i < TRACKS_PER_CHUNK; i++) {
        chunk[i].next = i + 1 < TRACKS_PER_CHUNK ? first + i + 2 : gt->track_free;
    }
    gt->track[gt->track_chunks++] = chunk;
    gt->track_free = first + 1;
    return true;
}

struct grant_track *track_alloc(struct grant_table *gt, uint32_t *handle)
{
    struct grant_track *t = NULL;

    spin_lock(&gt->track_lock);
    if (gt->track_free || tracks_grow(gt)) {
        *handle = gt->track_free - 1;
        t = track_at(gt, *handle);
        gt->track_free = t->next;
        t->state = TRACK_BUSY;
    }
    spin_unlock(&gt->track_lock);
    return t;
}

struct grant_track *track_take(struct grant_table *gt, uint32_t handle)
{
    struct grant_track *t;

    spin_lock(&gt->track_lock);
    /* Who has it in hand does one mapping at a time and waits for none: policy may be about to take it away. */
    while ((t = track_at(gt, handle)) && t->state == TRACK_BUSY) {
        spin_unlock(&gt->track_lock);
        cpu_relax();
        spin_lock(&gt->track_lock);
    }
    if (t && (t->state == TRACK_MAPPED || t->state == TRACK_REVOKED)) {
        t->state = TRACK_BUSY;
    } else {
        t = NULL;
    }
    spin_unlock(&gt->track_lock);
    return t;
}

/* Not to be had now: being made or looked at, or taken apart and maybe still in a TLB. */
static bool in_hands(const struct grant_track *t)
{
    return t->state == TRACK_BUSY || t->state == TRACK_PENDING;
}

struct grant_track *track_take_next(struct grant_table *gt, uint32_t *handle, bool *busy)
{
    struct grant_track *t;

    spin_lock(&gt->track_lock);
    while ((t = track_at(gt, *handle)) && t->state != TRACK_MAPPED &&
           !(busy && in_hands(t))) {
        ++*handle;
    }
    if (busy) {
        *busy = t && in_hands(t);
    }
    if (t && in_hands(t)) {
        t = NULL;
    } else if (t) {
        t->state = TRACK_BUSY;
    }
    spin_unlock(&gt->track_lock);
    return t;
}

void track_set(struct grant_table *gt, struct grant_track *t, enum track_state state)
{
    spin_lock(&gt->track_lock);
    t->state = (uint8_t)state;
    spin_unlock(&gt->track_lock);
}

void track_free(struct grant_table *gt, uint32_t handle)
{
    struct grant_track *t;

    spin_lock(&gt->track_lock);
    t = track_at(gt, handle);
    ASSERT(t && t->state != TRACK_FREE);
    t->owner = NULL;
    t->page = NULL;
    t->state = TRACK_FREE;
    t->next = gt->track_free;
    gt->track_free = handle + 1;
    spin_unlock(&gt->track_lock);
}
