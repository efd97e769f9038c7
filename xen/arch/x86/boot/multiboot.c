/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multiboot 1 and 2 information. The loader is trusted as far as its measured hand-over goes; still every offset is
 * bounded so that a broken loader gives a message instead of a fault.
 * Sources: Multiboot Specification 0.6.96, 3.3; Multiboot2 Specification 2.0, 3.6.
 */
#include "multiboot.h"
#include "efi.h"

#include <xen/lib.h>
#include <xen/mm.h>

#define MB1_MAGIC 0x2badb002u
#define MB2_MAGIC 0x36d76289u
#define STRINGS_MAX (64 * 1024)
#define LOW_LIMIT (1ull << 32) /* what the first page tables cover */

/* efi.c is linked at its load address, out of reach of our code model but for a full address. */
static const struct efi_boot_info *efi_info(void)
{
    uint64_t low;

    __asm__("movq $efi_boot_info, %0" : "=r"(low));
    return maddr_to_virt(low);
}

struct boot_info boot_info;
struct boot_memory boot_memory;

static char strings[STRINGS_MAX];
static size_t strings_used;

static const char *keep_string(const char *s, size_t max, const char *what)
{
    size_t len = strnlen(s, max);
    char *to = strings + strings_used;

    if (strings_used + len + 1 > STRINGS_MAX) {
        panic("boot: %s is too long: all command lines together may have 64 KiB", what);
    }
    memcpy(to, s, len);
    to[len] = 0;
    strings_used += len + 1;
    return to;
}

static void add_ram(uint64_t start, uint64_t end)
{
    struct boot_memory *m = &boot_memory;

    start = (start + PAGE_SIZE - 1) & PAGE_MASK;
    end &= PAGE_MASK;
    if (start >= end) {
        return;
    }
    if (m->ram_count == BOOT_RANGES_MAX) {
        panic("boot: more than %u memory ranges from the loader", BOOT_RANGES_MAX);
    }
    m->ram[m->ram_count++] = (struct mem_range){ start, end };
}

static void add_used(uint64_t start, uint64_t end)
{
    struct boot_memory *m = &boot_memory;

    m->used[m->used_count++] =
        (struct mem_range){ start & PAGE_MASK, (end + PAGE_SIZE - 1) & PAGE_MASK };
}

static void add_module(uint64_t start, uint64_t end, const char *cmdline)
{
    struct boot_info *bi = &boot_info;

    if (bi->module_count == BOOT_MODULES_MAX) {
        panic("boot: more than %u modules", BOOT_MODULES_MAX);
    }
    if (end < start || end > LOW_LIMIT) {
        panic("boot: module %u lies outside the first 4 GiB", bi->module_count);
    }
    bi->modules[bi->module_count++] = (struct boot_module){
        .data = maddr_to_virt(start),
        .size = end - start,
        .cmdline = cmdline,
    };
    add_used(start, end);
}

/* QEMU and GRUB put the file name first in multiboot 1; what follows the first space is ours. */
static const char *after_first_word(const char *s)
{
    const char *space = strchr(s, ' ');

    return space ? space + 1 : s + strlen(s);
}

struct mb1_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr;
    uint32_t syms[4], mmap_length, mmap_addr;
};
struct mb1_module {
    uint32_t start, end, cmdline, pad;
};
struct mb1_mmap {
    uint32_t size;
    uint64_t base, length;
    uint32_t type;
} __packed;

static void read_mb1(uint32_t info)
{
    const struct mb1_info *mbi = maddr_to_virt(info);
    const struct mb1_module *mods = maddr_to_virt(mbi->mods_addr);

    boot_info.loader = "multiboot1";
    boot_info.cmdline = "";
    if (mbi->flags & 4) {
        boot_info.cmdline =
            after_first_word(keep_string(maddr_to_virt(mbi->cmdline), 8192, "the command line"));
    }
    if (!(mbi->flags & 0x40)) {
        panic("boot: the loader gives no memory map");
    }
    for (uint32_t at = 0; at + sizeof(struct mb1_mmap) <= mbi->mmap_length;) {
        const struct mb1_mmap *e = maddr_to_virt((uint64_t)mbi->mmap_addr + at);

        if (e->type == 1) {
            add_ram(e->base, e->base + e->length);
        }
        at += e->size + 4;
    }
    for (uint32_t i = 0; (mbi->flags & 8) && i < mbi->mods_count; i++) {
        add_module(mods[i].start, mods[i].end,
                   mods[i].cmdline ? keep_string(maddr_to_virt(mods[i].cmdline), 8192, "a module string")
                                   : "");
    }
}

static void read_mb2_mmap(const uint8_t *tag, uint32_t size)
{
    uint32_t entry = *(const uint32_t *)(const void *)(tag + 8);

    for (uint32_t at = 16; entry >= 24 && at + entry <= size; at += entry) {
        const uint64_t *e = (const uint64_t *)(const void *)(tag + at);

        if ((uint32_t)e[2] == 1) {
            add_ram(e[0], e[0] + e[1]);
        }
    }
}

static void read_mb2(uint32_t info)
{
    const uint8_t *p = maddr_to_virt(info);
    uint32_t total = *(const uint32_t *)(const void *)p;

    boot_info.loader = "multiboot2";
    boot_info.cmdline = "";
    add_used(info, (uint64_t)info + total);
    for (uint32_t at = 8; at + 8 <= total;) {
        const uint32_t *tag = (const uint32_t *)(const void *)(p + at);
        uint32_t type = tag[0], size = tag[1];

        if (!type || size < 8 || size > total - at) {
            break;
        }
        switch (type) {
        case 1:
            boot_info.cmdline = keep_string((const char *)(tag + 2), size - 8, "the command line");
            break;
        case 3:
            add_module(tag[2], tag[3], keep_string((const char *)(tag + 4), size - 16, "a module string"));
            break;
        case 6:
            if (!efi_info()->valid) {
                read_mb2_mmap(p + at, size);
            }
            break;
        case 14:
        case 15: /* a copy of the RSDP; the newer one comes last */
            boot_info.rsdp = info + at + 8;
            break;
        default:
            break;
        }
        at += (size + 7) & ~7u;
    }
}

static void read_efi(void)
{
    const struct efi_boot_info *e = efi_info();

    if (e->error) {
        panic("boot: UEFI: %s", (const char *)maddr_to_virt((uint64_t)e->error));
    }
    boot_info.efi = true;
    boot_info.loader = "multiboot2-efi";
    boot_info.rsdp = e->rsdp;
    if (e->log) {
        boot_info.firmware_log = maddr_to_virt(e->log);
        boot_info.firmware_log_size = e->log_size;
        add_used(e->log, e->log + EFI_LOG_MAX);
    }
    for (unsigned i = 0; i < e->range_count; i++) {
        add_ram(e->ranges[i].start, e->ranges[i].end);
    }
}

void multiboot_read(uint32_t info, uint32_t magic)
{
    if (magic == MB1_MAGIC) {
        read_mb1(info);
    } else if (magic == MB2_MAGIC) {
        read_mb2(info);
    } else {
        panic("boot: unknown loader magic %#x", magic);
    }
    if (efi_info()->valid) {
        read_efi();
    }
    if (!boot_memory.ram_count) {
        panic("boot: the loader gives no usable memory");
    }
}
