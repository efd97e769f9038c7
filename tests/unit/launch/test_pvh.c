/* SPDX-License-Identifier: Apache-2.0 */
/* Layout, content and digest of PVH domains; the ACPI tables are read back by the host's own reader. */
#include "../../../xen/launch/pvh.h"
#include "kernel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <public/arch-x86/hvm/start_info.h>
#include <xen/acpi.h>
#include <xen/lib.h>

#define SMALL_KIB 8192u

static struct kernel kernel;
static struct launch_input in;
static struct pvh_plan plan;
static struct launch_error error;
static uint8_t ramdisk[5000];

/* A domain of up to SMALL_KIB plus its ACPI page, with a bit per populated frame. */
static struct {
    uint8_t low[SMALL_KIB << 10];
    uint8_t acpi[PAGE_SIZE];
    bool low_populated[SMALL_KIB / 4], acpi_populated;
    uint64_t pages;
} memory;

static uint8_t *frame(uint64_t gfn)
{
    if (gfn < SMALL_KIB / 4) {
        return memory.low_populated[gfn] ? memory.low + (gfn << PAGE_SHIFT) : NULL;
    }
    return gfn == PVH_ACPI >> PAGE_SHIFT && memory.acpi_populated ? memory.acpi : NULL;
}

static int populate(void *arg, uint64_t first, uint64_t count)
{
    uint64_t i;

    (void)arg;
    for (i = first; i < first + count; i++) {
        if (i < SMALL_KIB / 4) {
            assert_false(memory.low_populated[i]);
            memory.low_populated[i] = true;
        }
        memory.acpi_populated |= i == PVH_ACPI >> PAGE_SHIFT;
    }
    memory.pages += count;
    return 0;
}

static int write_memory(void *arg, gaddr_t at, const void *data, size_t size)
{
    const uint8_t *from = data;

    (void)arg;
    for (; size > 0; size--, at++) {
        uint8_t *page = frame(at >> PAGE_SHIFT);

        if (page == NULL) {
            return -EFAULT;
        }
        page[at % PAGE_SIZE] = *from++;
    }
    return 0;
}

static const struct launch_sink sink = { NULL, populate, write_memory };

static int setup(void **state)
{
    size_t i;

    (void)state;
    kernel_init(&kernel);
    kernel_make(&kernel);
    memset(&memory, 0, sizeof(memory));
    for (i = 0; i < sizeof(ramdisk); i++) {
        ramdisk[i] = (uint8_t)(i + 3);
    }
    in = (struct launch_input){
        .name = "guest",
        .memory_kib = SMALL_KIB,
        .vcpu_count = 2,
        .cmdline = "console=hvc0",
        .kernel = kernel.bytes,
        .kernel_size = kernel.size,
        .ramdisk = ramdisk,
        .ramdisk_size = sizeof(ramdisk),
    };
    return 0;
}

static void must_plan(void)
{
    if (pvh_plan(&in, &plan, &error) != 0) {
        fail_msg("%s", error.text);
    }
}

static void must_build(void)
{
    must_plan();
    if (pvh_build(&in, &plan, &sink, &error) != 0) {
        fail_msg("%s", error.text);
    }
}

static void expect_refused(const char *text)
{
    assert_int_equal(pvh_plan(&in, &plan, &error), -EINVAL);
    if (strstr(error.text, text) == NULL || strstr(error.text, "domain guest") == NULL) {
        fail_msg("expected \"%s\" in: %s", text, error.text);
    }
}

static void plan_small_has_the_map_of_a_pvh_guest(void **state)
{
    static const struct pvh_region expected[] = {
        { 0, 0xa0000, 1 },
        { 0xa0000, 0x60000, 2 },
        { 0x100000, (SMALL_KIB << 10) - 0x100000, 1 },
        { 0xfc000000, 0x1000, 3 },
        { 0xfeff8000, 0x8000, 2 },
    };
    unsigned i;

    (void)state;
    must_plan();
    assert_int_equal(plan.region_count, 5);
    for (i = 0; i < 5; i++) {
        assert_int_equal(plan.region[i].start, expected[i].start);
        assert_int_equal(plan.region[i].size, expected[i].size);
        assert_int_equal(plan.region[i].type, expected[i].type);
    }
    assert_int_equal(plan.pages, SMALL_KIB / 4 - 0x60 + 3);
}

static void plan_large_continues_above_4g(void **state)
{
    (void)state;
    in.memory_kib = 5u << 20;
    in.tpm = true;
    must_plan();
    assert_int_equal(plan.region_count, 7);
    assert_int_equal(plan.region[2].size, 0xf0000000ull - 0x100000);
    assert_int_equal(plan.region[4].start, 0xfed40000);
    assert_int_equal(plan.region[4].type, 2);
    assert_int_equal(plan.region[6].start, 1ull << 32);
    assert_int_equal(plan.region[6].size, (5ull << 30) - 0xf0000000ull);
    assert_true(plan.ramdisk < 1ull << 30);
}

static void build_writes_start_info(void **state)
{
    struct hvm_start_info info;
    struct hvm_modlist_entry module;
    struct hvm_memmap_table_entry map;

    (void)state;
    must_build();
    assert_int_equal(memory.pages, plan.pages);
    assert_int_equal(plan.vcpu.entry, 0x100010);
    assert_int_equal(plan.vcpu.start_info, 0x105000);
    memcpy(&info, memory.low + 0x105000, sizeof(info));
    assert_int_equal(info.magic, XEN_HVM_START_MAGIC_VALUE);
    assert_int_equal(info.version, 1);
    assert_int_equal(info.flags, 0);
    assert_int_equal(info.nr_modules, 1);
    assert_int_equal(info.rsdp_paddr, 0xfc000000);
    assert_int_equal(info.memmap_entries, 5);
    assert_string_equal((char *)memory.low + info.cmdline_paddr, "console=hvc0");
    memcpy(&module, memory.low + info.modlist_paddr, sizeof(module));
    assert_int_equal(module.size, sizeof(ramdisk));
    assert_int_equal(module.paddr % PAGE_SIZE, 0);
    assert_true(module.paddr + module.size <= SMALL_KIB << 10);
    assert_memory_equal(memory.low + module.paddr, ramdisk, sizeof(ramdisk));
    memcpy(&map, memory.low + info.memmap_paddr + 2 * sizeof(map), sizeof(map));
    assert_int_equal(map.addr, 0x100000);
    assert_int_equal(map.type, XEN_HVM_MEMMAP_TYPE_RAM);
    assert_memory_equal(memory.low + 0x100000, kernel.bytes + kernel.segment[0].offset, 0x3064);
}

static void build_without_ramdisk_has_no_module(void **state)
{
    struct hvm_start_info info;

    (void)state;
    in.ramdisk = NULL;
    in.ramdisk_size = 0;
    must_build();
    memcpy(&info, memory.low + plan.vcpu.start_info, sizeof(info));
    assert_int_equal(info.nr_modules, 0);
    assert_int_equal(info.modlist_paddr, 0);
}

static int failing_write(void *arg, gaddr_t at, const void *data, size_t size)
{
    (void)arg;
    (void)at;
    (void)data;
    (void)size;
    return -EFAULT;
}

static void build_sink_error_is_reported(void **state)
{
    struct launch_sink bad = { NULL, populate, failing_write };

    (void)state;
    must_plan();
    assert_int_equal(pvh_build(&in, &plan, &bad, &error), -EFAULT);
    assert_non_null(strstr(error.text, "domain guest: cannot write"));
}

static void plan_what_does_not_fit_refused(void **state)
{
    (void)state;
    in.memory_kib = 4092;
    expect_refused("4092 KiB of memory");
    in.memory_kib = 4097;
    expect_refused("expected a multiple of 4");
    in.memory_kib = SMALL_KIB;
    in.vcpu_count = 0;
    expect_refused("0 vCPUs");
    in.vcpu_count = 65;
    expect_refused("65 vCPUs");
    in.vcpu_count = 64;
    in.ramdisk_size = (SMALL_KIB << 10) - 0x106000 + 1;
    expect_refused("do not fit into 8192 KiB");
    in.ramdisk_size = SIZE_MAX;
    expect_refused("do not fit into 8192 KiB");
    in.ramdisk_size = (SMALL_KIB << 10) - 0x106000;
    must_plan();
    assert_int_equal(plan.ramdisk, 0x106000);
    kernel.segment[0].memory_size = (SMALL_KIB << 10) - 0x100000;
    kernel_make(&kernel);
    expect_refused("no room is left");
    kernel.segment[0].memory_size++;
    kernel_make(&kernel);
    expect_refused("kernel needs memory from 0x100000 to 0x800001");
    kernel.segment[0] = (struct kernel_segment){ 1, 0x9f000, 0x64, 0x1001, 0 };
    kernel.entry = 0x9f000;
    kernel_make(&kernel);
    expect_refused("kernel needs memory from 0x9f000");
    kernel.note_type = 1;
    kernel_make(&kernel);
    expect_refused("kernel: kernel has only PV entry notes");
}

static void plan_long_cmdline_refused(void **state)
{
    static char line[2049];

    (void)state;
    memset(line, 'a', 2047);
    in.cmdline = line;
    must_plan();
    line[2047] = 'a';
    expect_refused("command line is longer than 2047");
}

/* -- digest -------------------------------------------------------------------------------------- */

/* As docs/formats.md puts it, over every populated frame. */
static void digest_by_definition(uint8_t out[32])
{
    static const uint8_t zeros[PAGE_SIZE];
    struct sha256 ctx;
    uint8_t word[12];
    uint64_t gfn;
    unsigned i;

    sha256_init(&ctx);
    for (gfn = 0; gfn <= PVH_ACPI >> PAGE_SHIFT; gfn++) {
        const uint8_t *page = frame(gfn);

        if (page != NULL && memcmp(page, zeros, PAGE_SIZE) != 0) {
            for (i = 0; i < 8; i++) {
                word[i] = (uint8_t)(gfn >> (8 * i));
            }
            sha256_update(&ctx, word, 8);
            sha256_update(&ctx, page, PAGE_SIZE);
        }
    }
    memset(word, 0, sizeof(word));
    for (i = 0; i < 4; i++) {
        word[i] = (uint8_t)(plan.kernel.pvh_entry >> (8 * i));
        word[4 + i] = (uint8_t)(plan.boot_data >> (8 * i));
    }
    word[8] = 1;
    sha256_update(&ctx, word, sizeof(word));
    sha256_final(&ctx, out);
}

static void digest_offline_equals_definition(void **state)
{
    uint8_t expected[32], digest[32];

    (void)state;
    /* A second segment that begins in the page where the first one ends, and one without file. */
    kernel.segment[1] = (struct kernel_segment){ 1, 0x105800, 0x1900, 0x2000, 0 };
    kernel.segment[2] = (struct kernel_segment){ 1, 0x110000, 0, 0x8000, 0 };
    kernel.segment[3] = (struct kernel_segment){ 1, 0x8000, 0x20, 0x20, 0 };
    kernel.segment[0].file_size = kernel.segment[0].memory_size = 0x5700;
    kernel.segment_count = 4;
    kernel_make(&kernel);
    in.kernel_size = kernel.size;
    must_build();
    digest_by_definition(expected);
    assert_int_equal(launch_digest_offline(&in, digest, &error), 0);
    assert_memory_equal(digest, expected, 32);
}

static void digest_offline_changes_with_every_input(void **state)
{
    uint8_t seen[7][32];
    unsigned count = 0, i, k;

    (void)state;
    assert_int_equal(launch_digest_offline(&in, seen[count++], &error), 0);
    in.cmdline = "console=hvc1";
    assert_int_equal(launch_digest_offline(&in, seen[count++], &error), 0);
    in.vcpu_count = 3;
    assert_int_equal(launch_digest_offline(&in, seen[count++], &error), 0);
    in.memory_kib += 4;
    assert_int_equal(launch_digest_offline(&in, seen[count++], &error), 0);
    in.tpm = true;
    assert_int_equal(launch_digest_offline(&in, seen[count++], &error), 0);
    ramdisk[4999] ^= 1;
    assert_int_equal(launch_digest_offline(&in, seen[count++], &error), 0);
    kernel.bytes[kernel.size - 1] ^= 1;
    assert_int_equal(launch_digest_offline(&in, seen[count++], &error), 0);
    for (i = 0; i < count; i++) {
        for (k = 0; k < i; k++) {
            assert_memory_not_equal(seen[i], seen[k], 32);
        }
    }
}

static void digest_offline_bad_kernel_refused(void **state)
{
    uint8_t digest[32];

    (void)state;
    in.kernel_size = 40;
    assert_int_equal(launch_digest_offline(&in, digest, &error), -EINVAL);
    assert_non_null(strstr(error.text, "domain guest: kernel:"));
}

/* -- ACPI ---------------------------------------------------------------------------------------- */

static const void *map(paddr_t addr, size_t size)
{
    if (addr < PVH_ACPI || addr + size > PVH_ACPI + PAGE_SIZE) {
        return NULL;
    }
    return memory.acpi + (addr - PVH_ACPI);
}

static void build_acpi_tables_are_readable(void **state)
{
    unsigned i;

    (void)state;
    in.vcpu_count = 64;
    in.tpm = true;
    must_build();
    assert_int_equal(acpi_init(PVH_ACPI, map), 0);
    assert_int_equal(acpi_info.cpu_count, 64);
    for (i = 0; i < 64; i++) {
        assert_int_equal(acpi_info.cpu_apic_id[i], 2 * i);
    }
    assert_int_equal(acpi_info.lapic_addr, 0xfee00000);
    assert_int_equal(acpi_info.ioapic_count, 0);
    assert_int_equal(acpi_info.pm_timer_port, 0);
    assert_int_equal(acpi_info.s5_sleep_type, 5);
    assert_true(acpi_info.tpm2.present);
    assert_int_equal(acpi_info.tpm2.start_method, 6);
    assert_int_equal(acpi_info.tpm2.log_addr, 0);
}

static void build_acpi_without_tpm_has_no_tpm2(void **state)
{
    (void)state;
    must_build();
    assert_int_equal(acpi_init(PVH_ACPI, map), 0);
    assert_int_equal(acpi_info.cpu_count, 2);
    assert_false(acpi_info.tpm2.present);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plan_small_has_the_map_of_a_pvh_guest, setup),
        cmocka_unit_test_setup(plan_large_continues_above_4g, setup),
        cmocka_unit_test_setup(build_writes_start_info, setup),
        cmocka_unit_test_setup(build_without_ramdisk_has_no_module, setup),
        cmocka_unit_test_setup(build_sink_error_is_reported, setup),
        cmocka_unit_test_setup(plan_what_does_not_fit_refused, setup),
        cmocka_unit_test_setup(plan_long_cmdline_refused, setup),
        cmocka_unit_test_setup(digest_offline_equals_definition, setup),
        cmocka_unit_test_setup(digest_offline_changes_with_every_input, setup),
        cmocka_unit_test_setup(digest_offline_bad_kernel_refused, setup),
        cmocka_unit_test_setup(build_acpi_tables_are_readable, setup),
        cmocka_unit_test_setup(build_acpi_without_tpm_has_no_tpm2, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
