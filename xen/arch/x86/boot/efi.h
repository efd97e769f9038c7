/* SPDX-License-Identifier: Apache-2.0 */
/* What the UEFI step leaves for the boot code; lives in the .boot part, physical addresses below 4 GiB. */
#ifndef BOOT_EFI_H
#define BOOT_EFI_H

#include <xen/types.h>

#define EFI_RANGES_MAX 128
#define EFI_LOG_MAX (256 * 1024)

struct efi_range {
    uint64_t start, end; /* bytes; usable after boot services end */
};

struct efi_boot_info {
    bool valid;
    const char *error; /* low address, NULL when all went well */
    unsigned range_count;
    struct efi_range ranges[EFI_RANGES_MAX];
    uint64_t rsdp;
    uint64_t log; /* crypto-agile log, firmware's final events appended; 0 none */
    uint64_t log_size;
};
extern struct efi_boot_info efi_boot_info;

void efi_boot(uint32_t mbi);

#endif
