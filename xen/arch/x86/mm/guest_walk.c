/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor's rules: AMD64 Architecture Programmer's Manual 2, 5.2 to 5.6. Modes: paging off,
 * two levels of 32-bit entries, PAE, four levels. Tables are guest memory that other CPUs may
 * change: each entry is read once, and its accessed and dirty bits are set by compare-exchange
 * against what was read.
 */
#include "guest_walk.h"

#define CR0_WP (1ull << 16)
#define CR0_PG (1ull << 31)
#define CR4_PSE (1ull << 4)
#define CR4_PAE (1ull << 5)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)
#define RFLAGS_AC (1ull << 18)

#define PTE_PRESENT 0x01u
#define PTE_WRITE 0x02u
#define PTE_USER 0x04u
#define PTE_ACCESSED 0x20u
#define PTE_DIRTY 0x40u
#define PTE_LARGE 0x80u
#define PTE_NX (1ull << 63)
#define PTE_ADDR 0x000ffffffffff000ull

/* Rights narrow with every level: bits as in an entry, NX inverted so that all combine by AND. */
#define RIGHTS_EXEC PTE_NX
#define RIGHTS_ALL (PTE_WRITE | PTE_USER | RIGHTS_EXEC)

static inline bool rights_allow(const struct guest_paging *gp, uint64_t rights, unsigned access)
{
    bool user_page = rights & PTE_USER;

    if (access == WALK_FETCH && (gp->efer & EFER_NXE) && !(rights & RIGHTS_EXEC)) {
        return false;
    }
    if (gp->cpl == 3) {
        return user_page && (access != WALK_WRITE || (rights & PTE_WRITE));
    }
    if (user_page) {
        if (access == WALK_FETCH) {
            return !(gp->cr4 & CR4_SMEP);
        }
        if ((gp->cr4 & CR4_SMAP) && !(gp->rflags & RFLAGS_AC)) {
            return false;
        }
    }
    return access != WALK_WRITE || (rights & PTE_WRITE) || !(gp->cr0 & CR0_WP);
}

/*
 * Note use in an entry of `size` bytes. The table's page must be writable for that, as it must for
 * the processor.
 * @return 1 done; 0 the entry has changed, read it again; -1 not writable
 */
static int entry_mark(const struct p2m *p2m, gaddr_t addr, uint64_t old, uint64_t bits,
                      unsigned size)
{
    void *p = p2m_host(p2m, addr, P2M_SET_WRITABLE);

    if (!p) {
        return -1;
    }
    if (size == 4) {
        uint32_t o = (uint32_t)old;

        return __atomic_compare_exchange_n((uint32_t *)p, &o, o | (uint32_t)bits, false,
                                           __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
    }
    return __atomic_compare_exchange_n((uint64_t *)p, &old, old | bits, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

#define MARK_TRIES 16 /* a guest that changes entries under us this often gets a fault */

/* 64-bit entries from a table of the level downwards: four levels, or PAE below its root. */
static bool walk_64(const struct p2m *p2m, const struct guest_paging *gp, gaddr_t table,
                    unsigned level, vaddr_t va, unsigned access, gaddr_t *out)
{
    uint64_t rights = RIGHTS_ALL;

    for (unsigned tries = 0; tries < MARK_TRIES;) {
        unsigned shift = PAGE_SHIFT + 9 * level;
        gaddr_t at = (table & PTE_ADDR) + ((va >> shift) & 511) * 8;
        const uint64_t *p = p2m_host(p2m, at, P2M_SET_PAGES);
        uint64_t e, narrowed, want = PTE_ACCESSED;
        bool leaf;

        if (unlikely(!p)) {
            return false;
        }
        e = read_once(*p);
        if (unlikely(!(e & PTE_PRESENT) || ((e & PTE_NX) && !(gp->efer & EFER_NXE)))) {
            return false;
        }
        narrowed = rights & (e ^ PTE_NX);
        leaf = level == 0 || (e & PTE_LARGE);
        if (leaf) {
            if (unlikely(level > 2 || !rights_allow(gp, narrowed, access))) {
                return false; /* bit 7 is reserved in the highest level */
            }
            want |= access == WALK_WRITE ? PTE_DIRTY : 0;
        }
        if (unlikely((e & want) != want)) {
            int rc = entry_mark(p2m, at, e, want, 8);

            if (rc < 0) {
                return false;
            }
            tries++;
            if (rc == 0) {
                continue;
            }
        }
        if (leaf) {
            *out = (e & PTE_ADDR & ~((1ull << shift) - 1)) | (va & ((1ull << shift) - 1));
            return true;
        }
        rights = narrowed;
        table = e;
        level--;
    }
    return false;
}

/* The root of PAE: four entries that carry no rights and are never marked. */
static bool walk_pae(const struct p2m *p2m, const struct guest_paging *gp, vaddr_t va,
                     unsigned access, gaddr_t *out)
{
    gaddr_t at = (gp->cr3 & 0xffffffe0u) + (va >> 30) * 8;
    const uint64_t *p = p2m_host(p2m, at, P2M_SET_PAGES);
    uint64_t e;

    if (!p) {
        return false;
    }
    e = read_once(*p);
    return (e & PTE_PRESENT) && walk_64(p2m, gp, e, 1, va, access, out);
}

static bool walk_32(const struct p2m *p2m, const struct guest_paging *gp, vaddr_t va,
                    unsigned access, gaddr_t *out)
{
    uint64_t rights = RIGHTS_ALL;
    gaddr_t table = gp->cr3 & 0xfffff000u;
    unsigned level = 1;

    for (unsigned tries = 0; tries < MARK_TRIES;) {
        unsigned shift = PAGE_SHIFT + 10 * level;
        gaddr_t at = table + ((va >> shift) & 1023) * 4;
        const uint32_t *p = p2m_host(p2m, at, P2M_SET_PAGES);
        uint32_t e, want = PTE_ACCESSED;
        uint64_t narrowed;
        bool leaf;

        if (!p) {
            return false;
        }
        e = read_once(*p);
        if (!(e & PTE_PRESENT)) {
            return false;
        }
        narrowed = rights & (e | RIGHTS_EXEC);
        leaf = level == 0 || ((e & PTE_LARGE) && (gp->cr4 & CR4_PSE));
        if (leaf) {
            if (!rights_allow(gp, narrowed, access)) {
                return false;
            }
            want |= access == WALK_WRITE ? PTE_DIRTY : 0;
        }
        if ((e & want) != want) {
            int rc = entry_mark(p2m, at, e, want, 4);

            if (rc < 0) {
                return false;
            }
            tries++;
            if (rc == 0) {
                continue;
            }
        }
        if (leaf) {
            /* Bits 13-20 of a 4 MiB entry are address bits 32-39 (PSE-36). */
            gaddr_t base = level ? (e & 0xffc00000u) | (gaddr_t)(e & 0x1fe000u) << 19
                                 : e & 0xfffff000u;

            *out = base | (va & ((1ull << shift) - 1));
            return true;
        }
        rights = narrowed;
        table = e & 0xfffff000u;
        level = 0;
    }
    return false;
}

/* One entry of the quick walk below; false when it is not the plain case. */
static inline bool quick_entry(const struct p2m *p2m, gaddr_t table, uint64_t index, uint64_t *e)
{
    const uint64_t *p = p2m_host(p2m, (table & PTE_ADDR) + index * 8, P2M_SET_PAGES);

    if (unlikely(!p)) {
        return false;
    }
    *e = read_once(*p);
    return likely((*e & (PTE_PRESENT | PTE_ACCESSED)) == (PTE_PRESENT | PTE_ACCESSED));
}

/*
 * The plain case of four levels: all present and marked already, 4 KiB or 2 MiB page, access
 * allowed. False means nothing but that walk_64() has to decide.
 */
static inline bool quick_walk(const struct p2m *p2m, const struct guest_paging *gp, vaddr_t va,
                              unsigned access, gaddr_t *out, bool *writable)
{
    uint64_t e, all, any, mask;

    if (!quick_entry(p2m, gp->cr3, va >> 39 & 511, &e) || (e & PTE_LARGE)) {
        return false;
    }
    all = any = e;
    if (!quick_entry(p2m, e, va >> 30 & 511, &e) || (e & PTE_LARGE)) {
        return false;
    }
    all &= e;
    any |= e;
    if (!quick_entry(p2m, e, va >> 21 & 511, &e)) {
        return false;
    }
    all &= e;
    any |= e;
    mask = (1ull << 21) - 1;
    if (!(e & PTE_LARGE)) {
        if (!quick_entry(p2m, e, va >> 12 & 511, &e)) {
            return false;
        }
        all &= e;
        any |= e;
        mask = PAGE_SIZE - 1;
    }
    all = (all & (PTE_WRITE | PTE_USER)) | (~any & PTE_NX);
    *writable = (e & PTE_DIRTY) && rights_allow(gp, all, WALK_WRITE);
    if (((any & PTE_NX) && !(gp->efer & EFER_NXE)) ||
        !(access == WALK_WRITE ? *writable : rights_allow(gp, all, access))) {
        return false;
    }
    *out = (e & PTE_ADDR & ~mask) | (va & mask);
    return true;
}

bool guest_walk(const struct p2m *p2m, const struct guest_paging *gp, vaddr_t va, unsigned access,
                gaddr_t *out, bool *writable)
{
    if (likely(gp->efer & EFER_LMA)) {
        if (unlikely((uint64_t)((int64_t)va >> 47) + 1 > 1)) {
            return false; /* not canonical */
        }
        if (likely(quick_walk(p2m, gp, va, access, out, writable))) {
            return true;
        }
        *writable = access == WALK_WRITE;
        return walk_64(p2m, gp, gp->cr3, 3, va, access, out);
    }
    *writable = access == WALK_WRITE;
    va &= 0xffffffffu;
    if (!(gp->cr0 & CR0_PG)) {
        *out = va;
        return true;
    }
    return gp->cr4 & CR4_PAE ? walk_pae(p2m, gp, va, access, out)
                             : walk_32(p2m, gp, va, access, out);
}
