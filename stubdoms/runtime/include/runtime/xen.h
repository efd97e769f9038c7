/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every part of a stub domain sees of the Xen ABI, with the newest interface version selected,
 * and the few compiler helpers that code on shared memory needs. Include this before any other
 * <public/...> header.
 */
#ifndef RUNTIME_XEN_H
#define RUNTIME_XEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__XEN_TOOLS__) && !defined(__XEN_INTERFACE_VERSION__)
#define __XEN_INTERFACE_VERSION__ 0x00040e00
#endif
#include <public/errno.h>
#include <public/xen.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* One access, of exactly this width, that the compiler neither repeats nor splits. */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define compiler_barrier() __asm__ volatile("" ::: "memory")
/* x86 keeps loads among loads and stores among stores in order; only store-then-load needs help. */
#define smp_rmb() compiler_barrier()
#define smp_wmb() compiler_barrier()
#define smp_mb() __asm__ volatile("lock; addl $0, -4(%%rsp)" ::: "memory", "cc")

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

#endif
