/* SPDX-License-Identifier: Apache-2.0 */
/* Ports and registers for host tests: each access goes to bus.c. */
#ifndef FAKE_ASM_IO_H
#define FAKE_ASM_IO_H

#include <xen/types.h>

uint8_t inb(uint16_t port);
uint16_t inw(uint16_t port);
uint32_t inl(uint16_t port);
void outb(uint16_t port, uint8_t v);
void outw(uint16_t port, uint16_t v);
void outl(uint16_t port, uint32_t v);
uint32_t readl(const volatile void *a);
void writel(volatile void *a, uint32_t v);

#endif
