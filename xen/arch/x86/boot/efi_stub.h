/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulkhead.efi: one EFI program with the hypervisor and everything that it starts. What the stub is told about the rest of
 * the program; `bh build` fills it in. Addresses are relative to the program's base, sizes are bytes.
 */
#ifndef BOOT_EFI_STUB_H
#define BOOT_EFI_STUB_H

#include <stdint.h>

#define EFI_STUB_MAGIC "bulkhead-stub-1"
#define EFI_STUB_ADDRESS 0x1000u /* of the stub itself, the table first */
#define EFI_STUB_MODULES_MAX 66

struct efi_stub_part {
    uint32_t address, size;
};

struct efi_stub_table {
    char magic[16];
    uint32_t load;   /* physical address where the hypervisor wants to be */
    uint32_t memory; /* how much of it, beyond what is in the file */
    uint32_t entry;  /* physical address: multiboot 2 in 64-bit mode, boot services alive */
    struct efi_stub_part hypervisor; /* what goes to `load` */
    struct efi_stub_part cmdline;    /* text that ends with a NUL */
    uint32_t module_count;
    struct efi_stub_part module[EFI_STUB_MODULES_MAX]; /* page-aligned, in multiboot order */
};

/* The stub's first instruction comes right behind the table. */
#define EFI_STUB_START (EFI_STUB_ADDRESS + (((uint32_t)sizeof(struct efi_stub_table) + 15) & ~15u))

#endif
