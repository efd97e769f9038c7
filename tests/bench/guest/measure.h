/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a measurement: how long one operation takes in ticks of the time stamp counter. Under
 * QEMU's -icount shift=0 a tick is one executed instruction, of guest and hypervisor together.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#define ROUNDS 7u

/**
 * Perform one operation @count times; one call is one round.
 *
 * @return false when the operation did not do what it should
 */
typedef bool bench_fn(unsigned int count);

/** Leave out all that measure() is asked for but @name ("": nothing): for profiles. */
void measure_only(const char *name);

/** Find out what reading the counter costs; before all else. */
void measure_init(void);

/** Ticks that reading the counter costs: what measure() has already taken off. */
uint64_t measure_overhead(void);

/** The time stamp counter, not ordered: for differences over many instructions. */
static inline uint64_t ticks(void)
{
    uint32_t lo, hi;

    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
    return (uint64_t)hi << 32 | lo;
}

/**
 * Print `bench NAME BEST MEDIAN`, ticks per operation, of ROUNDS rounds after one to warm up, or
 * `fail NAME`. @per is the number of operations in one unit of @count: 32 for batches.
 */
void measure(const char *name, bench_fn *fn, unsigned int count, unsigned int per);

/** Print the line for figures that were taken some other way; sorts @samples. */
void measure_report(const char *name, uint64_t *samples, unsigned int count, unsigned int per);

/** Print `fail NAME` and why. */
void measure_fail(const char *name, long why);

/* The groups. */
void bench_cpu(void);
void bench_events(void);
void bench_grants(void);

#endif
