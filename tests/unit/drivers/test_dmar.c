/* SPDX-License-Identifier: Apache-2.0 */
#include "read_host.h"

#define HEADER 36u
#define DRHD 48u /* the first structure of the table */
#define SCOPE (DRHD + 16u)
#define SIZE 80u

static void change(uint32_t offset, uint64_t value, unsigned bytes)
{
    host_put(&host, host_q35_dmar + offset, value, bytes);
    host_fix(&host, host_q35_dmar);
}

/* A host whose DMAR has these structures. */
static void with_structures(const uint8_t *structures, size_t size)
{
    uint8_t body[4096] = { 0 };

    memcpy(body + DRHD - HEADER, structures, size);
    host_q35(&host, 8);
    memcpy(host.bytes + host_q35_dmar, "OLD!", 4);
    host_fix(&host, host_q35_dmar);
    host_q35_dmar = host_table(&host, "DMAR", body, DRHD - HEADER + size);
    host_finish(&host);
}

static void put_drhd(uint8_t *at, uint16_t length, uint8_t flags, uint32_t addr)
{
    memcpy(at + 2, &length, 2);
    at[4] = flags;
    memcpy(at + 8, &addr, 4);
}

static void put_ioapic(uint8_t *at, uint8_t id, uint8_t bus, uint8_t device, uint8_t function)
{
    memcpy(at, (uint8_t[]){ 3, 8, 0, 0, id, bus, device, function }, 8);
}

static void parse_q35_finds_unit_and_ioapic(void **state)
{
    (void)state;
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.dmar.unit_count, 1);
    assert_int_equal(acpi_info.dmar.unit[0], 0xfed90000);
    assert_true(acpi_info.dmar.pci_all && acpi_info.dmar.remaps_interrupts);
    assert_int_equal(acpi_info.dmar.ioapic_count, 1);
    assert_int_equal(acpi_info.dmar.ioapic[0].id, 2);
    assert_int_equal(acpi_info.dmar.ioapic[0].device, 0xff00);
    assert_int_equal(acpi_info.dmar.rmrr_count, 0);
    change(37, 6, 1); /* the other flags */
    change(DRHD + 4, 2, 1);
    assert_int_equal(read_host(), 0);
    assert_false(acpi_info.dmar.pci_all || acpi_info.dmar.remaps_interrupts);
}

/* A server: a unit for some devices, one for the rest, a range for firmware's own, kinds that are not known. */
static void parse_several_structures(void **state)
{
    uint8_t b[32 + 24 + 20 + 24 + 6] = { 0 };

    (void)state;
    put_drhd(b, 32, 0, 0xfbff0000);
    memcpy(b + 16, (uint8_t[]){ 1, 8, 0, 0, 0, 0x17, 2, 0 }, 8);
    put_ioapic(b + 24, 9, 0x16, 5, 4);
    b[32] = 1; /* RMRR */
    b[34] = 24;
    b[56] = 3; /* RHSA */
    b[58] = 20;
    put_drhd(b + 76, 24, 1, 0xfbff8000);
    put_ioapic(b + 92, 8, 0xf0, 31, 7);
    b[100] = 99;
    b[102] = 6;
    with_structures(b, sizeof(b));
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.dmar.unit_count, 2);
    assert_int_equal(acpi_info.dmar.unit[1], 0xfbff8000);
    assert_true(acpi_info.dmar.pci_all);
    assert_false(acpi_info.dmar.remaps_interrupts);
    assert_int_equal(acpi_info.dmar.ioapic_count, 2);
    assert_int_equal(acpi_info.dmar.ioapic[0].device, 0x162c);
    assert_int_equal(acpi_info.dmar.ioapic[1].id, 8);
    assert_int_equal(acpi_info.dmar.ioapic[1].device, 0xf0ff);
    assert_int_equal(acpi_info.dmar.rmrr_count, 1);
    assert_int_equal(acpi_info.dmar.scope_count, 1);
    assert_int_equal(acpi_info.dmar.scope[0].device, 0x1710);
    assert_false(acpi_info.dmar.scope[0].is_bridge);
    b[16] = 2;
    with_structures(b, sizeof(b));
    assert_int_equal(read_host(), 0);
    assert_true(acpi_info.dmar.scope[0].is_bridge);
    put_drhd(b + 76, 24, 1, 0xfbff0000);
    with_structures(b, sizeof(b));
    expect_refused(-EINVAL, "offset 124: has the registers of unit 0");
}

/* Its bus depends on how the bridge is set up: no source can be told. */
static void parse_what_is_behind_a_bridge_stays_unknown(void **state)
{
    uint8_t b[16 + 10] = { 0 };

    (void)state;
    put_drhd(b, sizeof(b), 1, 0xfed90000);
    put_ioapic(b + 16, 2, 0, 30, 0);
    b[17] = 10;
    with_structures(b, sizeof(b));
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.dmar.ioapic_count, 0);
    b[16] = 1;
    with_structures(b, sizeof(b));
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.dmar.scope_count, 0);
}

/* A function that is left out is one that nothing holds, and is never given away. */
static void parse_more_functions_than_room_are_left_out(void **state)
{
    uint8_t b[16 + 8 * (ACPI_MAX_DMAR_SCOPE + 1)] = { 0 };
    unsigned i;

    (void)state;
    put_drhd(b, sizeof(b), 0, 0xfed90000);
    for (i = 0; i <= ACPI_MAX_DMAR_SCOPE; i++) {
        memcpy(b + 16 + 8 * i, (uint8_t[]){ 1, 8, 0, 0, 0, (uint8_t)i, 0, 0 }, 8);
    }
    with_structures(b, sizeof(b));
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.dmar.scope_count, ACPI_MAX_DMAR_SCOPE);
    assert_int_equal(acpi_info.dmar.scope[ACPI_MAX_DMAR_SCOPE - 1].device, (ACPI_MAX_DMAR_SCOPE - 1) << 8);
}

static void parse_no_unit_refused(void **state)
{
    static const uint8_t rmrr[24] = { 1, 0, 24 };

    (void)state;
    with_structures(rmrr, 0);
    expect_refused(-EINVAL, "no structure for a unit, size 48");
    with_structures(rmrr, sizeof(rmrr));
    expect_refused(-EINVAL, "no structure for a unit, size 72");
    change(4, HEADER, 4);
    expect_refused(-EINVAL, "no structure for a unit, size 36");
}

static void parse_bad_length_refused(void **state)
{
    static const uint16_t bad[] = { 0, 1, 3, 33, 0xffff };
    static const uint8_t bad_scope[] = { 0, 1, 5, 6, 7, 9, 10, 255 };
    char text[64];
    unsigned i;

    (void)state;
    for (i = 0; i < 5; i++) {
        change(DRHD + 2, bad[i], 2);
        snprintf(text, sizeof(text), "offset 48: structure of bad length %u", bad[i]);
        expect_refused(-EINVAL, text);
    }
    change(DRHD + 2, 15, 2);
    expect_refused(-EINVAL, "DRHD of bad length 15");
    change(DRHD, 1, 2);
    change(DRHD + 2, 23, 2);
    expect_refused(-EINVAL, "RMRR of bad length 23");
    host_q35(&host, 8);
    for (i = 0; i < 8; i++) {
        change(SCOPE + 1, bad_scope[i], 1);
        snprintf(text, sizeof(text), "offset 64: device scope of bad length %u", bad_scope[i]);
        expect_refused(-EINVAL, text);
    }
    change(SCOPE + 1, 8, 1);
    change(DRHD + 2, 28, 2); /* 4 bytes of another follow */
    expect_refused(-EINVAL, "offset 72: device scope of bad length 0");
}

static void parse_bad_unit_refused(void **state)
{
    (void)state;
    change(DRHD + 6, 1, 2);
    expect_refused(-EINVAL, "expected PCI segment 0, got 1");
    change(DRHD + 6, 0, 2);
    change(DRHD + 8, 0xfed90800, 8);
    expect_refused(-EINVAL, "aligned to 4 KiB");
    change(DRHD + 8, 0, 8);
    expect_refused(-EINVAL, "aligned to 4 KiB");
}

static void parse_too_many_refused(void **state)
{
    uint8_t b[16 * (ACPI_MAX_DMAR_UNITS + 1)] = { 0 }, many[16 + 8 * (ACPI_MAX_IOAPICS + 1)] = { 0 };
    unsigned i;

    (void)state;
    for (i = 0; i <= ACPI_MAX_DMAR_UNITS; i++) {
        put_drhd(b + 16 * i, 16, 0, 0xe0000000 + 0x1000 * i);
    }
    with_structures(b, sizeof(b) - 16);
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.dmar.unit_count, ACPI_MAX_DMAR_UNITS);
    with_structures(b, sizeof(b));
    expect_refused(-ENOSPC, "more than 32 units");
    put_drhd(many, sizeof(many), 1, 0xe0000000);
    for (i = 0; i <= ACPI_MAX_IOAPICS; i++) {
        put_ioapic(many + 16 + 8 * i, (uint8_t)i, 0, (uint8_t)i, 0);
    }
    with_structures(many, sizeof(many));
    expect_refused(-ENOSPC, "more than 8 I/O APICs");
    put_ioapic(many + 24, 0, 0, 1, 0);
    with_structures(many, sizeof(many));
    expect_refused(-EINVAL, "a second device for I/O APIC 0");
}

/* Each byte of the table by turns any value: the mapping is exactly as large as the table, a read past it is caught. */
static void parse_any_byte_never_reads_outside(void **state)
{
    uint32_t at;
    unsigned value, good = 0;

    (void)state;
    for (at = HEADER; at < SIZE; at++) {
        uint8_t was = host.bytes[host_q35_dmar + at];

        for (value = 0; value < 256; value++) {
            change(at, value, 1);
            good += read_host() == 0;
            assert_true(acpi_info.dmar.unit_count <= ACPI_MAX_DMAR_UNITS);
            assert_true(acpi_info.dmar.ioapic_count <= ACPI_MAX_IOAPICS && acpi_info.dmar.scope_count <= ACPI_MAX_DMAR_SCOPE);
        }
        change(at, was, 1);
    }
    assert_true(good > 0);
    for (at = HEADER; at < SIZE; at++) {
        change(4, at, 4);
        assert_int_equal(read_host() == 0, at == DRHD + 24);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(parse_q35_finds_unit_and_ioapic, setup),
        cmocka_unit_test_setup(parse_several_structures, setup),
        cmocka_unit_test_setup(parse_what_is_behind_a_bridge_stays_unknown, setup),
        cmocka_unit_test_setup(parse_more_functions_than_room_are_left_out, setup),
        cmocka_unit_test_setup(parse_no_unit_refused, setup),
        cmocka_unit_test_setup(parse_bad_length_refused, setup),
        cmocka_unit_test_setup(parse_bad_unit_refused, setup),
        cmocka_unit_test_setup(parse_too_many_refused, setup),
        cmocka_unit_test_setup(parse_any_byte_never_reads_outside, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
