/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies to and from guests. The p2m lock is held for reading over the whole of one, so a page
 * cannot leave the domain between its lookup and the last byte: whoever takes an entry away waits
 * for the lock, and drops the entry's reference afterwards.
 */
#include "guest_walk.h"

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/guest_access.h>

/* Whole words and then bytes; each byte is read once. */
static inline void words_copy(void *dst, const void *src, size_t size)
{
    size_t words = size / 8, rest = size & 7;

    __asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(words) : : "memory");
    if (rest & 4) {
        __asm__ volatile("movsl" : "+D"(dst), "+S"(src) : : "memory");
    }
    for (rest &= 3; rest != 0; rest--) {
        __asm__ volatile("movsb" : "+D"(dst), "+S"(src) : : "memory");
    }
}

static inline size_t page_rest(uint64_t addr, size_t size)
{
    size_t rest = (size_t)(PAGE_SIZE - (addr & ~PAGE_MASK));

    return rest < size ? rest : size;
}

/* As guest_walk(), remembering what it finds until the vCPU runs again. Lock held. */
static inline __attribute__((always_inline)) bool
translate(struct vcpu *v, const struct guest_paging *gp, vaddr_t va,
          unsigned access, gaddr_t *out)
{
    struct guest_tlb *t = &v->tlb[va / PAGE_SIZE % GUEST_TLB_SLOTS];
    bool writable;

    if (likely(t->epoch == gp->epoch) && gp->epoch && t->page == (va & PAGE_MASK) &&
        (access == WALK_READ || (access == WALK_WRITE && t->writable))) {
        *out = t->frame | (va & ~PAGE_MASK);
        return true;
    }
    if (unlikely(!guest_walk(&v->domain->p2m, gp, va, access, out, &writable))) {
        return false;
    }
    if (access != WALK_FETCH) {
        t->epoch = gp->epoch;
        t->page = va & PAGE_MASK;
        t->frame = *out & PAGE_MASK;
        t->writable = writable;
    }
    return true;
}

/* @return bytes done */
static inline __attribute__((always_inline)) size_t guest_transfer(uint8_t *buf, vaddr_t va,
                                                                   size_t size, unsigned access)
{
    struct vcpu *v = current;
    struct p2m *p2m = &v->domain->p2m;
    struct guest_paging gp;
    size_t left = size;

    gp.epoch = 0;
    arch_vcpu_paging(v, &gp);
    read_lock(&p2m->lock);
    while (left) {
        size_t n = page_rest(va, left);
        gaddr_t addr;
        uint8_t *p;

        if (unlikely(!translate(v, &gp, va, access, &addr))) {
            break;
        }
        p = p2m_host(p2m, addr, access == WALK_WRITE ? P2M_SET_WRITABLE : P2M_SET_PAGES);
        if (unlikely(!p)) {
            break;
        }
        if (access == WALK_WRITE) {
            words_copy(p, buf, n);
        } else {
            words_copy(buf, p, n);
        }
        buf += n;
        va += n;
        left -= n;
    }
    read_unlock(&p2m->lock);
    return size - left;
}

int copy_from_guest(void *dst, vaddr_t src, size_t size)
{
    return guest_transfer(dst, src, size, WALK_READ) == size ? 0 : -EFAULT;
}

int copy_to_guest(vaddr_t dst, const void *src, size_t size)
{
    return guest_transfer((uint8_t *)(uintptr_t)src, dst, size, WALK_WRITE) == size ? 0 : -EFAULT;
}

size_t fetch_from_guest(void *dst, vaddr_t src, size_t size)
{
    return guest_transfer(dst, src, size, WALK_FETCH);
}

static int gaddr_transfer(struct domain *d, void *buf, gaddr_t addr, size_t size, bool write)
{
    size_t done = 0;

    if (addr + size < addr) {
        return -EFAULT;
    }
    read_lock(&d->p2m.lock);
    while (done < size) {
        size_t n = page_rest(addr + done, size - done);
        uint8_t *p = p2m_host(&d->p2m, addr + done, write ? P2M_SET_WRITABLE : P2M_SET_PAGES);

        if (!p) {
            break;
        }
        if (write) {
            words_copy(p, (uint8_t *)buf + done, n);
        } else {
            words_copy((uint8_t *)buf + done, p, n);
        }
        done += n;
    }
    read_unlock(&d->p2m.lock);
    return done == size ? 0 : -EFAULT;
}

int copy_from_gaddr(struct domain *d, void *dst, gaddr_t src, size_t size)
{
    return gaddr_transfer(d, dst, src, size, false);
}

int copy_to_gaddr(struct domain *d, gaddr_t dst, const void *src, size_t size)
{
    return gaddr_transfer(d, (void *)(uintptr_t)src, dst, size, true);
}
