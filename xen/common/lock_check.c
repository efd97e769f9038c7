/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug builds only: the locks that each CPU holds, as a stack of places that only grows. A lock is checked before it
 * is waited for, so an order that could dead-lock is found on the first run through it, not when two CPUs meet.
 */
#include <xen/lock.h>

#include <asm/cpu.h>
#include <xen/lib.h>

#define HELD_MAX 12u

#define PLACE(name) [LOCK_##name] = #name
static const char *const names[] = {
    PLACE(NOWHERE), PLACE(DOMLIST), PLACE(DOMAIN), PLACE(HVM), PLACE(GRANT), PLACE(RINGS), PLACE(EVTCHN), PLACE(PORT),
    PLACE(VPCI), PLACE(PCI_FUNCTION), PLACE(P2M), PLACE(DEVICE_IRQ), PLACE(IOMMU), PLACE(IOMMU_UNIT),
    PLACE(PAGES), PLACE(GRANT_TRACK), PLACE(POLICY), PLACE(PAGING), PLACE(HEAP), PLACE(BUDDY), PLACE(MEASURE),
    PLACE(SCHED), PLACE(RUNSTATE), PLACE(TIMER), PLACE(CONSOLE), PLACE(PCI_CONFIG),
};

static struct held {
    unsigned count;
    struct {
        const void *lock;
        enum lock_place place;
    } at[HELD_MAX];
} held[MAX_CPUS]; /* only by its CPU */

void lock_check_take(const void *lock, enum lock_place place, bool second)
{
    struct held *h = &held[cpu_id()];
    enum lock_place last = h->count > 0 ? h->at[h->count - 1].place : LOCK_NOWHERE;

    if (place == LOCK_NOWHERE) {
        panic("lock %p, taken at %p, has no place in the lock order", lock, __builtin_return_address(0));
    }
    for (unsigned i = 0; i < h->count; i++) {
        if (h->at[i].lock == lock) {
            panic("lock %p (%s) is taken twice", lock, names[place]);
        }
    }
    if (second ? last != place : last >= place) {
        panic("lock order: %p (%s) is taken at %p while %p (%s) is held", lock, names[place], __builtin_return_address(0),
              h->count > 0 ? h->at[h->count - 1].lock : NULL, names[last]);
    }
    ASSERT(h->count < HELD_MAX);
    h->at[h->count].lock = lock;
    h->at[h->count++].place = place;
}

/* In any order: what is held stays sorted. */
void lock_check_drop(const void *lock, enum lock_place place)
{
    struct held *h = &held[cpu_id()];
    unsigned i = h->count;

    while (i > 0 && h->at[i - 1].lock != lock) {
        i--;
    }
    if (i == 0) {
        panic("lock %p (%s) is given back by a CPU that does not hold it", lock, names[place]);
    }
    for (h->count--; i <= h->count; i++) {
        h->at[i - 1] = h->at[i];
    }
}

void lock_check_none(void)
{
    const struct held *h = &held[cpu_id()];

    if (h->count > 0) {
        panic("a guest is entered with lock %p (%s) held", h->at[0].lock, names[h->at[0].place]);
    }
}
