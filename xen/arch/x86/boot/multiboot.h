/* SPDX-License-Identifier: Apache-2.0 */
/* The loader's information, copied into boot_info and memory ranges before our own tables exist. */
#ifndef BOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_H

#include <asm/paging.h>
#include <xen/boot.h>

#define BOOT_RANGES_MAX 160

struct boot_memory {
    unsigned ram_count, used_count;
    struct mem_range ram[BOOT_RANGES_MAX];
    struct mem_range used[BOOT_MODULES_MAX + 4];
};
extern struct boot_memory boot_memory;

/** Read either format; strings are copied, module data stays where it is. Panics with one line when malformed. */
void multiboot_read(uint32_t info, uint32_t magic);

#endif
