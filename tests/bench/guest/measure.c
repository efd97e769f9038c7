/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds, best and median. Best is the figure: with counted instructions a round differs from the
 * best one only when an interrupt fell into it.
 */
#include "measure.h"

#include <runtime/console.h>
#include <runtime/trap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t overhead;

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static char only[32];

void measure_only(const char *name)
{
    snprintf(only, sizeof(only), "%s", name);
}

void measure_init(void)
{
    overhead = UINT64_MAX;
    for (unsigned int i = 0; i < 64; i++) {
        uint64_t start = ticks(), took = ticks() - start;

        overhead = took < overhead ? took : overhead;
    }
}

uint64_t measure_overhead(void)
{
    return overhead;
}

void measure_report(const char *name, uint64_t *samples, unsigned int count, unsigned int per)
{
    uint64_t best, median;

    qsort(samples, count, sizeof(samples[0]), ascending);
    best = samples[0] * 100 / per;
    median = samples[count / 2] * 100 / per;
    printk("bench %s %lu.%02lu %lu.%02lu\n", name, (unsigned long)(best / 100),
           (unsigned long)(best % 100), (unsigned long)(median / 100),
           (unsigned long)(median % 100));
}

void measure_fail(const char *name, long why)
{
    printk("fail %s %ld\n", name, why);
}

void measure(const char *name, bench_fn *fn, unsigned int count, unsigned int per)
{
    uint64_t samples[ROUNDS];

    if (only[0] != '\0' && strcmp(only, name) != 0) {
        return;
    }
    if (!fn(count)) {
        measure_fail(name, 0);
        return;
    }
    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t start = ticks(), took;
        bool good = fn(count);

        took = ticks() - start;
        if (!good) {
            measure_fail(name, (long)i + 1);
            return;
        }
        samples[i] = took > overhead ? took - overhead : 0;
    }
    measure_report(name, samples, ROUNDS, count * per);
}
