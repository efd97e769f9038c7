/* SPDX-License-Identifier: Apache-2.0 */
/* Register access for host tests: each goes to the model of a unit. */
#ifndef FAKE_ASM_IO_H
#define FAKE_ASM_IO_H

#include <xen/types.h>

uint32_t inl(uint16_t port);
void outl(uint16_t port, uint32_t v);
uint16_t readw(const volatile void *a);
uint32_t readl(const volatile void *a);
uint64_t readq(const volatile void *a);
void writew(volatile void *a, uint16_t v);
void writel(volatile void *a, uint32_t v);
void writeq(volatile void *a, uint64_t v);

#endif
