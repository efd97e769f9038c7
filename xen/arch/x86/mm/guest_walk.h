/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walk of the running vCPU's own page tables in software: from its linear address to its guest physical address, with
 * the rights the processor would check. Private to this folder.
 */
#ifndef X86_MM_GUEST_WALK_H
#define X86_MM_GUEST_WALK_H

#include "p2m_entry.h"

#include <xen/vcpu.h>

#define WALK_READ 0u
#define WALK_WRITE 1u
#define WALK_FETCH 2u

/* Remembers the last nested entry: neighbours of one large page need no second walk. Valid while the p2m lock is held. */
struct p2m_cursor {
    const struct p2m *p2m;
    uint64_t tag;    /* gfn >> shift of what entry covers */
    uint64_t entry;  /* 0: nothing remembered */
    unsigned level;
};

/* The leaf entry for gfn or 0. */
static inline uint64_t p2m_cursor_find(struct p2m_cursor *c, uint64_t gfn)
{
    if (!(c->entry && gfn >> (9 * c->level) == c->tag)) {
        c->entry = p2m_walk(c->p2m, gfn, &c->level);
        c->tag = gfn >> (9 * c->level);
    }
    return c->entry;
}

/* Host address of a byte that the guest may touch by way of an entry of the set; NULL otherwise. */
static inline void *p2m_cursor_map(struct p2m_cursor *c, gaddr_t addr, unsigned set)
{
    uint64_t e = p2m_cursor_find(c, addr >> PAGE_SHIFT);

    if (unlikely(!(P2M_SET(p2me_type(e)) & set))) { /* an absent entry has type P2M_INVALID */
        return NULL;
    }
    return (uint8_t *)mfn_to_virt(_mfn(p2me_frame(e, addr >> PAGE_SHIFT, c->level))) +
           (addr & ~PAGE_MASK);
}

/**
 * Translate va for an access; sets accessed and dirty bits as the processor does.
 *
 * @param gp      state of the vCPU
 * @param access  WALK_*
 * @param out     guest physical address
 * @return whether the access is allowed
 */
bool guest_walk(struct p2m_cursor *c, const struct guest_paging *gp, vaddr_t va, unsigned access,
                gaddr_t *out) must_check;

#endif
