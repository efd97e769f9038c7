/* SPDX-License-Identifier: Apache-2.0 */
#include "../../../xen/launch/manifest.h"
#include "../../../xen/launch/fdt.h"
#include "tree.h"

#include <public/sched.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tree tree;
static struct manifest manifest;
static struct launch_error error;

/* Parse a copy of exactly the right size, so that reading past the end is caught. */
static int parse_bytes(const uint8_t *bytes, size_t size, unsigned modules)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(size != 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    error.text[0] = '\0';
    return manifest_parse(copy, size, modules, &manifest, &error);
}

static int parse(void)
{
    size_t size = tree_finish(&tree);

    return parse_bytes(tree.bytes, size, TREE_MODULES);
}

static void expect_refused(const char *part1, const char *part2)
{
    assert_int_equal(parse(), -EINVAL);
    if (strstr(error.text, part1) == NULL || strstr(error.text, part2) == NULL) {
        fail_msg("expected \"%s\" and \"%s\" in: %s", part1, part2, error.text);
    }
}

static int setup(void **state)
{
    (void)state;
    tree_init(&tree);
    return 0;
}

static void parse_valid_fills_everything(void **state)
{
    const struct manifest_domain *d;

    (void)state;
    if (parse() != 0) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(manifest.policy, 1);
    assert_int_equal(manifest.domain_count, 2);
    d = &manifest.domain[0];
    assert_string_equal(d->path, TREE_GUEST);
    assert_string_equal(d->name, "guest");
    assert_string_equal(d->label, "system_u:system_r:guest_t");
    assert_string_equal(d->bootargs, "console=hvc0 quiet");
    assert_int_equal(d->domid, 0x12);
    assert_int_equal(d->weight, 512);
    assert_int_equal(d->cpus, 2);
    assert_int_equal(d->memory_kib, 0x8000);
    assert_int_equal(d->max_memory_kib, 1ull << 32);
    assert_true(d->tpm);
    assert_int_equal(d->restart_on, 1u << SHUTDOWN_reboot | 1u << SHUTDOWN_watchdog);
    assert_true(d->waits_suspended);
    assert_int_equal(d->ioport_count, 2);
    assert_int_equal(d->ioports[0].first, 0x2f8);
    assert_int_equal(d->ioports[0].last, 0x2ff);
    assert_int_equal(d->ioports[1].last, 0xffff);
    assert_int_equal(d->device_count, 2);
    assert_int_equal(d->devices[0], 0xfa);
    assert_int_equal(d->devices[1], 0xffff);
    assert_int_equal(d->kernel, 2);
    assert_int_equal(d->ramdisk, 4);
    d = &manifest.domain[1];
    assert_string_equal(d->name, "store");
    assert_string_equal(d->bootargs, "");
    assert_int_equal(d->weight, 256);
    assert_int_equal(d->max_memory_kib, d->memory_kib);
    assert_false(d->tpm || d->restart_on != 0 || d->waits_suspended);
    assert_ptr_equal(manifest_with_function(&manifest, MANIFEST_FUNCTION_XENSTORE), d);
    assert_null(manifest_with_function(&manifest, MANIFEST_FUNCTION_CONSOLE));
}

static void parse_equal_order_sorts_by_domid(void **state)
{
    (void)state;
    tree_cells(&tree, TREE_GUEST, "bulkhead,start-order", 1, 5u);
    assert_int_equal(parse(), 0);
    assert_int_equal(manifest.domain[0].domid, 1);
}

/* -- damage to the image ------------------------------------------------------------------------- */

static void parse_truncated_refused(void **state)
{
    size_t size = tree_finish(&tree), i;

    (void)state;
    for (i = 0; i < size; i++) {
        assert_int_equal(parse_bytes(tree.bytes, i, TREE_MODULES), -EINVAL);
        assert_true(strlen(error.text) > 0);
    }
}

/* A changed byte is either refused or changes nothing but what the format leaves open. */
static void parse_flipped_never_reads_outside(void **state)
{
    size_t size = tree_finish(&tree), i;
    unsigned bit;

    (void)state;
    for (i = 0; i < size; i++) {
        for (bit = 0; bit < 8; bit++) {
            tree.bytes[i] ^= (uint8_t)(1u << bit);
            if (parse_bytes(tree.bytes, size, TREE_MODULES) == 0) {
                assert_in_range(manifest.domain_count, 1, 2);
                assert_in_range(manifest.domain[0].kernel, 1, TREE_MODULES - 1);
            }
            tree.bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
}

static void parse_trailing_byte_refused(void **state)
{
    size_t size = tree_finish(&tree);

    (void)state;
    assert_int_equal(parse_bytes(tree.bytes, size + 1, TREE_MODULES), -EINVAL);
    assert_non_null(strstr(error.text, "offset 4: header says"));
}

static void recognise_other_magic_false(void **state)
{
    (void)state;
    tree_finish(&tree);
    assert_true(fdt_reader_recognise(tree.bytes, sizeof(tree.bytes)));
    assert_false(fdt_reader_recognise(tree.bytes, 3));
    assert_false(fdt_reader_recognise((const uint8_t *)"\177ELF", 4));
}

/* -- one mistake each ---------------------------------------------------------------------------- */

static void parse_unknown_property_refused(void **state)
{
    (void)state;
    tree_cells(&tree, TREE_GUEST, "cpu", 1, 2u);
    expect_refused(TREE_GUEST, "unknown property cpu");
    tree_remove(&tree, TREE_GUEST, "cpu");
    tree_cells(&tree, "/chosen", "stdout", 1, 2u);
    expect_refused("/chosen", "unknown property stdout");
    tree_remove(&tree, "/chosen", "stdout");
    tree_cells(&tree, TREE_GUEST "/kernel", "reg", 1, 2u);
    expect_refused(TREE_GUEST "/kernel", "unknown property reg");
}

static void parse_unknown_node_refused(void **state)
{
    (void)state;
    tree_add_node(&tree, "/", "cpus");
    expect_refused("manifest: /cpus", "no such node");
    tree_remove_node(&tree, "/cpus");
    tree_add_node(&tree, TREE_HV, "vm@3");
    expect_refused(TREE_HV "/vm@3", "no such node");
    tree_remove_node(&tree, TREE_HV "/vm@3");
    tree_add_node(&tree, TREE_GUEST "/kernel", "deep");
    expect_refused(TREE_GUEST "/kernel/deep", "no such node");
}

static void parse_missing_property_refused(void **state)
{
    static const char *const required[] = { "compatible", "domid", "bulkhead,name", "security-id",
                                            "functions", "mode", "memory", "cpus" };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        char text[64];

        tree_init(&tree);
        tree_remove(&tree, TREE_GUEST, required[i]);
        snprintf(text, sizeof(text), "property %s is missing", required[i]);
        expect_refused(TREE_GUEST, text);
    }
    tree_init(&tree);
    tree_remove(&tree, TREE_GUEST "/kernel", "mb-index");
    expect_refused(TREE_GUEST "/kernel", "property mb-index is missing");
    tree_init(&tree);
    tree_remove(&tree, TREE_HV, "compatible");
    expect_refused(TREE_HV, "property compatible is missing");
    tree_init(&tree);
    tree_remove(&tree, TREE_CONFIG, "compatible");
    expect_refused(TREE_CONFIG, "property compatible is missing");
}

static void parse_out_of_range_refused(void **state)
{
    static const struct {
        const char *name;
        unsigned cells, high, low;
    } bad[] = {
        { "domid", 1, 0, 0 },         { "domid", 1, 32752, 0 },   { "domid", 2, 0, 1 },
        { "cpus", 1, 0, 0 },          { "cpus", 1, 65, 0 },       { "mode", 1, 1, 0 },
        { "functions", 1, 1, 0 },     { "memory", 1, 0x8000, 0 }, { "memory", 2, 0, 4092 },
        { "memory", 2, 0, 0x8001 },   { "memory", 2, 2, 0 },      { "bulkhead,weight", 1, 0, 0 },
        { "bulkhead,weight", 1, 65536, 0 },                       { "bulkhead,tpm-locality", 1, 2, 0 },
        { "bulkhead,max-memory", 2, 0, 0x4000 },                  { "bulkhead,ioports", 1, 0x2f8, 0 },
        { "bulkhead,ioports", 2, 0x10000, 1 },                    { "bulkhead,ioports", 2, 0xffff, 2 },
        { "bulkhead,ioports", 2, 0x2f8, 0 },                      { "cpus", 0, 0, 0 },
        { "bulkhead,devices", 1, 0x20000, 0 },
        { "bulkhead,devices", 2, 0xfa, 0xfa },                    { "bulkhead,devices", 2, 0xfa, 0x100fa },
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[64];

        tree_init(&tree);
        tree_cells(&tree, TREE_GUEST, bad[i].name, bad[i].cells, bad[i].high, bad[i].low);
        snprintf(text, sizeof(text), "property %s: expected", bad[i].name);
        expect_refused(TREE_GUEST, text);
    }
}

static void parse_bad_text_refused(void **state)
{
    static const char *const names[] = { "", "1guest", "Guest", "gu_st", "abcdefghijklmnop", "-a" };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        tree_string(&tree, TREE_GUEST, "bulkhead,name", names[i]);
        expect_refused(TREE_GUEST, "bulkhead,name");
    }
    tree_init(&tree);
    tree_bytes(&tree, TREE_GUEST, "security-id", "abc", 3);
    expect_refused(TREE_GUEST, "NUL-terminated");
    tree_bytes(&tree, TREE_GUEST, "security-id", "a\0b", 4);
    expect_refused(TREE_GUEST, "NUL-terminated");
    tree_string(&tree, TREE_GUEST, "security-id", "");
    expect_refused(TREE_GUEST, "security-id");
    tree_init(&tree);
    tree_string(&tree, TREE_GUEST "/kernel", "bootargs", "a\nb");
    expect_refused(TREE_GUEST "/kernel", "control characters");
    tree_init(&tree);
    tree_string(&tree, TREE_GUEST, "bulkhead,on-reboot", "maybe");
    expect_refused(TREE_GUEST, "\"restart\" or \"stop\"");
    tree_init(&tree);
    tree_string(&tree, TREE_GUEST, "bulkhead,on-suspend", "restart");
    expect_refused(TREE_GUEST, "\"wait\" or \"stop\"");
    tree_init(&tree);
    tree_string(&tree, TREE_GUEST, "compatible", "xen,domain2");
    expect_refused(TREE_GUEST, "unknown or repeated \"xen,domain2\"");
}

static void parse_unit_address_mismatch_refused(void **state)
{
    (void)state;
    tree_cells(&tree, TREE_GUEST, "domid", 1, 12u);
    expect_refused(TREE_GUEST, "found 12");
}

static void parse_duplicates_refused(void **state)
{
    (void)state;
    tree_string(&tree, TREE_GUEST, "bulkhead,name", "store");
    expect_refused("\"store\" is also that of", TREE_STORE);
    tree_init(&tree);
    tree_cells(&tree, TREE_GUEST, "functions", 1, 1u << 30);
    expect_refused(TREE_STORE, "has the same function");
    tree_init(&tree);
    tree_cells(&tree, TREE_STORE, "bulkhead,tpm-locality", 1, 0u);
    expect_refused(TREE_STORE, "has it already");
    tree_init(&tree);
    tree_cells(&tree, TREE_STORE, "bulkhead,devices", 2, 8u, 0xffffu);
    expect_refused(TREE_STORE, "property bulkhead,devices: " TREE_GUEST " has device 0xffff already");
}

static void parse_module_mistakes_refused(void **state)
{
    (void)state;
    tree_cells(&tree, TREE_GUEST "/ramdisk", "mb-index", 1, 5u);
    expect_refused(TREE_GUEST, "ramdisk is module 5");
    tree_cells(&tree, TREE_GUEST "/ramdisk", "mb-index", 1, 0u);
    expect_refused(TREE_GUEST "/ramdisk", "expected 1 to 63");
    tree_cells(&tree, TREE_GUEST "/ramdisk", "mb-index", 1, 1u);
    expect_refused("module 1 is the policy", "manifest");
    tree_cells(&tree, TREE_GUEST "/ramdisk", "mb-index", 1, 3u);
    expect_refused("module 4 is named by no node", "manifest");
    tree_init(&tree);
    tree_remove_node(&tree, TREE_GUEST "/kernel");
    expect_refused(TREE_GUEST, "expected a kernel module");
    tree_init(&tree);
    tree_remove_node(&tree, TREE_CONFIG "/module");
    expect_refused(TREE_CONFIG, "module,xsm-policy");
    tree_init(&tree);
    tree_remove_node(&tree, TREE_CONFIG);
    expect_refused(TREE_CONFIG, "module,xsm-policy");
    tree_init(&tree);
    tree_string(&tree, TREE_GUEST "/ramdisk", "bootargs", "x");
    expect_refused(TREE_GUEST "/ramdisk", "for kernels only");
    tree_init(&tree);
    tree_string(&tree, TREE_GUEST "/kernel", "compatible", "multiboot,module");
    expect_refused(TREE_GUEST "/kernel", "one of \"module,kernel\"");
}

static void parse_no_domains_refused(void **state)
{
    (void)state;
    tree_remove_node(&tree, TREE_GUEST);
    tree_remove_node(&tree, TREE_STORE);
    expect_refused(TREE_HV, "at least one domain");
    tree_remove_node(&tree, TREE_HV);
    expect_refused("node /chosen/hypervisor is missing", "manifest");
    tree_remove_node(&tree, "/chosen");
    expect_refused("node /chosen is missing", "manifest");
}

static void parse_too_many_domains_refused(void **state)
{
    unsigned i;

    (void)state;
    for (i = 2; i < MANIFEST_DOMAIN_MAX + 1; i++) {
        char unit[32], name[16];

        if (i == MANIFEST_DOMAIN_MAX) {
            struct tree full = tree;

            assert_int_equal(parse(), 0);
            assert_int_equal(manifest.domain_count, MANIFEST_DOMAIN_MAX);
            tree = full;
        }
        snprintf(unit, sizeof(unit), "domain@%x", 0x100 + i);
        snprintf(name, sizeof(name), "d%u", i);
        tree_add_domain(&tree, unit, 0x100 + i, name, 4);
    }
    expect_refused("expected at most 32 domains", TREE_HV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(parse_valid_fills_everything, setup),
        cmocka_unit_test_setup(parse_equal_order_sorts_by_domid, setup),
        cmocka_unit_test_setup(parse_truncated_refused, setup),
        cmocka_unit_test_setup(parse_flipped_never_reads_outside, setup),
        cmocka_unit_test_setup(parse_trailing_byte_refused, setup),
        cmocka_unit_test_setup(recognise_other_magic_false, setup),
        cmocka_unit_test_setup(parse_unknown_property_refused, setup),
        cmocka_unit_test_setup(parse_unknown_node_refused, setup),
        cmocka_unit_test_setup(parse_missing_property_refused, setup),
        cmocka_unit_test_setup(parse_out_of_range_refused, setup),
        cmocka_unit_test_setup(parse_bad_text_refused, setup),
        cmocka_unit_test_setup(parse_unit_address_mismatch_refused, setup),
        cmocka_unit_test_setup(parse_duplicates_refused, setup),
        cmocka_unit_test_setup(parse_module_mistakes_refused, setup),
        cmocka_unit_test_setup(parse_no_domains_refused, setup),
        cmocka_unit_test_setup(parse_too_many_domains_refused, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
