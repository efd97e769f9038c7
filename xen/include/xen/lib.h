/* SPDX-License-Identifier: Apache-2.0 */
/* The small library: memory, strings, formatting, assertions. On the host the C library's own. */
#ifndef XEN_LIB_H
#define XEN_LIB_H

#include <stdarg.h>
#include <xen/types.h>

#ifdef BULKHEAD_HOST
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ASSERT(x) assert(x)
#define BUG() abort()
#else
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
/** Formats d i u x X c s p %, flags 0 - #, width, precision, h hh l ll z. Always terminates. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) printf_like(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);
/** A broken invariant that no guest can reach: the hypervisor stops. */
#define ASSERT(x)                                                                                  \
    do {                                                                                           \
        if (unlikely(!(x))) {                                                                      \
            panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #x);                          \
        }                                                                                          \
    } while (0)
#define BUG() panic("%s:%d: bug", __FILE__, __LINE__)
#endif

/** Stop the machine with one line that says why. */
void panic(const char *fmt, ...) printf_like(1, 2) noreturn_fn;

/** Log levels of printk: the text goes to the console when at or below the configured level. */
enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };
/** One line of the hypervisor's own log; the "(XEN) " prefix and the newline are added. */
void printk(enum log_level level, const char *fmt, ...) printf_like(2, 3);
#define pr_err(...) printk(LOG_ERR, __VA_ARGS__)
#define pr_warn(...) printk(LOG_WARN, __VA_ARGS__)
#define pr_info(...) printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...) printk(LOG_DEBUG, __VA_ARGS__)

/** Parse an unsigned number, decimal or 0x; *end is set after it. @return 0 or -EINVAL. */
int parse_u64(const char *s, const char **end, uint64_t *out) must_check;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define container_of(p, type, member) ((type *)(void *)((char *)(p) - offsetof(type, member)))
#define BUILD_ASSERT(c) _Static_assert(c, #c)
#define ROUND_UP(x, a) (((x) + (a) - 1) & ~((a) - 1))
#define DIV_ROUND_UP(x, a) (((x) + (a) - 1) / (a))

/** Index below size: bounded also under speculation. Caller has compared already. */
static inline uint64_t array_index_nospec(uint64_t index, uint64_t size)
{
    uint64_t mask;

    __asm__ volatile("cmp %1, %2; sbb %0, %0" : "=r"(mask) : "r"(size), "r"(index) : "cc");
    return index & mask;
}

/** Checked arithmetic on values from outside: true when the result does not fit. */
#define add_overflows(a, b, res) __builtin_add_overflow(a, b, res)
#define mul_overflows(a, b, res) __builtin_mul_overflow(a, b, res)

#define read_once(x) (*(const volatile __typeof__(x) *)&(x))
#define write_once(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#endif
