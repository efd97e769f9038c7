/* SPDX-License-Identifier: Apache-2.0 */
#include <xen/cmdline.h>

#include "../measure/fake_log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <xen/lib.h>

static const char *bad;

static int parse(const char *line)
{
    bad = NULL;
    fake_log_last[0] = '\0';
    return cmdline_parse(line, &bad);
}

static void parse_empty_gives_defaults(void **state)
{
    (void)state;
    assert_int_equal(parse("  \t "), 0);
    assert_string_equal(options.console, "com1");
    assert_int_equal(options.flask, FLASK_ENFORCING);
    assert_int_equal(options.tpm, TPM_REQUIRED);
    assert_int_equal(options.loglvl, LOG_INFO);
    assert_int_equal(options.dom0_mem, 0);
    assert_false(options.noreboot);
}

static void parse_known_words_are_kept(void **state)
{
    (void)state;
    assert_int_equal(parse("console=com2 com1=115200,8n1 com2=9600,8n1,0x2f8,3 loglvl=all guest_loglvl=all "
                           "dom0=pvh dom0_mem=512M dom0_max_vcpus=2 noreboot sync_console tpm=none "
                           "iommu=none flask=permissive flask-trace maxcpus=1 console-focus=guest"), 0);
    assert_string_equal(options.console, "com2");
    assert_string_equal(options.com1, "115200,8n1");
    assert_string_equal(options.com2, "9600,8n1,0x2f8,3");
    assert_string_equal(options.console_focus, "guest");
    assert_int_equal(options.loglvl, LOG_DEBUG);
    assert_int_equal(options.dom0_mem, 512ull << 20);
    assert_int_equal(options.dom0_max_vcpus, 2);
    assert_int_equal(options.maxcpus, 1);
    assert_int_equal(options.flask, FLASK_PERMISSIVE);
    assert_true(options.flask_trace);
    assert_int_equal(options.tpm, TPM_NONE);
    assert_true(options.noreboot);
    assert_int_equal(options.iommu, IOMMU_NONE);
    assert_int_equal(parse("iommu=on"), 0);
    assert_int_equal(options.iommu, IOMMU_REQUIRED);
    assert_int_equal(parse(""), 0);
    assert_int_equal(options.iommu, IOMMU_IF_FOUND);
    assert_string_equal(fake_log_last, "");
}

static void parse_unknown_word_warns(void **state)
{
    (void)state;
    assert_int_equal(parse("noreboot smt=off com1=9600"), 0);
    assert_non_null(strstr(fake_log_last, "unknown word smt=off"));
    assert_string_equal(options.com1, "9600");
    assert_int_equal(parse("noreboo"), 0);
    assert_non_null(strstr(fake_log_last, "noreboo"));
    assert_false(options.noreboot);
}

static void parse_dom0_mem_forms(void **state)
{
    static const struct {
        const char *line;
        uint64_t size, low, high;
    } good[] = {
        { "dom0_mem=1024", 1ull << 20, 0, 0 },
        { "dom0_mem=4096B", 4096, 0, 0 },
        { "dom0_mem=64k", 64 << 10, 0, 0 },
        { "dom0_mem=2G", 2ull << 30, 0, 0 },
        { "dom0_mem=0x10M", 16ull << 20, 0, 0 },
        { "dom0_mem=512M,max:1G", 512ull << 20, 0, 1ull << 30 },
        { "dom0_mem=min:128M,max:1G,256M", 256ull << 20, 128ull << 20, 1ull << 30 },
        { "dom0_mem=max:1T", 0, 0, 1ull << 40 },
    };
    unsigned i;

    (void)state;
    for (i = 0; i < ARRAY_SIZE(good); i++) {
        assert_int_equal(parse(good[i].line), 0);
        assert_int_equal(options.dom0_mem, good[i].size);
        assert_int_equal(options.dom0_mem_min, good[i].low);
        assert_int_equal(options.dom0_mem_max, good[i].high);
    }
}

static void parse_bad_value_names_the_word(void **state)
{
    static const char *const lines[] = {
        "dom0_mem=", "dom0_mem", "dom0_mem=x", "dom0_mem=1Q", "dom0_mem=1M,", "dom0_mem=1MM",
        "dom0_mem=1M,2M", "dom0_mem=0", "dom0_mem=-1G", "dom0_mem=17179869184T",
        "dom0_mem=99999999999999999999", "dom0_mem=min:2G,max:1G", "dom0_mem=max:", "dom0_mem=,1M",
        "dom0=pv", "dom0=", "dom0=hvm", "flask", "flask=late", "flask=disabled", "flask=enforce",
        "tpm=off", "tpm", "iommu", "iommu=maybe", "maxcpus=0", "maxcpus=x", "maxcpus=2x", "dom0_max_vcpus=0",
        "loglvl=loud", "loglvl", "loglvl=all/", "guest_loglvl=x", "noreboot=maybe", "sync_console=2",
        "console=", "com1", "console-focus=a-name-that-is-too-long",
        "console=0123456789012345678901234567890123456789",
    };
    unsigned i;

    (void)state;
    for (i = 0; i < ARRAY_SIZE(lines); i++) {
        char line[128];

        snprintf(line, sizeof(line), "noreboot %s tpm=none", lines[i]);
        if (parse(line) != -EINVAL) {
            fail_msg("accepted: %s", lines[i]);
        }
        assert_string_equal(bad, lines[i]);
    }
    assert_int_equal(parse("dom0=pv"), -EINVAL);
    assert_non_null(strstr(fake_log_last, "PV guests are not supported yet"));
}

static void parse_long_word_refused(void **state)
{
    char line[300];

    (void)state;
    memset(line, 'x', sizeof(line));
    line[127] = '\0';
    assert_int_equal(parse(line), 0);
    line[127] = 'x';
    line[128] = '\0';
    assert_int_equal(parse(line), -EINVAL);
    line[128] = 'x';
    line[299] = '\0';
    assert_int_equal(parse(line), -EINVAL);
    assert_int_equal(strlen(bad), 127);
}

static void parse_bool_forms(void **state)
{
    (void)state;
    assert_int_equal(parse("noreboot=no"), 0);
    assert_false(options.noreboot);
    assert_int_equal(parse("noreboot=1"), 0);
    assert_true(options.noreboot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_empty_gives_defaults),
        cmocka_unit_test(parse_known_words_are_kept),
        cmocka_unit_test(parse_unknown_word_warns),
        cmocka_unit_test(parse_dom0_mem_forms),
        cmocka_unit_test(parse_bad_value_names_the_word),
        cmocka_unit_test(parse_long_word_refused),
        cmocka_unit_test(parse_bool_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
