/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulkhead.efi as firmware and stub read it: loaded by its section table, every part is where the stub's
 * table says, at a page of its own; what is measured is the whole; odd hypervisors are refused.
 */
#include "cmocka_all.h"

#include <attest/reference.h>
#include <elf.h>

#include "../../../tools/bh/build/efi_image.h"
#include "../../../xen/arch/x86/boot/efi_stub.h"
#include "small_host.h"

#define LOAD 0x200000u
#define SEGMENT_AT 0x1000u
#define SEGMENT_SIZE 0x800u

static struct host host;
static struct image image;
static struct buf stub;

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static void hypervisor_make(uint32_t entry)
{
    Elf32_Ehdr head = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32 }, .e_phoff = sizeof(head),
                        .e_phnum = 1 };
    Elf32_Phdr load = { .p_type = PT_LOAD, .p_offset = SEGMENT_AT, .p_paddr = LOAD,
                        .p_filesz = SEGMENT_SIZE, .p_memsz = 0x3000 };
    uint32_t header[] = { 0xe85250d6, 0, 48, -(0xe85250d6 + 48u), 7, 8, 0x00010009, 12, entry, 0,
                          0, 8 };
    struct buf *b = &image.hypervisor;

    buf_free(b);
    buf_put(b, &head, sizeof(head));
    buf_put(b, &load, sizeof(load));
    buf_zero(b, SEGMENT_AT - b->len);
    buf_put(b, header, sizeof(header));
    while (b->len < SEGMENT_AT + SEGMENT_SIZE + 100) {
        buf_puts(b, "hypervisor");
    }
}

static int setup(void **state)
{
    struct efi_stub_table table = { .magic = EFI_STUB_MAGIC };

    (void)state;
    small_host(&host);
    small_image(&image, &host);
    for (unsigned int i = 0; i < image.module_count; i++) {
        buf_printf(&image.modules[i].data, "content of %s", image.modules[i].name);
        buf_zero(&image.modules[i].data, i * 700);
    }
    buf_put(&stub, &table, sizeof(table));
    buf_puts(&stub, "code");
    hypervisor_make(LOAD + 0x40);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    image_free(&image);
    host_free(&host);
    buf_free(&stub);
    return 0;
}

/* As PE/COFF has it: headers, then each section to its address, zeros behind. */
static uint8_t *load(const struct buf *pe, uint32_t *size)
{
    const uint8_t *p = (const uint8_t *)pe->data;
    uint32_t at = get32(p + 0x3c), count = get32(p + at + 4) >> 16, end = 0x1000, last = 0;

    assert_memory_equal(p + at, "PE\0\0\x64\x86", 6);
    *size = get32(p + at + 24 + 56);
    uint8_t *memory = calloc(1, *size);

    assert_non_null(memory);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *s = p + at + 24 + 240 + i * 40;
        uint32_t length = get32(s + 8), address = get32(s + 12), raw = get32(s + 16),
                 file = get32(s + 20);

        assert_int_equal(file, end); /* one behind the other */
        assert_true(raw % 512 == 0 && raw >= length);
        assert_true(address % 4096 == 0 && address > last && address + length <= *size);
        assert_true(length > 0 && file + raw <= pe->len);
        memcpy(memory + address, p + file, length);
        end = file + raw;
        last = address;
    }
    assert_int_equal(end, pe->len);
    return memory;
}

static void program_has_every_part(void **state)
{
    struct buf pe = { 0 }, again = { 0 };
    struct diag diag = { 0 };
    struct efi_stub_table table;
    struct attest_error why = { .text = "" };
    uint8_t before[32], after[32];
    uint32_t size;

    (void)state;
    assert_true(efi_image_make(&image, &stub, &pe, &diag));
    assert_true(efi_image_make(&image, &stub, &again, &diag));
    assert_int_equal(pe.len, again.len);
    assert_memory_equal(pe.data, again.data, pe.len);
    uint8_t *memory = load(&pe, &size);

    assert_int_equal(get32((const uint8_t *)pe.data + 0x40 + 24 + 16), EFI_STUB_START);
    memcpy(&table, memory + EFI_STUB_ADDRESS, sizeof(table));
    assert_string_equal(table.magic, EFI_STUB_MAGIC);
    assert_int_equal(table.load, LOAD);
    assert_int_equal(table.memory, 0x3000);
    assert_int_equal(table.entry, LOAD + 0x40);
    assert_int_equal(table.hypervisor.size, SEGMENT_SIZE);
    assert_memory_equal(memory + table.hypervisor.address, image.hypervisor.data + SEGMENT_AT,
                        SEGMENT_SIZE);
    assert_string_equal((char *)memory + table.cmdline.address, image.cmdline);
    assert_int_equal(memory[table.cmdline.address + table.cmdline.size - 1], 0);
    assert_int_equal(table.module_count, image.module_count);
    for (unsigned int i = 0; i < image.module_count; i++) {
        assert_int_equal(table.module[i].address % 4096, 0);
        assert_int_equal(table.module[i].size, image.modules[i].data.len);
        assert_memory_equal(memory + table.module[i].address, image.modules[i].data.data,
                            image.modules[i].data.len);
    }
    free(memory);
    /* No byte of a part can change without the measured hash. */
    assert_int_equal(authenticode_sha256((uint8_t *)pe.data, pe.len, before, &why), 0);
    for (size_t at = 4096; at < pe.len; at += 97) {
        pe.data[at] ^= 1;
        assert_int_equal(authenticode_sha256((uint8_t *)pe.data, pe.len, after, &why), 0);
        assert_memory_not_equal(before, after, 32);
        pe.data[at] ^= 1;
    }
    buf_free(&pe);
    buf_free(&again);
}

static void odd_parts_are_refused(void **state)
{
    struct buf pe = { 0 }, other = { 0 };
    struct diag diag = { 0 };

    (void)state;
    buf_puts(&other, "not the stub, but long enough to be one if nobody looked at how it begins");
    buf_zero(&other, 4096);
    assert_false(efi_image_make(&image, &other, &pe, &diag));
    buf_free(&other);
    buf_puts(&other, "short");
    assert_false(efi_image_make(&image, &other, &pe, &diag));
    buf_free(&other);
    hypervisor_make(LOAD + SEGMENT_SIZE); /* an entry that is not in the file */
    assert_false(efi_image_make(&image, &stub, &pe, &diag));
    hypervisor_make(0);
    assert_false(efi_image_make(&image, &stub, &pe, &diag));
    hypervisor_make(LOAD);
    size_t whole = image.hypervisor.len;

    for (size_t len = 0; len < SEGMENT_AT + SEGMENT_SIZE; len += 37) {
        image.hypervisor.len = len;
        assert_false(efi_image_make(&image, &stub, &pe, &diag));
        assert_int_equal(pe.len, 0);
    }
    image.hypervisor.len = whole;
    assert_true(efi_image_make(&image, &stub, &pe, &diag));
    buf_free(&pe);
    diag_free(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(program_has_every_part),
        cmocka_unit_test(odd_parts_are_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
