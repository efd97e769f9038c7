/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor around a driver, for the model of any vendor's units: memory, time, log, panic. */
#ifndef TEST_IOMMU_HOST_H
#define TEST_IOMMU_HOST_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_MEMORY (16u << 20)      /* bytes of the host's memory */
#define MODEL_MEMORY_START (2u << 20) /* below there is nothing */

extern uint64_t model_now_ns;

/** Print why and end the test's process when it is not so. */
#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            model_fail(__FILE__, __LINE__, #what);                                                 \
        }                                                                                          \
    } while (0)
void model_fail(const char *file, int line, const char *what) __attribute__((noreturn));

/** What the host has at this address, which must be memory. */
void *model_memory(uint64_t addr);

/* The driver of the vendor whose units are not modelled. */
#define NO_DRIVER { .is_described = model_never }
bool model_never(void);

/* What was printed since the last model_log_clear(). */
extern char model_log[1 << 16];
void model_log_clear(void);
unsigned model_log_count(const char *text);

/* What panic() said; it returns here. */
extern char model_panic[256];
/** Run iommu_init(); true unless it panicked. */
bool model_boot(void);
struct iommu_domain;
/** Call fn; true when it panicked. */
bool model_panics(void (*fn)(struct iommu_domain *), struct iommu_domain *dom);
/** A second passes. */
void model_second(void);

#endif
