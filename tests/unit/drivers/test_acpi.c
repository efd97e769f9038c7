/* SPDX-License-Identifier: Apache-2.0 */
#include "read_host.h"

static void check_q35(void)
{
    assert_int_equal(acpi_info.lapic_addr, 0xfee00000);
    assert_int_equal(acpi_info.cpu_count, 3);
    assert_int_equal(acpi_info.cpu_apic_id[1], 1);
    assert_int_equal(acpi_info.cpu_apic_id[2], 300);
    assert_int_equal(acpi_info.ioapic_count, 1);
    assert_int_equal(acpi_info.ioapic[0].id, 2);
    assert_int_equal(acpi_info.ioapic[0].addr, 0xfec00000);
    assert_int_equal(acpi_info.override_count, 2);
    assert_int_equal(acpi_info.override[0].gsi, 2);
    assert_int_equal(acpi_info.override[1].flags, 13);
    assert_int_equal(acpi_info.hpet_addr, 0xfed00000);
    assert_int_equal(acpi_info.pm_timer_port, 0x608);
    assert_true(acpi_info.pm_timer_32bit);
    assert_int_equal(acpi_info.pm1a_cnt_port, 0x604);
    assert_int_equal(acpi_info.s5_sleep_type, 5);
    assert_true(acpi_info.reset_valid);
    assert_int_equal(acpi_info.reset_space, 1);
    assert_int_equal(acpi_info.reset_addr, 0xcf9);
    assert_int_equal(acpi_info.reset_value, 0x0f);
    assert_int_equal(acpi_info.mcfg_addr, 0xb0000000);
    assert_int_equal(acpi_info.mcfg_bus_last, 255);
    assert_true(acpi_info.tpm2.present);
    assert_int_equal(acpi_info.tpm2.start_method, 6);
    assert_int_equal(acpi_info.tpm2.log_size, 0x10000);
    assert_int_equal(acpi_info.tpm2.log_addr, 0x7ffd0000);
    assert_int_equal(acpi_info.ivrs.iommu_count, 1);
    assert_int_equal(acpi_info.dmar.unit_count, 1);
}

static void init_xsdt_reads_everything(void **state)
{
    (void)state;
    assert_int_equal(read_host(), 0);
    check_q35();
}

static void init_rsdt_reads_everything(void **state)
{
    (void)state;
    host_q35(&host, 4);
    assert_int_equal(read_host(), 0);
    check_q35();
}

static void init_without_address_searches(void **state)
{
    (void)state;
    assert_int_equal(acpi_init(0, host_map), 0);
    check_q35();
    host.bytes[host.rsdp + 3] ^= 1;
    assert_int_equal(acpi_init(0, host_map), -ENOENT);
}

static void init_bad_root_refused(void **state)
{
    (void)state;
    host.bytes[host.rsdp + 9] ^= 1;
    expect_refused(-EINVAL, "no root pointer at 0xe0120");
    host.bytes[host.rsdp + 9] ^= 1;
    host.bytes[host.rsdp + 33] ^= 1;
    expect_refused(-EINVAL, "its 36 bytes do not sum up to 0");
    host.bytes[host.rsdp + 33] ^= 1;
    host.bytes[host.root + 10] ^= 1;
    expect_refused(-EINVAL, "table XSDT at 0xe0200: its bytes do not sum up to 0");
    host.bytes[host.root] = 'Y';
    host_fix(&host, host.root);
    expect_refused(-EINVAL, "expected XSDT");
}

static void init_bad_length_refused(void **state)
{
    (void)state;
    host_put(&host, host_q35_madt + 4, 35, 4);
    expect_refused(-EINVAL, "table APIC at");
    host_put(&host, host_q35_madt + 4, 0x10000000, 4);
    expect_refused(-EINVAL, "length 268435456");
    host_put(&host, host_q35_madt + 4, 0x30000, 4);
    expect_refused(-EINVAL, "cannot be mapped");
}

static void init_broken_unknown_table_skipped(void **state)
{
    uint32_t at = host_table(&host, "WXYZ", "x", 1);

    (void)state;
    host.bytes[at + 20] ^= 1;
    host_finish(&host);
    assert_int_equal(read_host(), 0);
    assert_non_null(strstr(fake_log_last, "WXYZ"));
    check_q35();
}

static void init_bad_madt_entry_refused(void **state)
{
    (void)state;
    host_put(&host, host_q35_madt + 44 + 1, 7, 1);
    host_fix(&host, host_q35_madt);
    expect_refused(-EINVAL, "entry of type 0 at offset 44: bad length 7");
    host_put(&host, host_q35_madt + 44 + 1, 0, 1);
    host_fix(&host, host_q35_madt);
    expect_refused(-EINVAL, "bad length 0");
    host_put(&host, host_q35_madt + 44, 0x55 | 250u << 8, 2);
    host_fix(&host, host_q35_madt);
    expect_refused(-EINVAL, "entry of type 85 at offset 44: bad length 250");
}

static void init_no_cpu_refused(void **state)
{
    static const uint8_t empty[8];

    (void)state;
    host_init(&host, 8);
    host_finish(&host);
    expect_refused(-EINVAL, "expected a table APIC");
    host_table(&host, "APIC", empty, sizeof(empty));
    host_finish(&host);
    expect_refused(-EINVAL, "at least one enabled processor");
}

static void init_too_many_cpus_refused(void **state)
{
    uint8_t body[8 + 8 * (ACPI_MAX_CPUS + 1)] = { 0 };
    unsigned i;

    (void)state;
    for (i = 0; i <= ACPI_MAX_CPUS; i++) {
        uint8_t *entry = body + 8 + 8 * i;

        entry[1] = 8;
        entry[3] = (uint8_t)i;
        entry[4] = i < ACPI_MAX_CPUS;
    }
    host_init(&host, 8);
    host_table(&host, "APIC", body, sizeof(body));
    host_finish(&host);
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.cpu_count, ACPI_MAX_CPUS);
    body[sizeof(body) - 4] = 1;
    host_init(&host, 8);
    host_table(&host, "APIC", body, sizeof(body));
    host_finish(&host);
    expect_refused(-ENOSPC, "more than 64 processors");
}

static void init_short_tables_refused(void **state)
{
    static const char *const names[] = { "FACP", "HPET", "TPM2", "MCFG" };
    unsigned i;

    (void)state;
    for (i = 0; i < 4; i++) {
        char text[64];

        host_q35(&host, 8);
        host_table(&host, names[i], "0123456789", 10);
        host_finish(&host);
        snprintf(text, sizeof(text), "table %s: 46 bytes, expected at least", names[i]);
        expect_refused(-EINVAL, text);
    }
}

static void init_dsdt_without_sleep_is_fine(void **state)
{
    (void)state;
    host_put(&host, host_q35_dsdt + 36 + 12 + 3, '6', 1);
    host_fix(&host, host_q35_dsdt);
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.s5_sleep_type, 0);
    /* The name as the last bytes of the table: nothing behind it is read. */
    memcpy(host.bytes + host_q35_dsdt + 36 + 26 - 6, "\x08_S5_\x12", 6);
    host_fix(&host, host_q35_dsdt);
    assert_int_equal(read_host(), 0);
    assert_int_equal(acpi_info.s5_sleep_type, 0);
}

static void init_flipped_bits_never_read_outside(void **state)
{
    uint32_t at;
    unsigned bit;

    (void)state;
    for (at = 0; at < host.used; at++) {
        uint32_t table = at < 0x200 ? 0 : at < host_q35_fadt ? host_q35_dsdt :
                         at < host_q35_madt ? host_q35_fadt : host_q35_madt;

        for (bit = 0; bit < 8; bit += 3) {
            struct host saved = host;
            uint32_t size;

            host.bytes[at] ^= (uint8_t)(1u << bit);
            if (table != 0) {
                memcpy(&size, host.bytes + table + 4, 4);
                if (size <= 4096) {
                    host_fix(&host, table);
                }
            }
            if (read_host() == 0) {
                assert_in_range(acpi_info.cpu_count, 1, ACPI_MAX_CPUS);
                assert_true(acpi_info.ioapic_count <= ACPI_MAX_IOAPICS);
                assert_true(acpi_info.override_count <= ACPI_MAX_OVERRIDES);
            }
            host = saved;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(init_xsdt_reads_everything, setup),
        cmocka_unit_test_setup(init_rsdt_reads_everything, setup),
        cmocka_unit_test_setup(init_without_address_searches, setup),
        cmocka_unit_test_setup(init_bad_root_refused, setup),
        cmocka_unit_test_setup(init_bad_length_refused, setup),
        cmocka_unit_test_setup(init_broken_unknown_table_skipped, setup),
        cmocka_unit_test_setup(init_bad_madt_entry_refused, setup),
        cmocka_unit_test_setup(init_no_cpu_refused, setup),
        cmocka_unit_test_setup(init_too_many_cpus_refused, setup),
        cmocka_unit_test_setup(init_short_tables_refused, setup),
        cmocka_unit_test_setup(init_dsdt_without_sleep_is_fine, setup),
        cmocka_unit_test_setup(init_flipped_bits_never_read_outside, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
