/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout: every section begins at a page, in memory and relative to the program's base; in the file
 * the sections follow one another, as tools that sign want it. No time, no checksum (UEFI looks at
 * neither), so the bytes depend on the parts alone.
 * Sources: PE/COFF specification, revision 11, 3 and 4; UEFI 2.10, 2.1.1; Multiboot2 Specification
 * 2.0, 3.1.
 */
#include "efi_image.h"

#include <elf.h>
#include <string.h>

#include "../../../xen/arch/x86/boot/efi_stub.h"

#define PAGE 4096u
#define FILE_UNIT 512u
#define PE_AT 0x40u
#define OPTIONAL_AT (PE_AT + 24)
#define OPTIONAL_SIZE 240u
#define SECTIONS_AT (OPTIONAL_AT + OPTIONAL_SIZE)
#define SECTION_SIZE 40u
#define SECTIONS_MAX (4 + EFI_STUB_MODULES_MAX)
#define RELOC_DIRECTORY (OPTIONAL_AT + 112 + 5 * 8)
#define CMDLINE_SLACK 128u /* zeros behind the command line, so that a test can lengthen it */

#define CODE_READ_EXECUTE 0x60000020u
#define DATA_READ 0x40000040u
#define DATA_READ_DISCARD 0x42000040u

#define MB2_MAGIC 0xe85250d6u
#define MB2_SEARCH 32768u
#define MB2_TAG_EFI64_ENTRY 9

struct section {
    char name[8];
    const void *data;
    uint32_t size, address, file_at, flags;
};

struct layout {
    struct section section[SECTIONS_MAX];
    unsigned int count;
    uint64_t address, file_at; /* behind the last one */
};

static uint64_t round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

static void put16(char *at, uint32_t value)
{
    at[0] = (char)value;
    at[1] = (char)(value >> 8);
}

static void put32(char *at, uint32_t value)
{
    put16(at, value);
    put16(at + 2, value >> 16);
}

static uint32_t get32(const char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static struct efi_stub_part add(struct layout *l, const char *name, const void *data, size_t size,
                                uint32_t flags)
{
    if (size == 0) {
        return (struct efi_stub_part){ 0, 0 }; /* a section of no size is none */
    }
    struct section *s = &l->section[l->count++];

    *s = (struct section){ .data = data, .size = (uint32_t)size, .address = (uint32_t)l->address,
                           .file_at = (uint32_t)l->file_at, .flags = flags };
    s->name[0] = '.';
    memcpy(s->name + 1, name, strcspn(name, ".") < 7 ? strcspn(name, ".") : 7);
    l->address = round_up(l->address + size, PAGE);
    l->file_at = round_up(l->file_at + size, FILE_UNIT);
    return (struct efi_stub_part){ s->address, s->size };
}

/* Physical address of the entry for 64-bit EFI, of the multiboot 2 header; 0: there is none. */
static uint32_t efi_entry(const struct buf *elf)
{
    size_t end = elf->len < MB2_SEARCH ? elf->len : MB2_SEARCH;

    for (size_t at = 0; at + 16 <= end; at += 8) {
        if (get32(elf->data + at) != MB2_MAGIC
            || get32(elf->data + at) + get32(elf->data + at + 4) + get32(elf->data + at + 8)
                       + get32(elf->data + at + 12) != 0) {
            continue;
        }
        size_t header_end = at + get32(elf->data + at + 8);

        for (size_t tag = at + 16; tag + 12 <= header_end && header_end <= elf->len;) {
            uint32_t size = get32(elf->data + tag + 4);

            if ((get32(elf->data + tag) & 0xffff) == MB2_TAG_EFI64_ENTRY) {
                return get32(elf->data + tag + 8);
            }
            if (size < 8) {
                break;
            }
            tag += round_up(size, 8);
        }
    }
    return 0;
}

/* Where the hypervisor's one segment goes; the section holds the whole file, as it is measured elsewhere. */
static bool hypervisor_place(const struct image *image, struct efi_stub_part file,
                             struct efi_stub_table *table, struct diag *diag)
{
    const struct buf *elf = &image->hypervisor;
    Elf32_Ehdr head = { 0 };
    Elf32_Phdr load = { 0 };

    if (elf->len >= sizeof(head)) {
        memcpy(&head, elf->data, sizeof(head));
    }
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS32
        || head.e_phnum != 1 || head.e_phoff > elf->len
        || elf->len - head.e_phoff < sizeof(load)) {
        diag_error(diag, NULL, 0, "hypervisor", "its file is not one for boot = efi: expected a "
                   "32-bit ELF with one segment");
        return false;
    }
    memcpy(&load, elf->data + head.e_phoff, sizeof(load));
    table->entry = efi_entry(elf);
    if (load.p_type != PT_LOAD || load.p_offset > elf->len
        || elf->len - load.p_offset < load.p_filesz || load.p_filesz > load.p_memsz
        || load.p_paddr % PAGE != 0 || table->entry - load.p_paddr >= load.p_filesz) {
        diag_error(diag, NULL, 0, "hypervisor", "its file is not one for boot = efi: the segment "
                   "runs out of the file, or there is no entry for 64-bit EFI in it");
        return false;
    }
    table->load = load.p_paddr;
    table->memory = load.p_memsz;
    table->hypervisor = (struct efi_stub_part){ file.address + load.p_offset, load.p_filesz };
    return true;
}

static void headers_make(const struct layout *l, struct buf *out)
{
    char h[PAGE] = { 0 };
    char *o = h + OPTIONAL_AT;

    memcpy(h, "MZ", 2);
    put32(h + 0x3c, PE_AT);
    memcpy(h + PE_AT, "PE\0\0", 4);
    put16(h + PE_AT + 4, 0x8664);
    put16(h + PE_AT + 6, l->count);
    put16(h + PE_AT + 20, OPTIONAL_SIZE);
    put16(h + PE_AT + 22, 0x0022); /* executable, addresses beyond 2 GiB are fine */
    put16(o, 0x20b);
    put32(o + 4, (uint32_t)round_up(l->section[0].size, FILE_UNIT)); /* code */
    put32(o + 16, EFI_STUB_START);
    put32(o + 20, EFI_STUB_ADDRESS);
    put32(o + 32, PAGE);
    put32(o + 36, FILE_UNIT);
    put32(o + 56, (uint32_t)l->address);
    put32(o + 60, PAGE); /* headers */
    put16(o + 68, 10); /* EFI application */
    put32(o + 108, 16); /* directories */
    put32(h + RELOC_DIRECTORY, l->section[1].address);
    put32(h + RELOC_DIRECTORY + 4, l->section[1].size);
    for (unsigned int i = 0; i < l->count; i++) {
        const struct section *s = &l->section[i];
        char *at = h + SECTIONS_AT + i * SECTION_SIZE;

        memcpy(at, s->name, 8);
        put32(at + 8, s->size);
        put32(at + 12, s->address);
        put32(at + 16, (uint32_t)round_up(s->size, FILE_UNIT));
        put32(at + 20, s->file_at);
        put32(at + 36, s->flags);
    }
    buf_put(out, h, sizeof(h));
}

_Static_assert(SECTIONS_AT + SECTIONS_MAX * SECTION_SIZE <= PAGE, "the headers are one page");
_Static_assert(IMAGE_MODULES_MAX <= EFI_STUB_MODULES_MAX, "every module has its place");

bool efi_image_make(const struct image *image, const struct buf *stub, struct buf *out,
                    struct diag *diag)
{
    /* One block without entries: some firmware takes no program without base relocations. */
    static const char relocations[12] = { 0, 0x10, 0, 0, 12 };
    struct layout l = { .address = EFI_STUB_ADDRESS, .file_at = PAGE };
    struct efi_stub_table table = { .magic = EFI_STUB_MAGIC, .module_count = image->module_count };
    struct buf code = { 0 }, cmdline = { 0 };
    uint64_t total = image->hypervisor.len;

    if (stub->len <= sizeof(table) || memcmp(stub->data, table.magic, sizeof(table.magic)) != 0) {
        diag_error(diag, NULL, 0, "efi-stub", "is not the stub that this bh knows; build both anew");
        return false;
    }
    for (unsigned int i = 0; i < image->module_count; i++) {
        total += image->modules[i].data.len;
    }
    if (total > UINT32_MAX / 2) {
        diag_error(diag, NULL, 0, "boot", "kernels and ramdisks are too big for one EFI program: "
                   "expected 2 GiB at most");
        return false;
    }
    buf_puts(&cmdline, image->cmdline);
    buf_zero(&cmdline, CMDLINE_SLACK);
    buf_put(&code, stub->data, stub->len);
    add(&l, "text", code.data, code.len, CODE_READ_EXECUTE);
    add(&l, "reloc", relocations, sizeof(relocations), DATA_READ_DISCARD);
    bool good = hypervisor_place(image, add(&l, "hv", image->hypervisor.data,
                                            image->hypervisor.len, DATA_READ), &table, diag);

    table.cmdline = add(&l, "cmdline", cmdline.data, cmdline.len, DATA_READ);
    for (unsigned int i = 0; i < image->module_count; i++) {
        const struct image_module *m = &image->modules[i];

        table.module[i] = add(&l, m->name, m->data.data, m->data.len, DATA_READ);
    }
    memcpy(code.data, &table, sizeof(table));
    if (good) {
        headers_make(&l, out);
        for (unsigned int i = 0; i < l.count; i++) {
            buf_zero(out, l.section[i].file_at - out->len);
            buf_put(out, l.section[i].data, l.section[i].size);
        }
        buf_zero(out, l.file_at - out->len);
    }
    buf_free(&code);
    buf_free(&cmdline);
    return good;
}
