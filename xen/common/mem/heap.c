/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small objects of the hypervisor. A page holds objects of one size class behind a header; which of
 * them are in use is a bitmap in the header, so nothing is kept inside free objects and a double
 * free is seen. Sizes past the largest class are whole pages. Pages with room are linked per class
 * through struct page_info, full ones are on no list.
 */
#include "buddy.h"

#include <xen/lib.h>

#define SLAB_MAGIC 0x424c4548u
#define SLAB_HEADER 64 /* bytes at the page's start; objects follow */
#define SLAB_SMALLEST 16
#define LARGE_MAX (64u << 10)

struct slab {
    uint32_t magic;
    uint16_t class, used;
    uint64_t bitmap[4]; /* one bit per object, 252 at most */
};
BUILD_ASSERT(sizeof(struct slab) <= SLAB_HEADER);
BUILD_ASSERT((PAGE_SIZE - SLAB_HEADER) / SLAB_SMALLEST <= 256);

static const uint16_t class_size[] = { 16,  32,  64,  96,   128,  192, 256,
                                       384, 576, 800, 1008, 1344, 2016 };

static spinlock_t heap_lock = SPINLOCK_INIT(LOCK_HEAP);
static uint32_t partial[ARRAY_SIZE(class_size)]; /* frame number of a page with room, 0 none */

static struct slab *slab_of(uint32_t frame)
{
    return mfn_to_virt(_mfn(frame));
}

static unsigned class_capacity(unsigned class)
{
    return (unsigned)((PAGE_SIZE - SLAB_HEADER) / class_size[class]);
}

static void partial_insert(uint32_t frame, unsigned class)
{
    frame_table[frame].prev = 0;
    frame_table[frame].next = partial[class];
    if (partial[class]) {
        frame_table[partial[class]].prev = frame;
    }
    partial[class] = frame;
}

static void partial_remove(uint32_t frame, unsigned class)
{
    struct page_info *pg = &frame_table[frame];

    if (pg->prev) {
        frame_table[pg->prev].next = pg->next;
    } else {
        partial[class] = pg->next;
    }
    if (pg->next) {
        frame_table[pg->next].prev = pg->prev;
    }
    pg->next = pg->prev = 0;
}

static bool slab_grow(unsigned class)
{
    void *p = pages_alloc(0);
    struct slab *s = p;
    uint32_t frame;

    if (!p) {
        return false;
    }
    frame = (uint32_t)(virt_to_maddr(p) >> PAGE_SHIFT);
    frame_table[frame].flags = PAGE_F_SLAB;
    s->magic = SLAB_MAGIC;
    s->class = (uint16_t)class;
    partial_insert(frame, class);
    return true;
}

static void *slab_alloc(unsigned class)
{
    unsigned word = 0, bit, capacity = class_capacity(class);
    uint32_t frame;
    struct slab *s;
    void *p;

    spin_lock(&heap_lock);
    if (!partial[class] && !slab_grow(class)) {
        spin_unlock(&heap_lock);
        return NULL;
    }
    frame = partial[class];
    s = slab_of(frame);
    ASSERT(s->magic == SLAB_MAGIC && s->class == class && s->used < capacity);
    while (s->bitmap[word] == ~0ull) {
        word++;
    }
    bit = word * 64 + (unsigned)__builtin_ctzll(~s->bitmap[word]);
    ASSERT(bit < capacity);
    s->bitmap[word] |= 1ull << (bit % 64);
    if (++s->used == capacity) {
        partial_remove(frame, class);
    }
    spin_unlock(&heap_lock);
    p = (uint8_t *)s + SLAB_HEADER + (size_t)bit * class_size[class];
    memset(p, 0, class_size[class]);
    return p;
}

static void slab_free(struct slab *s, uint32_t frame, size_t offset)
{
    unsigned class, bit;
    bool empty = false;

    spin_lock(&heap_lock);
    class = s->class;
    ASSERT(s->magic == SLAB_MAGIC && class < ARRAY_SIZE(class_size) && offset >= SLAB_HEADER &&
           (offset - SLAB_HEADER) % class_size[class] == 0);
    bit = (unsigned)((offset - SLAB_HEADER) / class_size[class]);
    ASSERT(bit < class_capacity(class) && (s->bitmap[bit / 64] >> (bit % 64) & 1));
    s->bitmap[bit / 64] &= ~(1ull << (bit % 64));
    if (s->used == class_capacity(class)) {
        partial_insert(frame, class);
    }
    if (--s->used == 0 && (frame_table[frame].next || frame_table[frame].prev)) {
        partial_remove(frame, class); /* keep one page per class at hand */
        empty = true;
    }
    spin_unlock(&heap_lock);
    if (empty) {
        s->magic = 0;
        pages_free(s, 0);
    }
}

void *xzalloc_bytes(size_t size)
{
    unsigned order = 0;
    struct page_info *head;
    void *p;

    for (unsigned c = 0; c < ARRAY_SIZE(class_size); c++) {
        if (size <= class_size[c]) {
            return slab_alloc(c);
        }
    }
    if (size > LARGE_MAX) {
        return NULL;
    }
    while ((PAGE_SIZE << order) < size) {
        order++;
    }
    p = pages_alloc(order);
    if (p) {
        head = mfn_to_page(_mfn(virt_to_maddr(p) >> PAGE_SHIFT));
        head->order = (uint8_t)order;
        head->flags = PAGE_F_LARGE;
    }
    return p;
}

void *xzalloc_array_bytes(size_t elem, size_t n)
{
    size_t size;

    return mul_overflows(elem, n, &size) ? NULL : xzalloc_bytes(size);
}

void xfree(void *p)
{
    struct page_info *pg;
    paddr_t addr;

    if (!p) {
        return;
    }
    addr = virt_to_maddr(p);
    pg = mfn_to_page(_mfn(addr >> PAGE_SHIFT));
    ASSERT(pg->state == PAGE_HYPERVISOR);
    if (!(addr & ~PAGE_MASK)) {
        ASSERT(pg->flags & PAGE_F_LARGE);
        pages_free(p, pg->order);
    } else {
        ASSERT(pg->flags & PAGE_F_SLAB);
        slab_free(maddr_to_virt(addr & PAGE_MASK), (uint32_t)(addr >> PAGE_SHIFT),
                  addr & ~PAGE_MASK);
    }
}
