/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xen/acpi.h>
#include <xen/cmdline.h>
#include <xen/iommu.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/time.h>
#include <xen/timer.h>

uint64_t model_now_ns;
char model_log[1 << 16], model_panic[256];
char *direct_map_fake;
struct page_info *frame_table;
uint64_t frame_count;
struct acpi_info acpi_info;
struct options options;

static char arena[MODEL_MEMORY] __attribute__((aligned(MODEL_MEMORY_START)));
static size_t arena_used = MODEL_MEMORY_START; /* address 0 is not given out */
static size_t log_used;
static struct timer *armed;
static jmp_buf boot;

void model_fail(const char *file, int line, const char *what)
{
    printf("# %s:%d: not so: %s\n# log: %s\n", file, line, what, model_log);
    fflush(stdout);
    _exit(1);
}

bool model_never(void)
{
    return false;
}

void *model_memory(uint64_t addr)
{
    CHECK(addr >= MODEL_MEMORY_START && addr < MODEL_MEMORY);
    return arena + addr;
}

void *pages_alloc(unsigned order)
{
    size_t size = (size_t)PAGE_SIZE << order;
    char *p;

    arena_used = ROUND_UP(arena_used, size);
    CHECK(arena_used + size <= MODEL_MEMORY);
    p = arena + arena_used;
    arena_used += size;
    return p;
}

uint64_t time_now_ns(void)
{
    return model_now_ns += 100;
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
    t->fn = fn;
    t->arg = arg;
}

void timer_set(struct timer *t, uint64_t expires_ns)
{
    t->expires_ns = expires_ns;
    armed = t;
}

void model_second(void)
{
    CHECK(armed != NULL && armed->expires_ns <= model_now_ns + NS_PER_S);
    model_now_ns = armed->expires_ns;
    armed->fn(armed->arg);
}

void printk(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    (void)level;
    va_start(ap, fmt);
    log_used += (size_t)vsnprintf(model_log + log_used, sizeof(model_log) - log_used, fmt, ap);
    va_end(ap);
    CHECK(log_used + 2 < sizeof(model_log));
    model_log[log_used++] = '\n';
    model_log[log_used] = '\0';
}

void model_log_clear(void)
{
    log_used = 0;
    model_log[0] = '\0';
}

unsigned model_log_count(const char *text)
{
    unsigned count = 0;

    for (const char *p = model_log; (p = strstr(p, text)) != NULL; p++) {
        count++;
    }
    return count;
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(model_panic, sizeof(model_panic), fmt, ap);
    va_end(ap);
    longjmp(boot, 1);
}

bool model_boot(void)
{
    direct_map_fake = arena;
    if (setjmp(boot) != 0) {
        return false;
    }
    iommu_init();
    return true;
}

void *xzalloc_bytes(size_t size)
{
    return calloc(1, size);
}

void xfree(void *p)
{
    free(p);
}

void pages_free(void *p, unsigned order)
{
    memset(p, 0xee, (size_t)PAGE_SIZE << order); /* never given out again */
}

bool model_panics(void (*fn)(struct iommu_domain *), struct iommu_domain *dom)
{
    if (setjmp(boot) != 0) {
        return true;
    }
    fn(dom);
    return false;
}
