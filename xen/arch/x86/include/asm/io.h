/* SPDX-License-Identifier: Apache-2.0 */
/* Port and memory-mapped device access. */
#ifndef ASM_IO_H
#define ASM_IO_H

#include <xen/types.h>

static inline uint8_t inb(uint16_t p) { uint8_t v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(p)); return v; }
static inline uint16_t inw(uint16_t p) { uint16_t v; __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(p)); return v; }
static inline uint32_t inl(uint16_t p) { uint32_t v; __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(p)); return v; }
static inline void outb(uint16_t p, uint8_t v) { __asm__ volatile("outb %0, %1" :: "a"(v), "Nd"(p)); }
static inline void outw(uint16_t p, uint16_t v) { __asm__ volatile("outw %0, %1" :: "a"(v), "Nd"(p)); }
static inline void outl(uint16_t p, uint32_t v) { __asm__ volatile("outl %0, %1" :: "a"(v), "Nd"(p)); }

#define MMIO_READ(name, type)                                                                      \
    static inline type name(const volatile void *a)                                                \
    {                                                                                              \
        return *(const volatile type *)a;                                                          \
    }
#define MMIO_WRITE(name, type)                                                                     \
    static inline void name(volatile void *a, type v)                                              \
    {                                                                                              \
        *(volatile type *)a = v;                                                                   \
    }
MMIO_READ(readb, uint8_t)
MMIO_READ(readw, uint16_t)
MMIO_READ(readl, uint32_t)
MMIO_READ(readq, uint64_t)
MMIO_WRITE(writeb, uint8_t)
MMIO_WRITE(writew, uint16_t)
MMIO_WRITE(writel, uint32_t)
MMIO_WRITE(writeq, uint64_t)

#endif
