/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc(): blocks up to 2 KiB come from lists of fixed sizes, carved out of four-page slabs that
 * are never given back; larger ones are whole pages. A header in front of each block says which,
 * with a check word that free() insists on.
 */
#include <stdlib.h>

#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <string.h>

#include "internal.h"

#define SLAB_PAGES 4u
#define LIVE 0x4c495645u
#define DEAD 0x44454144u
#define CLASS_LARGE 0xffffffffu

struct header {
    uint64_t pages;                  /* large blocks: how many */
    uint32_t class;                  /* index into sizes, or CLASS_LARGE */
    uint32_t check;
};

struct free_block {
    struct header header;
    struct free_block *next;
};

/* Sizes with the header, multiples of 16. */
static const uint32_t sizes[] = { 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1360, 2064 };
static struct free_block *lists[ARRAY_SIZE(sizes)];
static size_t limit_pages, used_pages, used_bytes;
static struct spinlock lock;

void heap_init(void)
{
    limit_pages = page_ram_count() / 4 * 3;
}

void heap_limit(size_t bytes)
{
    limit_pages = bytes >> PAGE_SHIFT;
}

size_t heap_used(void)
{
    return used_bytes;
}

static void *take_pages(size_t count)
{
    void *p;

    if (count > limit_pages || used_pages > limit_pages - count) {
        return NULL;
    }
    p = page_alloc(count);
    if (p != NULL) {
        used_pages += count;
    }
    return p;
}

static bool refill(uint32_t class)
{
    char *slab = take_pages(SLAB_PAGES);
    size_t at = 0;

    if (slab == NULL) {
        return false;
    }
    while (at + sizes[class] <= SLAB_PAGES * PAGE_SIZE) {
        struct free_block *block = (struct free_block *)(void *)(slab + at);

        block->header.class = class;
        block->header.check = DEAD;
        block->next = lists[class];
        lists[class] = block;
        at += sizes[class];
    }
    return true;
}

static struct header *alloc_large(size_t total)
{
    size_t pages = ((total - 1) >> PAGE_SHIFT) + 1;
    struct header *h = take_pages(pages);

    if (h != NULL) {
        h->pages = pages;
        h->class = CLASS_LARGE;
        used_bytes += pages << PAGE_SHIFT;
    }
    return h;
}

static struct header *alloc_small(uint32_t class)
{
    struct free_block *block;

    if (lists[class] == NULL && !refill(class)) {
        return NULL;
    }
    block = lists[class];
    lists[class] = block->next;
    used_bytes += sizes[class];
    return &block->header;
}

void *malloc(size_t size)
{
    size_t total = size + sizeof(struct header);
    struct header *h;
    uint32_t class = 0;

    if (total < size) {
        return NULL;
    }
    while (class < ARRAY_SIZE(sizes) && sizes[class] < total) {
        class++;
    }
    spin_lock(&lock);
    h = class < ARRAY_SIZE(sizes) ? alloc_small(class) : alloc_large(total);
    spin_unlock(&lock);
    if (h == NULL) {
        return NULL;
    }
    h->check = LIVE;
    return h + 1;
}

void free(void *p)
{
    struct header *h;

    if (p == NULL) {
        return;
    }
    h = (struct header *)p - 1;
    if (h->check != LIVE) {
        rt_panic("free(%p): not a live block (check %#x)", p, h->check);
    }
    h->check = DEAD;
    spin_lock(&lock);
    if (h->class == CLASS_LARGE) {
        used_bytes -= h->pages << PAGE_SHIFT;
        used_pages -= h->pages;
        page_free(h, h->pages);
    } else {
        struct free_block *block = (struct free_block *)(void *)h;

        used_bytes -= sizes[h->class];
        block->next = lists[h->class];
        lists[h->class] = block;
    }
    spin_unlock(&lock);
}

void *calloc(size_t count, size_t size)
{
    size_t total;
    void *p;

    if (__builtin_mul_overflow(count, size, &total)) {
        return NULL;
    }
    p = malloc(total);
    if (p != NULL) {
        memset(p, 0, total);
    }
    return p;
}

void *realloc(void *p, size_t size)
{
    struct header *h;
    size_t room;
    void *fresh;

    if (p == NULL) {
        return malloc(size);
    }
    h = (struct header *)p - 1;
    room = (h->class == CLASS_LARGE ? h->pages << PAGE_SHIFT : sizes[h->class]) - sizeof(*h);
    if (size <= room) {
        return p;
    }
    fresh = malloc(size);
    if (fresh != NULL) {
        memcpy(fresh, p, room);
        free(p);
    }
    return fresh;
}
