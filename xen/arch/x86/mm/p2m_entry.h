/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of the nested page table and the walk over it, inline because every copy from guest
 * memory takes it several times. Format: AMD64 long-mode paging, four levels (AMD64 Architecture
 * Programmer's Manual 2, 5.3 and 15.25.5: nested entries are always checked as user accesses). Bits
 * 52-55, ignored by the CPU, hold enum p2m_type.
 */
#ifndef X86_MM_P2M_ENTRY_H
#define X86_MM_P2M_ENTRY_H

#include <xen/lib.h>
#include <xen/p2m.h>

#define P2ME_PRESENT (1ull << 0)
#define P2ME_WRITE (1ull << 1)
#define P2ME_USER (1ull << 2)
#define P2ME_PWT (1ull << 3)
#define P2ME_PCD (1ull << 4)
#define P2ME_ACCESSED (1ull << 5)
#define P2ME_DIRTY (1ull << 6)
#define P2ME_LARGE (1ull << 7)
#define P2ME_ADDR 0x000ffffffffff000ull
#define P2ME_TYPE_SHIFT 52
#define P2ME_NX (1ull << 63)
#define P2ME_TABLE (P2ME_PRESENT | P2ME_WRITE | P2ME_USER | P2ME_ACCESSED)

#define P2M_LEVELS 4 /* level 3 is the root, entries of level 0 are 4 KiB pages */
#define P2M_INDEX(gfn, level) (((gfn) >> (9 * (level))) & 511)

static inline uint64_t *p2m_table(uint64_t entry)
{
    return maddr_to_virt(entry & P2ME_ADDR);
}

static inline enum p2m_type p2me_type(uint64_t entry)
{
    return (enum p2m_type)(entry >> P2ME_TYPE_SHIFT & 15);
}

/* Is this present entry of the level a translation, not a table? */
static inline bool p2me_leaf(uint64_t entry, unsigned level)
{
    return level == 0 || (entry & P2ME_LARGE);
}

static inline uint64_t *p2m_slot_below(uint64_t entry, uint64_t gfn, unsigned level)
{
    return &p2m_table(entry)[P2M_INDEX(gfn, level)];
}

/*
 * Where the walk for gfn ends: at the leaf that translates it, or at the first entry that is not
 * present. Lock held; gfn is below P2M_GFN_LIMIT. *level is that of the slot.
 */
static inline uint64_t *p2m_walk_slot(const struct p2m *p, uint64_t gfn, unsigned *level)
{
    uint64_t *slot = (uint64_t *)mfn_to_virt(p->root) + P2M_INDEX(gfn, 3), e = read_once(*slot);

    *level = 3;
    if (unlikely(!(e & P2ME_PRESENT))) {
        return slot;
    }
    slot = p2m_slot_below(e, gfn, 2);
    e = read_once(*slot);
    *level = 2;
    if (unlikely((e & (P2ME_PRESENT | P2ME_LARGE)) != P2ME_PRESENT)) {
        return slot;
    }
    slot = p2m_slot_below(e, gfn, 1);
    e = read_once(*slot);
    *level = 1;
    if ((e & (P2ME_PRESENT | P2ME_LARGE)) != P2ME_PRESENT) {
        return slot;
    }
    *level = 0;
    return p2m_slot_below(e, gfn, 0);
}

/*
 * The entry that translates gfn, 0 when there is none; lock held. *level says how large a page it
 * is.
 */
static inline uint64_t p2m_walk(const struct p2m *p, uint64_t gfn, unsigned *level)
{
    uint64_t e = gfn < P2M_GFN_LIMIT ? read_once(*p2m_walk_slot(p, gfn, level)) : 0;

    return e & P2ME_PRESENT ? e : 0;
}

/*
 * Translations lately used, so that a copy from a guest does not walk the nested tables for each of
 * the guest's tables. One word per slot (gfn's low 9 bits): type in bits 0-3, frame in 12-39, the
 * rest of gfn plus 1 in 40-63; 0 is empty. Larger numbers are not kept. Filled by readers, each
 * store whole; a slot is emptied under the write lock whenever its translation goes.
 */
#define P2M_CACHE_SLOTS 512
#define P2MC_TAG_SHIFT 40
#define P2MC_TYPE 15u

/* Slow half of p2m_find(): walk and fill. */
uint64_t p2m_find_walk(const struct p2m *p, uint64_t gfn);

/* Translation of gfn as frame << PAGE_SHIFT | type, 0 when there is none; lock held. */
static inline uint64_t p2m_find(const struct p2m *p, uint64_t gfn)
{
    uint64_t w = read_once(p->cache[gfn % P2M_CACHE_SLOTS]);

    /* Compared whole: a gfn too large for the tag never matches. */
    if (likely(w >> P2MC_TAG_SHIFT == gfn / P2M_CACHE_SLOTS + 1)) {
        return w << (64 - P2MC_TAG_SHIFT) >> (64 - P2MC_TAG_SHIFT);
    }
    return p2m_find_walk(p, gfn);
}

static inline void p2m_cache_drop(const struct p2m *p, uint64_t gfn)
{
    write_once(p->cache[gfn % P2M_CACHE_SLOTS], 0);
}

/*
 * Host address of a guest-physical byte by an entry whose type is in the set; NULL otherwise. Lock
 * held.
 */
static inline void *p2m_host(const struct p2m *p, gaddr_t addr, unsigned set)
{
    uint64_t w = p2m_find(p, addr >> PAGE_SHIFT);

    if (unlikely(!(set >> (w & P2MC_TYPE) & 1))) { /* absent: type P2M_INVALID, in no set */
        return NULL;
    }
    return (uint8_t *)maddr_to_virt(w & ~(uint64_t)P2MC_TYPE) + (addr & ~PAGE_MASK);
}

/* Frame of gfn inside a leaf of the level. */
static inline uint64_t p2me_frame(uint64_t entry, uint64_t gfn, unsigned level)
{
    return ((entry & P2ME_ADDR) >> PAGE_SHIFT) + (gfn & ((1ull << (9 * level)) - 1));
}

#endif
