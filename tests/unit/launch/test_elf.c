/* SPDX-License-Identifier: Apache-2.0 */
#include "../../../xen/launch/elf.h"
#include "kernel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct kernel kernel;
static struct elf_image image;
static struct launch_error error;

static int setup(void **state)
{
    (void)state;
    kernel_init(&kernel);
    return 0;
}

static int read_bytes(size_t size)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(size != 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, kernel.bytes, size);
    return elf_read(copy, size, &image, &error);
}

static void expect_refused(const char *text)
{
    assert_int_equal(read_bytes(kernel.size), -EINVAL);
    if (strstr(error.text, text) == NULL) {
        fail_msg("expected \"%s\" in: %s", text, error.text);
    }
}

static void make_and_expect_refused(const char *text)
{
    kernel_make(&kernel);
    expect_refused(text);
}

static void read_elf64_finds_segments_and_entry(void **state)
{
    (void)state;
    kernel.segment[1] = (struct kernel_segment){ 1, 0x1000, 0x10, 0x20, 0 };
    kernel.segment[2] = (struct kernel_segment){ 6, 0, 0, 0, 0 };
    kernel.segment_count = 3;
    kernel_make(&kernel);
    assert_int_equal(read_bytes(kernel.size), 0);
    assert_int_equal(image.segment_count, 2);
    assert_int_equal(image.segment[0].paddr, 0x1000);
    assert_int_equal(image.segment[1].paddr, 0x100000);
    assert_int_equal(image.segment[1].file_size, 0x3064);
    assert_int_equal(image.segment[1].memory_size, 0x5000);
    assert_memory_equal(image.segment[1].data, kernel.bytes + kernel.segment[0].offset, 0x3064);
    assert_int_equal(image.pvh_entry, 0x100010);
}

static void read_elf32_finds_entry(void **state)
{
    (void)state;
    kernel.wide = false;
    kernel.machine = 3;
    kernel.note_desc_size = 4;
    kernel_make(&kernel);
    assert_int_equal(read_bytes(kernel.size), 0);
    assert_int_equal(image.segment_count, 1);
    assert_int_equal(image.pvh_entry, 0x100010);
}

static void read_truncated_never_reads_outside(void **state)
{
    size_t i;

    (void)state;
    kernel_make(&kernel);
    for (i = 0; i < kernel.size; i += i < 300 ? 1 : 61) {
        assert_int_equal(read_bytes(i), -EINVAL);
    }
}

static void read_flipped_stays_inside(void **state)
{
    size_t i;
    unsigned bit;

    (void)state;
    kernel.segment[1] = (struct kernel_segment){ 1, 0x1000, 0x10, 0x20, 0 };
    kernel.segment_count = 2;
    kernel_make(&kernel);
    for (i = 0; i < kernel_header_at(&kernel, 3) + 24; i++) {
        for (bit = 0; bit < 8; bit++) {
            unsigned s;

            kernel.bytes[i] ^= (uint8_t)(1u << bit);
            if (read_bytes(kernel.size) == 0) {
                for (s = 0; s < image.segment_count; s++) {
                    const struct elf_segment *seg = &image.segment[s];

                    assert_true(seg->file_size <= seg->memory_size);
                    assert_true(seg->file_size <= kernel.size);
                    assert_true(s == 0 || image.segment[s - 1].paddr +
                                image.segment[s - 1].memory_size <= seg->paddr);
                    /* ASan speaks up when this is outside of the copy. */
                    assert_true(seg->file_size == 0 ||
                                seg->data[0] + seg->data[seg->file_size - 1] >= 0);
                }
            }
            kernel.bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
}

static void read_pv_notes_only_refused(void **state)
{
    (void)state;
    kernel.note_type = 1;
    make_and_expect_refused("only PV entry notes; PV guests are not supported yet, use a PVH-capable");
}

static void read_no_note_refused(void **state)
{
    (void)state;
    kernel_make(&kernel);
    kernel_put(&kernel, kernel_header_at(&kernel, 1), 0, 4);
    expect_refused("no XEN_ELFNOTE_PHYS32_ENTRY");
}

static void read_other_formats_refused_by_name(void **state)
{
    (void)state;
    memset(kernel.bytes, 0, sizeof(kernel.bytes));
    kernel.size = 4096;
    kernel_put(&kernel, 0x1fe, 0xaa55, 2);
    memcpy(kernel.bytes + 0x202, "HdrS", 4);
    expect_refused("is a bzImage; give the uncompressed ELF kernel (bh build does this)");
    memcpy(kernel.bytes, "\x1f\x8b\x08\x00\x00\x00", 6);
    kernel.bytes[0x202] = 0;
    expect_refused("is compressed");
    memcpy(kernel.bytes, "070701", 6);
    expect_refused("magic of an ELF file");
}

static void read_bad_header_refused(void **state)
{
    (void)state;
    kernel.machine = 183;
    make_and_expect_refused("found type 2, machine 183");
    kernel_init(&kernel);
    kernel.type = 1;
    make_and_expect_refused("found type 1");
    kernel_init(&kernel);
    kernel_make(&kernel);
    kernel.bytes[5] = 2;
    expect_refused("little-endian");
    kernel_make(&kernel);
    kernel_put(&kernel, 32, kernel.size - 8, 8);
    expect_refused("program headers");
    kernel_put(&kernel, 32, UINT64_MAX, 8);
    expect_refused("program headers");
    kernel_make(&kernel);
    kernel_put(&kernel, 54, 8, 2);
    expect_refused("program headers");
}

static void read_bad_segment_refused(void **state)
{
    size_t at = kernel_header_at(&kernel, 0);

    (void)state;
    kernel_make(&kernel);
    kernel_put(&kernel, at + 8, UINT64_MAX - 4, 8);
    expect_refused("run past the end of the file");
    kernel_make(&kernel);
    kernel_put(&kernel, at + 40, 16, 8);
    expect_refused("make no sense");
    kernel_make(&kernel);
    kernel_put(&kernel, at + 24, UINT64_MAX - 16, 8);
    expect_refused("make no sense");
    kernel.segment[1] = (struct kernel_segment){ 1, 0x104fff, 0, 0x10, 0 };
    kernel.segment_count = 2;
    make_and_expect_refused("overlaps");
    kernel.segment[1].paddr = 0xff000;
    kernel.segment[1].memory_size = 0x1001;
    make_and_expect_refused("overlaps");
}

static void read_too_many_segments_refused(void **state)
{
    unsigned i;

    (void)state;
    for (i = 1; i <= ELF_SEGMENT_MAX; i++) {
        kernel.segment[i] = (struct kernel_segment){ 1, 0x200000 + i * 0x1000, 4, 4, 0 };
    }
    kernel.segment_count = ELF_SEGMENT_MAX;
    kernel_make(&kernel);
    assert_int_equal(read_bytes(kernel.size), 0);
    kernel.segment_count++;
    make_and_expect_refused("more than 16 segments");
}

static void read_bad_entry_refused(void **state)
{
    (void)state;
    kernel.entry = 0x103064; /* first byte past the file's part: would be zeros */
    make_and_expect_refused("lies in no segment");
    kernel.entry = 0x100100010ull;
    make_and_expect_refused("lies in no segment");
    kernel.entry = 0x100010;
    kernel.note_desc_size = 2;
    make_and_expect_refused("one PVH entry note of 4 or 8 bytes");
}

static void read_bad_note_refused(void **state)
{
    size_t at = kernel_header_at(&kernel, 2);

    (void)state;
    kernel_make(&kernel);
    kernel_put(&kernel, at + 4, 0xffffffff, 4);
    expect_refused("note 0 runs past its segment");
    kernel_make(&kernel);
    kernel_put(&kernel, at, 0xffffffff, 4);
    expect_refused("note 0 runs past its segment");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(read_elf64_finds_segments_and_entry, setup),
        cmocka_unit_test_setup(read_elf32_finds_entry, setup),
        cmocka_unit_test_setup(read_truncated_never_reads_outside, setup),
        cmocka_unit_test_setup(read_flipped_stays_inside, setup),
        cmocka_unit_test_setup(read_pv_notes_only_refused, setup),
        cmocka_unit_test_setup(read_no_note_refused, setup),
        cmocka_unit_test_setup(read_other_formats_refused_by_name, setup),
        cmocka_unit_test_setup(read_bad_header_refused, setup),
        cmocka_unit_test_setup(read_bad_segment_refused, setup),
        cmocka_unit_test_setup(read_too_many_segments_refused, setup),
        cmocka_unit_test_setup(read_bad_entry_refused, setup),
        cmocka_unit_test_setup(read_bad_note_refused, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
