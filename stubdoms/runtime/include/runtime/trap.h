/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions. One that nobody expects prints the registers and crashes the domain. A test that
 * wants to know whether an instruction faults runs it under trap_try().
 */
#ifndef RUNTIME_TRAP_H
#define RUNTIME_TRAP_H

#include <runtime/xen.h>

#define TRAP_NONE (-1)
#define TRAP_UD 6
#define TRAP_DF 8
#define TRAP_GP 13
#define TRAP_PF 14

/** What an exception left behind. */
struct trap_info_rt {
    int vector;           /* TRAP_NONE when nothing happened */
    uint64_t error;       /* error code, 0 for vectors without one */
    uint64_t rip;         /* faulting instruction */
    uint64_t cr2;         /* fault address, only for TRAP_PF */
};

/**
 * Run @fn(@arg); an exception in it ends it there and then.
 *
 * Locks and memory that @fn holds at that moment stay held. May be nested; per vCPU.
 *
 * @param info  out, may be NULL
 * @return vector, or TRAP_NONE when @fn returned
 */
int trap_try(void (*fn)(void *arg), void *arg, struct trap_info_rt *info);

/** Read or write memory, an MSR; the vector that it raised, or TRAP_NONE. */
int trap_read8(const volatile void *p, uint8_t *value);
int trap_write8(volatile void *p, uint8_t value);
int trap_rdmsr(uint32_t msr, uint64_t *value);
int trap_wrmsr(uint32_t msr, uint64_t value);

/**
 * Have vectors 32..255 call @fn in interrupt context (interrupts off) before the EOI; NULL: none.
 * The upcall vector and the spurious vector cannot be taken.
 */
int trap_handle_vector(unsigned int vector, void (*fn)(unsigned int vector, void *arg), void *arg);

static inline void irq_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}

static inline void irq_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}

#endif
