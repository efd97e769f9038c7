/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/ebitmap.h>

#include <xen/errno.h>
#include <xen/lib.h>

#define MAP_BITS 64U

int ebitmap_load(struct cursor *c, struct ebitmap *e)
{
    uint32_t head[3], i, start, highest, count;
    uint64_t map;
    int rc;

    *e = (struct ebitmap){ 0 };
    rc = cursor_u32s(c, head, 3);
    if (rc != 0) {
        return rc;
    }
    highest = head[1];
    count = head[2];
    if (head[0] != MAP_BITS) {
        return cursor_fail(c, 12, "a bitmap with 64-bit words");
    }
    if (highest > EBITMAP_BITS_MAX || highest % MAP_BITS != 0) {
        return cursor_fail(c, 8, "a bitmap length of at most 65536, a multiple of 64");
    }
    if (count > highest / MAP_BITS || (count == 0) != (highest == 0)) {
        return cursor_fail(c, 4, "as many bitmap words as its length allows");
    }
    if (count == 0) {
        return 0;
    }
    if (count > (c->size - c->at) / 12) {
        return cursor_fail(c, 4, "a bitmap that fits into the rest of the image");
    }
    rc = cursor_alloc(c, count, sizeof(*e->node), &e->node);
    if (rc != 0) {
        return rc;
    }
    for (i = 0; i < count; i++) {
        rc = cursor_u32(c, &start);
        if (rc == 0) {
            rc = cursor_u64(c, &map);
        }
        if (rc != 0) {
            return rc;
        }
        if (start % MAP_BITS != 0 || start >= highest || map == 0 ||
            (i > 0 && start <= e->node[i - 1].start)) {
            return cursor_fail(c, 12, "ascending bitmap words, none of them zero");
        }
        e->node[i] = (struct ebitmap_node){ .start = start, .map = map };
    }
    if (e->node[count - 1].start + MAP_BITS != highest) {
        return cursor_fail(c, 12, "a last bitmap word that ends at the bitmap's length");
    }
    e->count = count;
    return 0;
}

/* Index of the first node that ends above `bit`. */
static uint32_t find(const struct ebitmap *e, uint32_t bit)
{
    uint32_t low = 0, high = e->count;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (e->node[mid].start + MAP_BITS > bit) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return low;
}

bool ebitmap_test(const struct ebitmap *e, uint32_t bit)
{
    uint32_t i;

    /* Where no word below is left out, the bit is in the word of its number. */
    i = bit / MAP_BITS;
    if (i < e->count && e->node[i].start == (bit & ~(MAP_BITS - 1))) {
        return (e->node[i].map >> (bit % MAP_BITS) & 1) != 0;
    }
    if (e->count == 0 || bit >= EBITMAP_BITS_MAX) {
        return false;
    }
    i = find(e, bit);
    return i < e->count && e->node[i].start <= bit &&
           ((e->node[i].map >> (bit - e->node[i].start)) & 1) != 0;
}

int ebitmap_set(struct ebitmap *e, uint32_t room, uint32_t bit)
{
    uint32_t i, j;

    if (bit >= EBITMAP_BITS_MAX) {
        return -ENOSPC;
    }
    i = find(e, bit);
    if (i == e->count || e->node[i].start > bit) {
        if (e->count == room) {
            return -ENOSPC;
        }
        for (j = e->count; j > i; j--) {
            e->node[j] = e->node[j - 1];
        }
        e->node[i] = (struct ebitmap_node){ .start = bit & ~(MAP_BITS - 1) };
        e->count++;
    }
    e->node[i].map |= (uint64_t)1 << (bit % MAP_BITS);
    return 0;
}

bool ebitmap_equal(const struct ebitmap *a, const struct ebitmap *b)
{
    uint32_t i;

    if (a->count != b->count) {
        return false;
    }
    for (i = 0; i < a->count; i++) {
        if (a->node[i].start != b->node[i].start || a->node[i].map != b->node[i].map) {
            return false;
        }
    }
    return true;
}

bool ebitmap_includes(const struct ebitmap *a, const struct ebitmap *b)
{
    uint32_t i, j = 0;

    for (i = 0; i < b->count; i++) {
        while (j < a->count && a->node[j].start < b->node[i].start) {
            j++;
        }
        if (j == a->count || a->node[j].start != b->node[i].start ||
            (b->node[i].map & ~a->node[j].map) != 0) {
            return false;
        }
    }
    return true;
}

uint32_t ebitmap_next(const struct ebitmap *e, uint32_t from)
{
    uint32_t i = find(e, from);

    for (; i < e->count; i++) {
        uint64_t map = e->node[i].map;

        if (from > e->node[i].start) {
            map &= ~(uint64_t)0 << (from - e->node[i].start);
        }
        if (map != 0) {
            return e->node[i].start + (uint32_t)__builtin_ctzll(map);
        }
    }
    return EBITMAP_BITS_MAX;
}

uint32_t ebitmap_limit(const struct ebitmap *e)
{
    const struct ebitmap_node *last;

    if (e->count == 0) {
        return 0;
    }
    last = &e->node[e->count - 1];
    return last->start + MAP_BITS - (uint32_t)__builtin_clzll(last->map);
}

uint32_t ebitmap_weight(const struct ebitmap *e)
{
    uint32_t i, sum = 0;

    for (i = 0; i < e->count; i++) {
        uint64_t map;

        /* No popcount instruction may be assumed. */
        for (map = e->node[i].map; map != 0; map &= map - 1) {
            sum++;
        }
    }
    return sum;
}
