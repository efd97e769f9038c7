/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Further vCPUs, for tests of races. A stub domain proper runs on vCPU 0 alone.
 */
#ifndef RUNTIME_SMP_H
#define RUNTIME_SMP_H

#include <runtime/xen.h>

#define SMP_CPU_MAX 32u

/** Index of the vCPU that asks; 0 is the first one. */
unsigned int smp_cpu(void);

/** vCPUs that ACPI's MADT lists, at least 1. */
unsigned int smp_cpu_count(void);

/**
 * Start vCPU @cpu by INIT and SIPI and have it call @fn(@arg) with interrupts and its event upcall
 * enabled. When @fn returns the vCPU sleeps and can be given more work by calling this again.
 *
 * @return 0, -XEN_EINVAL for a number out of range, -XEN_EBUSY while it still works,
 *         -XEN_ENOMEM without room for its stack or a trampoline page below 1 MiB,
 *         -XEN_ETIMEDOUT when it did not come up within two seconds
 */
int smp_start(unsigned int cpu, void (*fn)(void *arg), void *arg);

/** Whether vCPU @cpu is done with its work. */
bool smp_idle(unsigned int cpu);

/** Wait for that. */
void smp_wait(unsigned int cpu);

/** A lock between vCPUs; all zero is unlocked. Not for interrupt context. */
struct spinlock {
    uint32_t held;
};

static inline void spin_lock(struct spinlock *lock)
{
    while (__atomic_exchange_n(&lock->held, 1u, __ATOMIC_ACQUIRE) != 0) {
        cpu_relax();
    }
}

static inline void spin_unlock(struct spinlock *lock)
{
    __atomic_store_n(&lock->held, 0u, __ATOMIC_RELEASE);
}

#endif
