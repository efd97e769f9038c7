/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket spinlocks and a reader-writer lock. No lock is taken from interrupt handlers, so none
 * disables interrupts.
 *
 * Each lock has its place in one order and is taken only by who holds none of the same or a later place; two of one
 * kind: lower domid first, the second by spin_lock_second(). A debug build (make DEBUG=1) keeps to it, and refuses a
 * lock that was given no place: lock_check.c.
 */
#ifndef XEN_LOCK_H
#define XEN_LOCK_H

#include <xen/types.h>

/* The order, outermost first. */
enum lock_place {
    LOCK_NOWHERE, /* a lock that nobody initialised */
    LOCK_DOMLIST,
    LOCK_DOMAIN,
    LOCK_HVM,
    LOCK_GRANT,
    LOCK_RINGS,  /* domains' consoles */
    LOCK_EVTCHN, /* a domain's ports */
    LOCK_PORT,
    LOCK_VPCI,
    LOCK_PCI_FUNCTION,
    LOCK_P2M,
    LOCK_DEVICE_IRQ,
    LOCK_IOMMU,
    LOCK_IOMMU_UNIT, /* Intel's: ids and entries before the units' queues */
    LOCK_PAGES,      /* those of a domain */
    LOCK_GRANT_TRACK,
    LOCK_POLICY,
    LOCK_PAGING,
    LOCK_HEAP,
    LOCK_BUDDY,
    LOCK_MEASURE,
    LOCK_SCHED,
    LOCK_RUNSTATE,
    LOCK_TIMER,
    LOCK_CONSOLE,
    LOCK_PCI_CONFIG,
};

typedef struct {
    uint16_t next, owner;
    uint8_t place; /* constant: enum lock_place */
} spinlock_t;

typedef struct {
    uint32_t readers; /* bit 31: a writer holds or waits */
    uint8_t place;    /* constant: enum lock_place */
} rwlock_t;

#define SPINLOCK_INIT(at) { .place = (at) }
#define RWLOCK_INIT(at) { .place = (at) }

#ifdef BULKHEAD_DEBUG
/* Before a lock is waited for, and when it has been given back: panic when this CPU breaks the order. */
void lock_check_take(const void *lock, enum lock_place place, bool second);
void lock_check_drop(const void *lock, enum lock_place place);
/** Panic when this CPU, about to enter a guest, holds a lock. */
void lock_check_none(void);
#else
static inline void lock_check_take(const void *lock __attribute__((unused)),
                                   enum lock_place place __attribute__((unused)),
                                   bool second __attribute__((unused)))
{
}

static inline void lock_check_drop(const void *lock __attribute__((unused)),
                                   enum lock_place place __attribute__((unused)))
{
}

static inline void lock_check_none(void)
{
}
#endif

static inline void spin_lock_init(spinlock_t *l, enum lock_place place)
{
    *l = (spinlock_t)SPINLOCK_INIT((uint8_t)place);
}

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

static inline void spin_lock_wait(spinlock_t *l)
{
    uint16_t t = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

    while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != t) {
        cpu_relax();
    }
}

static inline void spin_lock(spinlock_t *l)
{
    lock_check_take(l, l->place, false);
    spin_lock_wait(l);
}

/** With another lock of the same kind held, that of the lower domid. */
static inline void spin_lock_second(spinlock_t *l)
{
    lock_check_take(l, l->place, true);
    spin_lock_wait(l);
}

static inline void spin_unlock(spinlock_t *l)
{
    lock_check_drop(l, l->place);
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
    lock_check_take(l, l->place, false);
    while (__atomic_fetch_add(&l->readers, 1, __ATOMIC_ACQUIRE) & RW_WRITER) {
        __atomic_fetch_sub(&l->readers, 1, __ATOMIC_RELAXED);
        while (__atomic_load_n(&l->readers, __ATOMIC_RELAXED) & RW_WRITER) {
            cpu_relax();
        }
    }
}

static inline void read_unlock(rwlock_t *l)
{
    lock_check_drop(l, l->place);
    __atomic_fetch_sub(&l->readers, 1, __ATOMIC_RELEASE);
}

static inline void write_lock(rwlock_t *l)
{
    lock_check_take(l, l->place, false);
    while (__atomic_fetch_or(&l->readers, RW_WRITER, __ATOMIC_ACQUIRE) & RW_WRITER) {
        cpu_relax();
    }
    while (__atomic_load_n(&l->readers, __ATOMIC_ACQUIRE) != RW_WRITER) {
        cpu_relax();
    }
}

static inline void write_unlock(rwlock_t *l)
{
    lock_check_drop(l, l->place);
    __atomic_fetch_and(&l->readers, ~RW_WRITER, __ATOMIC_RELEASE);
}

#endif
