/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the boot code uses of UEFI's interface.
 * Sources: UEFI 2.10, 4.3, 4.4, 7.2 and 12.4; TCG EFI Protocol Specification 1.0, 6.
 */
#ifndef BOOT_UEFI_H
#define BOOT_UEFI_H

#include <xen/types.h>

#define EFIAPI __attribute__((ms_abi))
typedef uint64_t efi_status_t;

enum { /* kinds of request to allocate_pages */
    EFI_BELOW = 1, /* at most the given address */
    EFI_AT = 2,
};

enum { /* kinds of memory */
    EFI_LOADER_CODE = 1,
    EFI_LOADER_DATA = 2,
};

struct efi_guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

struct efi_memory_descriptor {
    uint32_t type, pad;
    uint64_t physical, virtual, pages, attribute;
};

/* Only the members used are named. */
struct efi_boot_services {
    uint8_t header[24];
    void *raise_tpl, *restore_tpl;
    efi_status_t (EFIAPI *allocate_pages)(uint32_t type, uint32_t memory, uint64_t pages, uint64_t *addr);
    void *free_pages;
    efi_status_t (EFIAPI *get_memory_map)(uint64_t *size, void *map, uint64_t *key, uint64_t *desc_size,
                                          uint32_t *version);
    void *skip1[21];
    efi_status_t (EFIAPI *exit_boot_services)(void *image, uint64_t key);
    void *skip2[10];
    efi_status_t (EFIAPI *locate_protocol)(const struct efi_guid *guid, void *reg, void **out);
};

struct efi_text_output {
    void *reset;
    efi_status_t (EFIAPI *output_string)(struct efi_text_output *self, const uint16_t *text);
};

struct efi_config_entry {
    struct efi_guid guid;
    uint64_t table;
};

struct efi_system_table {
    uint8_t header[24];
    void *vendor;
    uint32_t revision, pad;
    void *con_in_handle, *con_in, *con_out_handle;
    struct efi_text_output *con_out;
    void *err_handle, *err;
    void *runtime;
    struct efi_boot_services *boot;
    uint64_t entry_count;
    struct efi_config_entry *entries;
};
_Static_assert(offsetof(struct efi_system_table, con_out) == 64, "UEFI 2.10, 4.3.1");
_Static_assert(offsetof(struct efi_system_table, boot) == 96, "UEFI 2.10, 4.3.1");
_Static_assert(offsetof(struct efi_boot_services, exit_boot_services) == 232, "UEFI 2.10, 4.4.1");
_Static_assert(offsetof(struct efi_boot_services, locate_protocol) == 320, "UEFI 2.10, 4.4.1");

struct efi_tcg2 {
    void *get_capability;
    efi_status_t (EFIAPI *get_event_log)(struct efi_tcg2 *self, uint32_t format, uint64_t *start,
                                         uint64_t *last, uint8_t *truncated);
};

#endif
