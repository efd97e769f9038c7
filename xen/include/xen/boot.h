/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader gave us, whichever loader it was; filled by arch boot code, constant afterwards. */
#ifndef XEN_BOOT_H
#define XEN_BOOT_H

#include <xen/types.h>

#define BOOT_MODULES_MAX 64

struct boot_module {
    const uint8_t *data; /* direct map */
    size_t size;
    const char *cmdline; /* as the loader gave it: "file args" or "args"; NUL-terminated */
};

struct boot_info {
    const char *cmdline; /* without the hypervisor's file name */
    unsigned module_count;
    struct boot_module modules[BOOT_MODULES_MAX];
    paddr_t rsdp;                /* 0: search the BIOS area */
    bool efi;
    const uint8_t *firmware_log; /* crypto-agile TCG log, NULL none */
    size_t firmware_log_size;
    const char *loader;          /* "multiboot1", "multiboot2", "multiboot2-efi" */
};
extern struct boot_info boot_info;

/** Frees the modules' memory to the allocator once all domains are built. */
void boot_modules_free(void);

#endif
