/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First code of bulkhead.efi. It puts the hypervisor where it is linked to be, describes command line and modules as a
 * multiboot 2 loader would, and enters it with boot services alive: event log, memory map and the end of boot services are
 * the hypervisor's (efi.c). The firmware has measured the whole program by then, so nothing is measured here; options that
 * the firmware passes are not looked at, for they are in no measurement.
 * Position independent, without relocations: linked at EFI_STUB_ADDRESS, it finds the program's base by where it is itself.
 * Sources: UEFI 2.10, 4.1 and 7.2; Multiboot2 Specification 2.0, 3.6.
 */
#include "efi_stub.h"

#include "uefi.h"

#define MB2_MAGIC 0x36d76289u
#define PAGE 4096u
#define LOW_LIMIT (1ull << 32) /* what the hypervisor reaches when it starts */

enum {
    TAG_END = 0,
    TAG_CMDLINE = 1,
    TAG_MODULE = 3,
    TAG_EFI64_SYSTEM_TABLE = 12,
    TAG_EFI_BOOT_SERVICES = 18,
    TAG_EFI64_IMAGE_HANDLE = 20,
};

struct stub {
    const struct efi_stub_table *table;
    struct efi_system_table *st;
    const uint8_t *base; /* of the program */
    uint8_t *info;
    uint32_t used; /* bytes of info */
};

efi_status_t EFIAPI stub_main(void *image, struct efi_system_table *st);

__attribute__((section(".table"), used)) const struct efi_stub_table stub_table = { .magic = EFI_STUB_MAGIC };

/* By its address, not by name: what the compiler sees above is not what is there when it runs. */
static const struct efi_stub_table *table_find(void)
{
    const struct efi_stub_table *table;

    __asm__("leaq stub_table(%%rip), %0" : "=r"(table));
    return table;
}

static void copy(void *dst, const void *src, uint64_t n)
{
    __asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(n)::"memory");
}

static void zero(void *dst, uint64_t n)
{
    __asm__ volatile("rep stosb" : "+D"(dst), "+c"(n) : "a"(0) : "memory");
}

static uint64_t pages_of(uint64_t size)
{
    return (size + PAGE - 1) / PAGE;
}

static efi_status_t fail(const struct stub *s, const uint16_t *text)
{
    s->st->con_out->output_string(s->st->con_out, u"Bulkhead: ");
    s->st->con_out->output_string(s->st->con_out, text);
    s->st->con_out->output_string(s->st->con_out, u"\r\n");
    return 1ull << 63 | 9; /* EFI_OUT_OF_RESOURCES */
}

static void *allocate_low(const struct stub *s, uint64_t size)
{
    uint64_t at = LOW_LIMIT - 1;

    return s->st->boot->allocate_pages(EFI_BELOW, EFI_LOADER_DATA, pages_of(size), &at) ? NULL : (void *)at;
}

static void put32(struct stub *s, uint32_t value)
{
    copy(s->info + s->used, &value, 4);
    s->used += 4;
}

static void put64(struct stub *s, uint64_t value)
{
    copy(s->info + s->used, &value, 8);
    s->used += 8;
}

static void put_tag(struct stub *s, uint32_t type, uint32_t content)
{
    s->used = (s->used + 7) & ~7u;
    put32(s, type);
    put32(s, 8 + content);
}

/* A module stays where the firmware loaded it, unless that is out of the hypervisor's reach. */
static const void *module_place(const struct stub *s, const struct efi_stub_part *part)
{
    const uint8_t *at = s->base + part->address;
    void *low;

    if ((uint64_t)at + part->size <= LOW_LIMIT) {
        return at;
    }
    low = allocate_low(s, part->size);
    if (low) {
        copy(low, at, part->size);
    }
    return low;
}

static bool describe(struct stub *s, void *image)
{
    const struct efi_stub_table *t = s->table;

    put64(s, 0); /* total size, reserved */
    put_tag(s, TAG_CMDLINE, t->cmdline.size);
    copy(s->info + s->used, s->base + t->cmdline.address, t->cmdline.size);
    s->used += t->cmdline.size;
    for (uint32_t i = 0; i < t->module_count; i++) {
        const void *at = module_place(s, &t->module[i]);

        if (!at) {
            return false;
        }
        put_tag(s, TAG_MODULE, 9);
        put32(s, (uint32_t)(uint64_t)at);
        put32(s, (uint32_t)(uint64_t)at + t->module[i].size);
        s->info[s->used++] = 0; /* no words */
    }
    put_tag(s, TAG_EFI64_SYSTEM_TABLE, 8);
    put64(s, (uint64_t)s->st);
    put_tag(s, TAG_EFI64_IMAGE_HANDLE, 8);
    put64(s, (uint64_t)image);
    put_tag(s, TAG_EFI_BOOT_SERVICES, 0);
    put_tag(s, TAG_END, 0);
    copy(s->info, &s->used, 4);
    return true;
}

__attribute__((section(".start"))) efi_status_t EFIAPI stub_main(void *image, struct efi_system_table *st)
{
    const struct efi_stub_table *t = table_find();
    struct stub s = { .table = t, .st = st, .base = (const uint8_t *)t - EFI_STUB_ADDRESS };
    uint64_t load = t->load;

    if (st->boot->allocate_pages(EFI_AT, EFI_LOADER_CODE, pages_of(t->memory), &load)) {
        return fail(&s, u"the firmware uses the memory at 2 MiB itself");
    }
    copy((void *)load, s.base + t->hypervisor.address, t->hypervisor.size);
    zero((uint8_t *)load + t->hypervisor.size, t->memory - t->hypervisor.size);
    s.info = allocate_low(&s, PAGE + t->cmdline.size + 24u * t->module_count);
    if (!s.info || !describe(&s, image)) {
        return fail(&s, u"no memory below 4 GiB for what is to be started");
    }
    __asm__ volatile("jmpq *%0" : : "r"((uint64_t)t->entry), "a"(MB2_MAGIC), "b"(s.info) : "memory");
    __builtin_unreachable();
}
