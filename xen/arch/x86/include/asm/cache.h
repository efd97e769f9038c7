/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU's caches, for devices that read memory past them. */
#ifndef ASM_CACHE_H
#define ASM_CACHE_H

#define CACHE_LINE 64u /* no 64-bit CPU has shorter ones */

/** Write the line that p is in back to memory; done, in order with stores, at the next full barrier. */
static inline void cache_write_back(const volatile void *p)
{
    __asm__ volatile("clflush %0" : : "m"(*(const volatile char *)p) : "memory");
}

#endif
