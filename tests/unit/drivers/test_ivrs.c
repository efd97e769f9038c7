/* SPDX-License-Identifier: Apache-2.0 */
#include "read_host.h"

#define HEADER 36u
#define IVHD 48u /* the first block of the table */

static void change(uint32_t offset, uint64_t value, unsigned bytes)
{
    host_put(&host, host_q35_ivrs + offset, value, bytes);
    host_fix(&host, host_q35_ivrs);
}

/* A host whose IVRS has these blocks. */
static void with_blocks(const uint8_t *blocks, size_t size)
{
    uint8_t body[4096] = { 0 };

    memcpy(body + IVHD - HEADER, blocks, size);
    host_q35(&host, 8);
    memcpy(host.bytes + host_q35_ivrs, "OLD!", 4);
    host_fix(&host, host_q35_ivrs);
    host_q35_ivrs = host_table(&host, "IVRS", body, IVHD - HEADER + size);
    host_finish(&host);
}

static void put_ivhd(uint8_t *at, uint8_t type, uint16_t length, uint16_t device, uint32_t addr)
{
    at[0] = type;
    memcpy(at + 2, &length, 2);
    memcpy(at + 4, &device, 2);
    memcpy(at + 8, &addr, 4);
}

static void parse_q35_finds_iommu_and_ioapic(void **state)
{
    (void)state;
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.ivrs.iommu_count, 1);
    assert_int_equal(acpi_info.ivrs.iommu[0].addr, 0xfed80000);
    assert_int_equal(acpi_info.ivrs.iommu[0].device, 0x10);
    assert_int_equal(acpi_info.ivrs.ioapic_count, 1);
    assert_int_equal(acpi_info.ivrs.ioapic[0].id, 2);
    assert_int_equal(acpi_info.ivrs.ioapic[0].device, 0xa0);
    assert_int_equal(acpi_info.ivrs.ivmd_count, 0);
}

/* Firmware describes an IOMMU once for each kind of block it knows. */
static void parse_second_kind_of_block_is_the_same_iommu(void **state)
{
    uint8_t b[24 + 40 + 32 + 40] = { 0 };

    (void)state;
    put_ivhd(b, 0x10, 24, 0x10, 0xfed80000);
    put_ivhd(b + 24, 0x11, 40, 0x10, 0xfed80000);
    b[64] = 0x20; /* IVMD */
    b[66] = 32;
    put_ivhd(b + 96, 0x40, 40, 0x2000, 0xfed00000);
    with_blocks(b, sizeof(b));
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.ivrs.iommu_count, 2);
    assert_int_equal(acpi_info.ivrs.iommu[1].device, 0x2000);
    assert_int_equal(acpi_info.ivrs.ivmd_count, 1);
    put_ivhd(b + 24, 0x11, 40, 0x10, 0xfed40000);
    with_blocks(b, sizeof(b));
    expect_refused(-EINVAL, "contradicts the block of IOMMU 0");
    put_ivhd(b + 24, 0x11, 40, 0x18, 0xfed80000);
    with_blocks(b, sizeof(b));
    expect_refused(-EINVAL, "contradicts the block of IOMMU 0");
}

/* All sizes of entries, and one with a name, before the one that counts. */
static void parse_entries_of_every_size(void **state)
{
    uint8_t b[24 + 4 + 8 + 16 + 32 + 25 + 8] = { 0 };
    uint8_t *e = b + 24;

    (void)state;
    put_ivhd(b, 0x10, sizeof(b), 0x10, 0xfed80000);
    e[0] = 3;
    e[4] = 66;
    e[12] = 130;
    e[28] = 200;
    e[60] = 240;
    e[60 + 21] = 3;
    memcpy(e + 60 + 22, "UID", 3);
    memcpy(e + 85, "\x48\0\0\0\x07\x34\x12\x01", 8);
    with_blocks(b, sizeof(b));
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.ivrs.ioapic_count, 1);
    assert_int_equal(acpi_info.ivrs.ioapic[0].id, 7);
    assert_int_equal(acpi_info.ivrs.ioapic[0].device, 0x1234);
    e[60 + 21] = 200;
    with_blocks(b, sizeof(b));
    expect_refused(-EINVAL, "cut off: device entry of type 240");
}

static void parse_no_block_refused(void **state)
{
    static const uint8_t unknown[8] = { 0x77, 0, 8, 0 };

    (void)state;
    with_blocks(unknown, 0);
    expect_refused(-EINVAL, "no block for an IOMMU");
    with_blocks(unknown, sizeof(unknown));
    expect_refused(-EINVAL, "no block for an IOMMU");
    change(4, HEADER, 4);
    expect_refused(-EINVAL, "no block for an IOMMU, size 36");
}

static void parse_bad_length_refused(void **state)
{
    static const uint16_t bad[] = { 0, 1, 3, 37, 0xffff };
    unsigned i;

    (void)state;
    for (i = 0; i < 5; i++) {
        char text[64];

        change(IVHD + 2, bad[i], 2);
        snprintf(text, sizeof(text), "offset 48: block of bad length %u", bad[i]);
        expect_refused(-EINVAL, text);
    }
    change(IVHD + 2, 23, 2);
    expect_refused(-EINVAL, "IVHD of bad length 23");
    change(IVHD + 2, 36, 2);
    change(IVHD, 0x11, 1);
    expect_refused(-EINVAL, "IVHD of bad length 36");
    change(IVHD, 0x21, 1);
    change(IVHD + 2, 31, 2);
    expect_refused(-EINVAL, "IVMD of bad length 31");
}

static void parse_cut_off_entry_refused(void **state)
{
    (void)state;
    change(IVHD + 32 - 4, 150, 1); /* 16 bytes where 8 are left */
    expect_refused(-EINVAL, "offset 76: cut off: device entry of type 150");
    change(IVHD + 32 - 4, 250, 1);
    expect_refused(-EINVAL, "offset 76: cut off: device entry of type 250");
}

static void parse_bad_iommu_refused(void **state)
{
    (void)state;
    change(IVHD + 16, 1, 2);
    expect_refused(-EINVAL, "expected PCI segment 0, got 1");
    change(IVHD + 16, 0, 2);
    change(IVHD + 8, 0xfed81000, 8);
    expect_refused(-EINVAL, "aligned to 16 KiB");
    change(IVHD + 8, 0, 8);
    expect_refused(-EINVAL, "aligned to 16 KiB");
}

static void parse_too_many_refused(void **state)
{
    uint8_t b[24 * (ACPI_MAX_IOMMUS + 1)] = { 0 }, many[24 + 8 * (ACPI_MAX_IOAPICS + 1)] = { 0 };
    unsigned i;

    (void)state;
    for (i = 0; i <= ACPI_MAX_IOMMUS; i++) {
        put_ivhd(b + 24 * i, 0x10, 24, (uint16_t)i, 0xe0000000 + 0x4000 * i);
    }
    with_blocks(b, sizeof(b) - 24);
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.ivrs.iommu_count, ACPI_MAX_IOMMUS);
    with_blocks(b, sizeof(b));
    expect_refused(-ENOSPC, "more than 8 IOMMUs");
    put_ivhd(many, 0x10, sizeof(many), 1, 0xe0000000);
    for (i = 0; i <= ACPI_MAX_IOAPICS; i++) {
        many[24 + 8 * i] = 72;
        many[24 + 8 * i + 4] = (uint8_t)i;
        many[24 + 8 * i + 7] = 1;
    }
    with_blocks(many, sizeof(many));
    expect_refused(-ENOSPC, "more than 8 I/O APICs");
    many[24 + 12] = 0;
    many[24 + 13] = 9;
    with_blocks(many, sizeof(many));
    expect_refused(-EINVAL, "a second device for I/O APIC 0");
}

/* Each byte of the table by turns any value: the mapping is exactly as large as the table, a read past it is caught. */
static void parse_any_byte_never_reads_outside(void **state)
{
    uint32_t at;
    unsigned value, good = 0;

    (void)state;
    for (at = HEADER; at < 84; at++) {
        uint8_t was = host.bytes[host_q35_ivrs + at];

        for (value = 0; value < 256; value++) {
            change(at, value, 1);
            good += read_host() == 0;
            assert_true(acpi_info.ivrs.iommu_count <= ACPI_MAX_IOMMUS);
            assert_true(acpi_info.ivrs.ioapic_count <= ACPI_MAX_IOAPICS);
        }
        change(at, was, 1);
    }
    assert_true(good > 0);
    for (at = HEADER; at < 84; at++) {
        change(4, at, 4);
        assert_int_equal(read_host() == 0, at == 84);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(parse_q35_finds_iommu_and_ioapic, setup),
        cmocka_unit_test_setup(parse_second_kind_of_block_is_the_same_iommu, setup),
        cmocka_unit_test_setup(parse_entries_of_every_size, setup),
        cmocka_unit_test_setup(parse_no_block_refused, setup),
        cmocka_unit_test_setup(parse_bad_length_refused, setup),
        cmocka_unit_test_setup(parse_cut_off_entry_refused, setup),
        cmocka_unit_test_setup(parse_bad_iommu_refused, setup),
        cmocka_unit_test_setup(parse_too_many_refused, setup),
        cmocka_unit_test_setup(parse_any_byte_never_reads_outside, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
