/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The buddy allocator. Free lists are doubly linked by frame number through struct page_info, so
 * they need no memory of their own; frame 0 is never handed out and serves as the end mark. One
 * lock for all of it.
 */
#include "buddy.h"

#include <xen/lib.h>

static spinlock_t buddy_lock = SPINLOCK_INIT(LOCK_BUDDY);
static uint32_t free_head[MAX_ORDER + 1]; /* frame number, 0 = empty */
static uint64_t free_pages, total_pages;  /* buddy_lock held */

static void list_push(uint32_t frame, unsigned order)
{
    struct page_info *pg = &frame_table[frame];

    pg->order = (uint8_t)order;
    pg->flags |= PAGE_F_HEAD;
    pg->prev = 0;
    pg->next = free_head[order];
    if (pg->next) {
        frame_table[pg->next].prev = frame;
    }
    free_head[order] = frame;
}

static void list_take(uint32_t frame, unsigned order)
{
    struct page_info *pg = &frame_table[frame];

    if (pg->prev) {
        frame_table[pg->prev].next = pg->next;
    } else {
        ASSERT(free_head[order] == frame);
        free_head[order] = pg->next;
    }
    if (pg->next) {
        frame_table[pg->next].prev = pg->prev;
    }
    pg->flags = (uint16_t)(pg->flags & ~PAGE_F_HEAD);
    pg->next = pg->prev = 0;
}

/* Is the block of this order at frame wholly free and on its list? */
static bool block_is_free(uint64_t frame, unsigned order)
{
    const struct page_info *pg;

    if (frame == 0 || frame + (1ull << order) > frame_count) {
        return false;
    }
    pg = &frame_table[frame];
    return pg->state == PAGE_FREE && (pg->flags & PAGE_F_HEAD) && pg->order == order;
}

/* Lock held; frames of the block are PAGE_FREE already. */
static void block_insert(uint64_t frame, unsigned order)
{
    while (order < MAX_ORDER) {
        uint64_t other = frame ^ (1ull << order);

        if (!block_is_free(other, order)) {
            break;
        }
        list_take((uint32_t)other, order);
        frame &= ~(1ull << order);
        order++;
    }
    list_push((uint32_t)frame, order);
}

struct page_info *buddy_alloc(unsigned order, enum page_state state)
{
    struct page_info *head;
    unsigned o = order;
    uint32_t frame;

    if (order > MAX_ORDER) {
        return NULL;
    }
    spin_lock(&buddy_lock);
    while (o <= MAX_ORDER && !free_head[o]) {
        o++;
    }
    if (o > MAX_ORDER) {
        spin_unlock(&buddy_lock);
        return NULL;
    }
    frame = free_head[o];
    list_take(frame, o);
    while (o > order) {
        o--;
        list_push(frame + (1u << o), o); /* the upper half stays free */
    }
    free_pages -= 1ull << order;
    head = &frame_table[frame];
    for (uint64_t i = 0; i < 1ull << order; i++) {
        ASSERT(head[i].state == PAGE_FREE && head[i].refcount == 0);
        head[i].flags &= PAGE_F_CLEAN;
        head[i].state = (uint8_t)state;
    }
    spin_unlock(&buddy_lock);
    return head;
}

void buddy_free(struct page_info *head, unsigned order)
{
    uint64_t frame = mfn_x(page_to_mfn(head));

    ASSERT(order <= MAX_ORDER && frame != 0 && !(frame & ((1ull << order) - 1)));
    spin_lock(&buddy_lock);
    for (uint64_t i = 0; i < 1ull << order; i++) {
        ASSERT(head[i].state > PAGE_FREE && head[i].refcount == 0);
        head[i].flags &= PAGE_F_CLEAN;
        head[i].owner = NULL;
        head[i].state = PAGE_FREE;
    }
    free_pages += 1ull << order;
    block_insert(frame, order);
    spin_unlock(&buddy_lock);
}

void mem_add_range(mfn_t first, uint64_t count)
{
    uint64_t frame = mfn_x(first), end;

    if (add_overflows(frame, count, &end) || end > frame_count) {
        end = frame_count;
    }
    if (frame == 0) {
        frame = 1; /* the end mark of lists */
    }
    spin_lock(&buddy_lock);
    while (frame < end) {
        unsigned order = 0;

        while (order < MAX_ORDER && !(frame & (1ull << order)) &&
               frame + (2ull << order) <= end) {
            order++;
        }
        for (uint64_t i = frame; i < frame + (1ull << order); i++) {
            ASSERT(frame_table[i].state == PAGE_RESERVED);
            frame_table[i] = (struct page_info){ .state = PAGE_FREE };
        }
        block_insert(frame, order);
        free_pages += 1ull << order;
        total_pages += 1ull << order;
        frame += 1ull << order;
    }
    spin_unlock(&buddy_lock);
}

uint64_t mem_free_pages(void)
{
    return read_once(free_pages);
}

uint64_t mem_total_pages(void)
{
    return read_once(total_pages);
}

void page_zero(struct page_info *pg)
{
    void *p = page_to_virt(pg);
    uint64_t words = PAGE_SIZE / 8;

    __asm__ volatile("rep stosq" : "+D"(p), "+c"(words) : "a"(0ull) : "memory");
}

void page_scrub_dirty(struct page_info *head, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (!(head[i].flags & PAGE_F_CLEAN)) {
            page_zero(&head[i]);
        }
        head[i].flags = 0;
    }
}
