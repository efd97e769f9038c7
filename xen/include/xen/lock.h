/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket spinlocks and a reader-writer lock. No lock is taken from interrupt handlers, so none
 * disables interrupts, but for those named *_irq.
 *
 * Lock order, outermost first; two locks of one kind: lower domid first (domain_pair_lock):
 *   domlist -> domain.lock -> grant table -> evtchn -> vpci -> p2m -> device_irq -> iommu -> page_lock -> heap -> sched -> timer -> console
 */
#ifndef XEN_LOCK_H
#define XEN_LOCK_H

#include <xen/types.h>

typedef struct {
    uint16_t next, owner;
} spinlock_t;

typedef struct {
    uint32_t readers; /* bit 31: a writer holds or waits */
} rwlock_t;

#define SPINLOCK_INIT { 0, 0 }
#define RWLOCK_INIT { 0 }

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

static inline void spin_lock(spinlock_t *l)
{
    uint16_t t = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

    while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != t) {
        cpu_relax();
    }
}

static inline void spin_unlock(spinlock_t *l)
{
    __atomic_store_n(&l->owner, (uint16_t)(l->owner + 1), __ATOMIC_RELEASE);
}

static inline bool spin_is_locked(const spinlock_t *l)
{
    return __atomic_load_n(&l->owner, __ATOMIC_RELAXED) !=
           __atomic_load_n(&l->next, __ATOMIC_RELAXED);
}

#define RW_WRITER 0x80000000u

static inline void read_lock(rwlock_t *l)
{
    while (__atomic_fetch_add(&l->readers, 1, __ATOMIC_ACQUIRE) & RW_WRITER) {
        __atomic_fetch_sub(&l->readers, 1, __ATOMIC_RELAXED);
        while (__atomic_load_n(&l->readers, __ATOMIC_RELAXED) & RW_WRITER) {
            cpu_relax();
        }
    }
}

static inline void read_unlock(rwlock_t *l)
{
    __atomic_fetch_sub(&l->readers, 1, __ATOMIC_RELEASE);
}

static inline void write_lock(rwlock_t *l)
{
    while (__atomic_fetch_or(&l->readers, RW_WRITER, __ATOMIC_ACQUIRE) & RW_WRITER) {
        cpu_relax();
    }
    while (__atomic_load_n(&l->readers, __ATOMIC_ACQUIRE) != RW_WRITER) {
        cpu_relax();
    }
}

static inline void write_unlock(rwlock_t *l)
{
    __atomic_fetch_and(&l->readers, ~RW_WRITER, __ATOMIC_RELEASE);
}

#endif
