/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/arena.h>

#include <flask/env.h>
#include <xen/errno.h>
#include <xen/lib.h>

#define CHUNK_BYTES (64U * 1024)

struct arena_chunk {
    struct arena_chunk *next;
    size_t size, used;           /* bytes of data[] */
    uint64_t data[];
};

void arena_init(struct arena *a, size_t limit)
{
    *a = (struct arena){ .limit = limit };
}

void *arena_alloc(struct arena *a, size_t size)
{
    struct arena_chunk *c = a->chunks;
    size_t bytes, want;
    void *p;

    if (size > a->limit) {
        a->error = -E2BIG;
        return NULL;
    }
    want = size ? (size + 7) & ~(size_t)7 : 8;
    if (c == NULL || c->size - c->used < want) {
        bytes = max((size_t)CHUNK_BYTES - sizeof(*c), want);
        if (bytes + sizeof(*c) > a->limit - a->used) {
            bytes = want;
        }
        if (bytes + sizeof(*c) > a->limit - a->used) {
            a->error = -E2BIG;
            return NULL;
        }
        c = xsm_env_alloc(bytes + sizeof(*c));
        if (c == NULL) {
            a->error = -ENOMEM;
            return NULL;
        }
        c->size = bytes;
        c->used = 0;
        a->used += bytes + sizeof(*c);
        if (want > CHUNK_BYTES / 2 && a->chunks != NULL) {
            /* A big piece of its own: go on filling the current chunk. */
            c->next = a->chunks->next;
            a->chunks->next = c;
        } else {
            c->next = a->chunks;
            a->chunks = c;
        }
    }
    p = (uint8_t *)c->data + c->used;
    c->used += want;
    memset(p, 0, want);
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t bytes;

    if (mul_overflows(count, size, &bytes)) {
        a->error = -E2BIG;
        return NULL;
    }
    return arena_alloc(a, bytes);
}

void arena_free(struct arena *a)
{
    struct arena_chunk *c, *next;

    for (c = a->chunks; c != NULL; c = next) {
        next = c->next;
        xsm_env_free(c);
    }
    a->chunks = NULL;
    a->used = 0;
}
