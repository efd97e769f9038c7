/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels out of bzImages in every compression, and the ELF without what is not loaded. */
#include "cmocka_all.h"

#include <elf.h>
#include <lzma.h>
#include <zstd.h>

#include "../../../tools/bh/build/kernel.h"
#include "../../../tools/bh/build/unpack.h"

/* An ELF of two loads, a note inside the first, a note outside, a section table. */
static void elf_make(struct buf *out)
{
    Elf64_Ehdr e = { .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_entry = 0x1000000,
                     .e_phoff = sizeof(e), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 4,
                     .e_shoff = 0x9000, .e_shnum = 7, .e_shstrndx = 3 };
    Elf64_Phdr p[4] = {
        { PT_LOAD, PF_R | PF_X, 0x1000, 0xffffffff81000000, 0x1000000, 0x3000, 0x3000, 0x1000 },
        { PT_LOAD, PF_R | PF_W, 0x5000, 0xffffffff82000000, 0x2000000, 0x1000, 0x8000, 0x1000 },
        { PT_NOTE, PF_R, 0x1100, 0xffffffff81000100, 0x1000100, 0x40, 0x40, 4 },
        { PT_NOTE, PF_R, 0x8000, 0, 0, 0x20, 0x20, 4 },
    };

    memcpy(e.e_ident, ELFMAG, SELFMAG);
    e.e_ident[EI_CLASS] = ELFCLASS64;
    e.e_ident[EI_DATA] = ELFDATA2LSB;
    e.e_ident[EI_VERSION] = EV_CURRENT;
    buf_put(out, &e, sizeof(e));
    buf_put(out, p, sizeof(p));
    buf_zero(out, 0xa000 - out->len);
    memset(out->data + 0x1000, 'A', 0x2000); /* its last 0x1000 are zeros */
    memset(out->data + 0x1100, 'n', 0x40);
    memset(out->data + 0x5000, 'B', 0x800);
    memset(out->data + 0x8000, 'm', 0x20);
    memset(out->data + 0x9000, 'S', 0x1000);
}

static void elf_slim_keeps_what_is_loaded(void **state)
{
    struct buf elf = { 0 }, slim = { 0 };
    struct diag diag = { 0 };
    Elf64_Ehdr e;
    Elf64_Phdr p[4];

    (void)state;
    elf_make(&elf);
    assert_true(elf_slim("k", (const uint8_t *)elf.data, elf.len, &slim, &diag));
    assert_true(slim.len < elf.len / 2);
    memcpy(&e, slim.data, sizeof(e));
    memcpy(p, slim.data + e.e_phoff, sizeof(p));
    assert_int_equal(e.e_phnum, 4);
    assert_int_equal(e.e_shnum, 0);
    assert_int_equal(e.e_shoff, 0);
    assert_int_equal(e.e_entry, 0x1000000);
    assert_int_equal(p[0].p_paddr, 0x1000000);
    assert_int_equal(p[0].p_filesz, 0x2000); /* trailing zeros are not in the file... */
    assert_int_equal(p[0].p_memsz, 0x3000);  /* ...but in memory */
    assert_int_equal(p[1].p_filesz, 0x800);
    assert_int_equal(p[1].p_memsz, 0x8000);
    assert_memory_equal(slim.data + p[0].p_offset, elf.data + 0x1000, 0x2000);
    assert_memory_equal(slim.data + p[1].p_offset, elf.data + 0x5000, 0x800);
    assert_int_equal(p[2].p_offset, p[0].p_offset + 0x100);
    assert_memory_equal(slim.data + p[3].p_offset, elf.data + 0x8000, 0x20);
    assert_int_equal(p[0].p_offset % 4096, 0);
    assert_null(memmem(slim.data, slim.len, "SSSS", 4));
    buf_free(&elf);
    buf_free(&slim);
}

static void elf_slim_bad_header_is_refused(void **state)
{
    static const struct {
        size_t offset;
        uint8_t value;
        const char *message;
    } cases[] = {
        { 0, 'x', "is not an ELF file" },
        { EI_CLASS, ELFCLASS32, "is not an ELF file for x86-64" },
        { offsetof(Elf64_Ehdr, e_machine), EM_ARM, "is not an ELF file for x86-64" },
        { offsetof(Elf64_Ehdr, e_phoff) + 4, 1, "has program headers outside of the file" },
        { offsetof(Elf64_Ehdr, e_phnum) + 1, 0x80, "has program headers outside of the file" },
        { sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_offset) + 2, 1, "segment 0 is outside" },
        { sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_offset) + 7, 0xff, "segment 0 is outside" },
        { sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz) + 1, 0x31, "segment 0 is outside" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf elf = { 0 }, slim = { 0 };
        struct diag diag = { 0 };

        elf_make(&elf);
        elf.data[cases[i].offset] = (char)cases[i].value;
        assert_false(elf_slim("k", (const uint8_t *)elf.data, elf.len, &slim, &diag));
        if (strstr(diag.text.data, cases[i].message) == NULL) {
            fail_msg("case %zu: %s", i, diag.text.data);
        }
        diag_free(&diag);
        buf_free(&elf);
        buf_free(&slim);
    }
}

/* A bzImage as Linux builds one: setup sectors, some code, the payload, its length after it. */
static void bzimage_make(const struct buf *payload, struct buf *out)
{
    uint32_t offset = 0x80, length = (uint32_t)payload->len + 4, size = 0;

    buf_zero(out, 3 * 512 + offset);
    out->data[0x1f1] = 2;
    memcpy(out->data + 0x202, "HdrS", 4);
    out->data[0x206] = 0x0f;
    out->data[0x207] = 0x02;
    memcpy(out->data + 0x248, &offset, 4);
    memcpy(out->data + 0x24c, &length, 4);
    buf_put(out, payload->data, payload->len);
    buf_put(out, &size, 4);
    buf_zero(out, 100);
}

static void pack(unsigned int how, const struct buf *in, struct buf *out)
{
    uint8_t *space = malloc(in->len + 65536);
    size_t at = 0;
    lzma_options_lzma options;

    assert_non_null(space);
    assert_false(lzma_lzma_preset(&options, 6));
    lzma_filter filters[] = { { LZMA_FILTER_X86, NULL }, { LZMA_FILTER_LZMA2, &options },
                              { LZMA_VLI_UNKNOWN, NULL } };

    switch (how) {
    case 0:
        pack_gzip((const uint8_t *)in->data, in->len, out);
        break;
    case 1: /* Linux packs with the x86 filter */
        assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL,
                                                   (const uint8_t *)in->data, in->len, space, &at,
                                                   in->len + 65536), LZMA_OK);
        buf_put(out, space, at);
        break;
    default:
        at = ZSTD_compress(space, in->len + 65536, in->data, in->len, 3);
        assert_false(ZSTD_isError(at));
        buf_put(out, space, at);
        break;
    }
    free(space);
}

static void kernel_from_bzimage_every_compression(void **state)
{
    struct buf elf = { 0 };

    (void)state;
    elf_make(&elf);
    for (unsigned int how = 0; how < 3; how++) {
        struct buf payload = { 0 }, image = { 0 }, out = { 0 };
        struct diag diag = { 0 };

        pack(how, &elf, &payload);
        bzimage_make(&payload, &image);
        assert_true(kernel_is_bzimage((const uint8_t *)image.data, image.len));
        if (!kernel_from_bzimage("k", (const uint8_t *)image.data, image.len, &out, &diag)) {
            fail_msg("compression %u: %s", how, diag.text.data);
        }
        assert_int_equal(out.len, elf.len);
        assert_memory_equal(out.data, elf.data, elf.len);
        buf_free(&payload);
        buf_free(&image);
        buf_free(&out);
    }
    buf_free(&elf);
}

static void kernel_from_bzimage_damage_is_refused(void **state)
{
    struct buf elf = { 0 };

    (void)state;
    elf_make(&elf);
    for (unsigned int how = 0; how < 3; how++) {
        struct buf payload = { 0 }, image = { 0 }, out = { 0 };
        struct diag diag = { 0 };

        pack(how, &elf, &payload);
        payload.len /= 2; /* cut short, with the length of what is left in the header */
        bzimage_make(&payload, &image);
        assert_false(kernel_from_bzimage("k", (const uint8_t *)image.data, image.len, &out,
                                         &diag));
        assert_non_null(strstr(diag.text.data, "cannot be unpacked"));
        diag_free(&diag);
        assert_false(kernel_from_bzimage("k", (const uint8_t *)image.data, 1000, &out, &diag));
        assert_non_null(strstr(diag.text.data, "is cut short"));
        diag_free(&diag);
        memset(image.data + 3 * 512 + 0x80, 'x', 8);
        assert_false(kernel_from_bzimage("k", (const uint8_t *)image.data, image.len, &out,
                                         &diag));
        assert_non_null(strstr(diag.text.data, "is compressed in an unknown way"));
        diag_free(&diag);
        buf_free(&payload);
        buf_free(&image);
        buf_free(&out);
    }
    buf_free(&elf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elf_slim_keeps_what_is_loaded),
        cmocka_unit_test(elf_slim_bad_header_is_refused),
        cmocka_unit_test(kernel_from_bzimage_every_compression),
        cmocka_unit_test(kernel_from_bzimage_damage_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
