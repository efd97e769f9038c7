/* SPDX-License-Identifier: Apache-2.0 */
/* Basic types. Frame numbers are one-member structures so that the compiler keeps them apart. */
#ifndef XEN_TYPES_H
#define XEN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t paddr_t; /* host physical address, bytes */
typedef uint64_t gaddr_t; /* guest physical address, bytes */
typedef uint64_t vaddr_t; /* virtual address, of the hypervisor or of a guest, bytes */

#define DEFINE_FRAME(name)                                                                         \
    typedef struct {                                                                               \
        uint64_t n;                                                                                \
    } name##_t;                                                                                    \
    static inline name##_t _##name(uint64_t n)                                                     \
    {                                                                                              \
        return (name##_t){ n };                                                                    \
    }                                                                                              \
    static inline uint64_t name##_x(name##_t f)                                                    \
    {                                                                                              \
        return f.n;                                                                                \
    }                                                                                              \
    static inline name##_t name##_add(name##_t f, uint64_t i)                                      \
    {                                                                                              \
        return (name##_t){ f.n + i };                                                              \
    }                                                                                              \
    static inline bool name##_eq(name##_t a, name##_t b)                                           \
    {                                                                                              \
        return a.n == b.n;                                                                         \
    }

DEFINE_FRAME(mfn) /* a frame of the host */
DEFINE_FRAME(gfn) /* a frame as a domain sees it */

#define PAGE_SHIFT 12
#define PAGE_SIZE ((uint64_t)1 << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define INVALID_FRAME (~(uint64_t)0)

#define must_check __attribute__((warn_unused_result))
#define __packed __attribute__((packed))
#define __aligned_to(n) __attribute__((aligned(n)))
#define noreturn_fn __attribute__((noreturn))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#endif
