/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The p2m as an AMD nested page table. Entries change under the write lock; a change that takes a
 * translation away is followed, in p2m_batch_flush(), by the TLB flush and only then by the drop of
 * the reference the entry held. Tables, once made, stay until teardown. Large entries are split
 * when a part of them changes, never put together again.
 */
#include "p2m_private.h"

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/iommu.h>

#define MFN_LAST (P2ME_ADDR >> PAGE_SHIFT) /* bits above would change an entry's type */

/*
 * Tables a domain may use: a full set for its memory four times over, and some for far-off
 * addresses.
 */
#define TABLES_SPARE 192
#define PAGES_PER_TABLE 128

static uint64_t entry_make(uint64_t mfn, unsigned level, enum p2m_type type)
{
    uint64_t e = mfn << PAGE_SHIFT | (uint64_t)type << P2ME_TYPE_SHIFT | P2ME_PRESENT | P2ME_USER |
                 P2ME_ACCESSED | P2ME_DIRTY;

    if (level) {
        e |= P2ME_LARGE;
    }
    if (P2M_SET(type) & (P2M_SET_WRITABLE | P2M_SET(P2M_MMIO_DIRECT) | P2M_SET(P2M_DEVICE))) {
        e |= P2ME_WRITE;
    }
    if (type == P2M_MMIO_DIRECT || type == P2M_DEVICE) {
        e |= P2ME_PCD | P2ME_PWT; /* uncached by the host's PAT */
    }
    if (!(P2M_SET(type) & P2M_SET_RAM)) {
        e |= P2ME_NX; /* code comes from own memory only */
    }
    return e;
}

uint64_t p2m_table_alloc(struct p2m *p)
{
    void *t;

    if (p->table_pages >= p->table_limit) {
        return 0;
    }
    t = pages_alloc(0);
    if (!t) {
        return 0;
    }
    p->table_pages++;
    return virt_to_maddr(t) | P2ME_TABLE;
}

void p2m_table_free(struct p2m *p, uint64_t entry)
{
    pages_free(p2m_table(entry), 0);
    p->table_pages--;
}

int p2m_init(struct domain *d)
{
    struct p2m *p = &d->p2m;
    void *root = pages_alloc(0), *cache = pages_alloc(0);

    if (!root || !cache) {
        pages_free(root, 0);
        pages_free(cache, 0);
        return -ENOMEM;
    }
    *p = (struct p2m){
        .lock = RWLOCK_INIT(LOCK_P2M),
        .root = _mfn(virt_to_maddr(root) >> PAGE_SHIFT),
        .cache = cache,
        .table_pages = 1,
        .table_limit = TABLES_SPARE + d->max_pages / PAGES_PER_TABLE,
    };
    return 0;
}

uint64_t p2m_find_walk(const struct p2m *p, uint64_t gfn)
{
    unsigned level = 0;
    uint64_t e = p2m_walk(p, gfn, &level), tag, w;

    if (!e) {
        return 0;
    }
    w = p2me_frame(e, gfn, level) << PAGE_SHIFT | p2me_type(e);
    tag = gfn / P2M_CACHE_SLOTS + 1;
    if (likely(!(w >> P2MC_TAG_SHIFT) && !(tag >> (64 - P2MC_TAG_SHIFT)))) {
        write_once(p->cache[gfn % P2M_CACHE_SLOTS], w | tag << P2MC_TAG_SHIFT);
    }
    return w;
}
BUILD_ASSERT(P2M_TYPE_COUNT <= P2MC_TYPE + 1);
BUILD_ASSERT(P2M_CACHE_SLOTS * sizeof(uint64_t) == PAGE_SIZE);

/* Replace a large entry by a table of the same translations. */
static int entry_split(struct p2m *p, uint64_t *slot, unsigned level)
{
    uint64_t e = *slot, t = p2m_table_alloc(p), *table;
    uint64_t frame = (e & P2ME_ADDR) >> PAGE_SHIFT;

    if (!t) {
        return -ENOMEM;
    }
    table = p2m_table(t);
    for (unsigned i = 0; i < 512; i++) {
        table[i] = entry_make(frame + ((uint64_t)i << (9 * (level - 1))), level - 1, p2me_type(e));
    }
    write_once(*slot, t);
    return 0;
}

/*
 * Address of the entry for gfn at the level, tables made and large entries split on the way. Write
 * lock held.
 */
static int slot_get(struct p2m *p, uint64_t gfn, unsigned level, bool make, uint64_t **out)
{
    uint64_t *table = mfn_to_virt(p->root);

    for (unsigned l = P2M_LEVELS - 1; l > level; l--) {
        uint64_t *slot = &table[P2M_INDEX(gfn, l)];

        if (!(*slot & P2ME_PRESENT)) {
            uint64_t t;

            if (!make) {
                return -ENOENT;
            }
            t = p2m_table_alloc(p);
            if (!t) {
                return -ENOMEM;
            }
            write_once(*slot, t);
        } else if (*slot & P2ME_LARGE) {
            int rc = entry_split(p, slot, l);

            if (rc) {
                return rc;
            }
        }
        table = p2m_table(*slot);
    }
    *out = &table[P2M_INDEX(gfn, level)];
    return 0;
}

/* Does the entry, with all below it, translate nothing? */
static bool slot_empty(uint64_t e, unsigned level)
{
    if (!(e & P2ME_PRESENT)) {
        return true;
    }
    if (p2me_leaf(e, level)) {
        return false;
    }
    for (unsigned i = 0; i < 512; i++) {
        if (!slot_empty(p2m_table(e)[i], level - 1)) {
            return false;
        }
    }
    return true;
}

/* Fill an empty slot; where an empty table hangs already, its entries. */
static void slot_fill(uint64_t *slot, unsigned level, uint64_t mfn, enum p2m_type type)
{
    if (!(*slot & P2ME_PRESENT)) {
        write_once(*slot, entry_make(mfn, level, type));
        return;
    }
    ASSERT(level > 0);
    for (unsigned i = 0; i < 512; i++) {
        slot_fill(&p2m_table(*slot)[i], level - 1, mfn + ((uint64_t)i << (9 * (level - 1))), type);
    }
}

static bool is_held(enum p2m_type type)
{
    return P2M_SET_HELD >> type & 1;
}

static void note_gfn(struct p2m *p, uint64_t last)
{
    if (last > p->max_gfn) {
        p->max_gfn = last;
    }
}

/*
 * Is there a large translation above the level for gfn? Such one must not be split by a map that
 * then fails.
 */
static bool covered(const struct p2m *p, uint64_t gfn, unsigned level)
{
    unsigned found;
    uint64_t e = p2m_walk(p, gfn, &found);

    return e && found > level;
}

/*
 * What the domain's devices reach follows each change: its RAM, and pages granted to it, as they are granted; no foreign page, no
 * registers. Called before the entry is written, because it may fail; what it takes away is forgotten by the devices in
 * p2m_batch_flush(), before the page goes back to whom it belongs.
 */
static int devices_follow(const struct p2m *p, uint64_t gfn, uint64_t mfn, uint64_t count, enum p2m_type type)
{
    if (p->iommu == NULL) {
        return 0;
    }
    if (P2M_SET(type) & P2M_SET_DMA) {
        return p->iommu->ops->map(p->iommu, gfn, mfn, count, P2M_SET(type) & P2M_SET_WRITABLE);
    }
    for (uint64_t i = 0; i < count; i++) {
        p->iommu->ops->unmap(p->iommu, gfn + i);
    }
    return 0;
}

int p2m_map(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned order, enum p2m_type type)
{
    struct p2m *p = &d->p2m;
    uint64_t g = gfn_x(gfn), count = 1ull << order, *slot;
    unsigned level = order / 9;
    int rc;

    if ((order != P2M_ORDER_4K && order != P2M_ORDER_2M && order != P2M_ORDER_1G) ||
        g >= P2M_GFN_LIMIT || count > P2M_GFN_LIMIT - g || ((g | mfn_x(mfn)) & (count - 1)) ||
        type == P2M_INVALID || type >= P2M_TYPE_COUNT || mfn_x(mfn) + count - 1 > MFN_LAST) {
        return -EINVAL;
    }
    write_lock(&p->lock);
    if (p->closed) {
        rc = -ESRCH;
    } else if (covered(p, g, level)) {
        rc = -EEXIST;
    } else {
        rc = slot_get(p, g, level, true, &slot);
    }
    if (!rc && !slot_empty(*slot, level)) {
        rc = -EEXIST;
    }
    if (!rc && (P2M_SET(type) & P2M_SET_DMA)) {
        rc = devices_follow(p, g, mfn_x(mfn), count, type);
    }
    if (!rc) {
        slot_fill(slot, level, mfn_x(mfn), type);
        p->held += is_held(type) ? count : 0;
        note_gfn(p, g + count - 1);
    }
    write_unlock(&p->lock);
    return rc;
}

/* The entry is gone or changed: its page waits in the batch. */
static void batch_add(struct p2m_batch *batch, uint64_t e)
{
    batch->flush = true;
    if (P2M_SET(p2me_type(e)) & P2M_SET_PAGES) {
        batch->pages[batch->count++] = mfn_to_page(_mfn((e & P2ME_ADDR) >> PAGE_SHIFT));
    }
}

static void batch_make_room(struct domain *d, struct p2m_batch *batch)
{
    if (batch->count == P2M_BATCH) {
        p2m_batch_flush(d, batch);
    }
}

int p2m_unmap_if(struct domain *d, gfn_t gfn, unsigned set, mfn_t mfn, struct p2m_batch *batch)
{
    struct p2m *p = &d->p2m;
    uint64_t g = gfn_x(gfn), e, *slot;
    unsigned level;
    int rc = 0;

    if (g >= P2M_GFN_LIMIT) {
        return -ENOENT;
    }
    batch_make_room(d, batch);
    write_lock(&p->lock);
    slot = p2m_walk_slot(p, g, &level);
    e = *slot;
    if (!(e & P2ME_PRESENT)) {
        rc = -ENOENT;
    } else if (!(set >> p2me_type(e) & 1) ||
               (mfn_x(mfn) != INVALID_FRAME && p2me_frame(e, g, level) != mfn_x(mfn))) {
        rc = -EBUSY;
    } else if (level != 0) {
        rc = slot_get(p, g, 0, false, &slot);
    }
    if (!rc) {
        e = *slot;
        (void)devices_follow(p, g, 0, 1, P2M_INVALID); /* takes away: cannot fail */
        write_once(*slot, 0);
        p->held -= is_held(p2me_type(e));
        p2m_cache_drop(p, g);
        batch_add(batch, e);
    }
    write_unlock(&p->lock);
    return rc;
}

int p2m_unmap(struct domain *d, gfn_t gfn, struct p2m_batch *batch)
{
    return p2m_unmap_if(d, gfn, P2M_SET_ALL, _mfn(INVALID_FRAME), batch);
}

int p2m_replace(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type, unsigned set,
                struct p2m_batch *batch)
{
    struct p2m *p = &d->p2m;
    uint64_t g = gfn_x(gfn), e, *slot;
    unsigned level;
    int rc = 0;

    if (g >= P2M_GFN_LIMIT || type == P2M_INVALID || type >= P2M_TYPE_COUNT || mfn_x(mfn) > MFN_LAST) {
        return -EINVAL;
    }
    batch_make_room(d, batch);
    write_lock(&p->lock);
    slot = p2m_walk_slot(p, g, &level);
    e = *slot;
    if (p->closed) {
        rc = -ESRCH;
    } else if ((e & P2ME_PRESENT) && !(set >> p2me_type(e) & 1)) {
        rc = -EBUSY;
    } else if (level != 0) {
        rc = slot_get(p, g, 0, true, &slot);
    }
    if (!rc) {
        rc = devices_follow(p, g, mfn_x(mfn), 1, type);
    }
    if (!rc) {
        e = *slot;
        write_once(*slot, entry_make(mfn_x(mfn), 0, type));
        p->held += is_held(type);
        p->held -= (e & P2ME_PRESENT) && is_held(p2me_type(e));
        p2m_cache_drop(p, g);
        note_gfn(p, g);
        if (e & P2ME_PRESENT) {
            batch_add(batch, e);
        }
    }
    write_unlock(&p->lock);
    return rc;
}

void p2m_batch_flush(struct domain *d, struct p2m_batch *batch)
{
    if (batch->flush) {
        arch_p2m_flush(d);
        if (d->p2m.iommu) {
            d->p2m.iommu->ops->flush(d->p2m.iommu);
        }
        batch->flush = false;
    }
    for (unsigned i = 0; i < batch->count; i++) {
        page_put(batch->pages[i]);
    }
    batch->count = 0;
}

mfn_t p2m_lookup_locked(const struct domain *d, gfn_t gfn, enum p2m_type *type)
{
    uint64_t w = p2m_find(&d->p2m, gfn_x(gfn));

    *type = (enum p2m_type)(w & P2MC_TYPE);
    return _mfn(w ? w >> PAGE_SHIFT : INVALID_FRAME);
}

bool p2m_next(struct domain *d, unsigned set, uint64_t *gfn, unsigned *budget, mfn_t *mfn,
              enum p2m_type *type)
{
    struct p2m *p = &d->p2m;
    bool found = false;

    read_lock(&p->lock);
    if (p->closed || *gfn > p->max_gfn) {
        *gfn = P2M_GFN_LIMIT;
    }
    while (!found && *budget > 0 && *gfn < P2M_GFN_LIMIT) {
        unsigned level;
        uint64_t e = *p2m_walk_slot(p, *gfn, &level);

        --*budget;
        if ((e & P2ME_PRESENT) && level == 0 && (set >> p2me_type(e) & 1)) {
            *mfn = _mfn(p2me_frame(e, *gfn, 0));
            *type = p2me_type(e);
            found = true;
        } else {
            /* Past what this slot covers. */
            *gfn = ((*gfn >> (9 * level)) + 1) << (9 * level);
            if (*gfn > p->max_gfn) {
                *gfn = P2M_GFN_LIMIT;
            }
        }
    }
    read_unlock(&p->lock);
    return found;
}

struct page_info *p2m_get_page(struct domain *d, gfn_t gfn, bool write, enum p2m_type *type)
{
    struct page_info *pg = NULL;
    enum p2m_type t;
    mfn_t mfn;

    read_lock(&d->p2m.lock);
    mfn = p2m_lookup_locked(d, gfn, &t);
    if (P2M_SET(t) & (write ? P2M_SET_WRITABLE : P2M_SET_PAGES)) {
        pg = mfn_to_page(mfn);
        if (!page_get_more(pg)) { /* with the entry's own reference there, the count is full */
            pg = NULL;
        }
    }
    read_unlock(&d->p2m.lock);
    if (type) {
        *type = t;
    }
    return pg;
}
