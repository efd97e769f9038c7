/* SPDX-License-Identifier: Apache-2.0 */
/* Event texts: the exact words of docs/formats.md, and refusal of what could forge another field.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <xen/errno.h>
#include <xen/measure_text.h>

static char buf[256];
static uint8_t digest[32];
static const char digest_hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

static int setup(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 32; i++) {
        digest[i] = i;
    }
    return 0;
}

static void expect(int rc, const char *prefix, const char *hex, const char *suffix)
{
    char want[256];

    strcpy(want, prefix);
    strcat(want, hex);
    strcat(want, suffix);
    assert_int_equal(rc, (int)strlen(want));
    assert_string_equal(buf, want);
}

static void text_each_event_has_documented_form(void **state)
{
    struct measure_protection p = {
        .svm = true, .npt = true, .smep = true, .nx = true, .iommu = "none"};

    (void)state;
    expect(measure_text_version(buf, sizeof(buf), "0.1.0", "1f00ab", false),
           "bulkhead version=0.1.0 build-id=1f00ab", "", "");
    expect(measure_text_version(buf, sizeof(buf), "0.1.0", "1f00ab", true),
           "bulkhead version=0.1.0 build-id=1f00ab debug", "", "");
    expect(measure_text_firmware_log(buf, sizeof(buf), digest, 4096), "firmware-log sha256=", digest_hex, " size=4096");
    expect(measure_text_cmdline(buf, sizeof(buf), "console=com1 tpm=none", 21),
           "cmdline console=com1 tpm=none", "", "");
    expect(measure_text_cmdline(buf, sizeof(buf), "", 0), "cmdline ", "", "");
    expect(measure_text_protection(buf, sizeof(buf), &p),
           "protection svm=1 npt=1 smep=1 smap=0 umip=0 nx=1 iommu=none", "", "");
    p.locality0 = true;
    expect(measure_text_protection(buf, sizeof(buf), &p),
           "protection svm=1 npt=1 smep=1 smap=0 umip=0 nx=1 iommu=none locality=0", "", "");
    expect(measure_text_policy(buf, sizeof(buf), digest, 4096, true), "policy sha256=", digest_hex,
           " size=4096 mode=enforcing");
    expect(measure_text_policy(buf, sizeof(buf), digest, 0, false), "policy sha256=", digest_hex,
           " size=0 mode=permissive");
    expect(measure_text_manifest(buf, sizeof(buf), digest, UINT64_MAX),
           "manifest sha256=", digest_hex, " size=18446744073709551615");
    expect(measure_text_manifest(buf, sizeof(buf), NULL, 0), "manifest none", "", "");
    expect(measure_text_seed(buf, sizeof(buf), digest, 7), "seed sha256=", digest_hex, " size=7");
    expect(measure_text_domain(buf, sizeof(buf), 5, "guest", "system_u:system_r:guest_t:s0-s1",
                               digest, 1),
           "domain id=5 name=guest label=system_u:system_r:guest_t:s0-s1 digest=sha256:",
           digest_hex, " start=1");
    expect(measure_text_policy_load(buf, sizeof(buf), digest, 1), "policy-load sha256=", digest_hex,
           " size=1");
    expect(measure_text_setenforce(buf, sizeof(buf), false), "setenforce mode=permissive", "", "");
    expect(measure_text_boolean(buf, sizeof(buf), "prot_doms", true), "boolean prot_doms=1", "",
           "");
    expect(measure_text_relabel(buf, sizeof(buf), 3, "u:r:t"), "relabel id=3 label=u:r:t", "", "");
    expect(measure_text_resource(buf, sizeof(buf), 2, 760, 767, "u:r:t"),
           "resource kind=ioport first=760 last=767 label=u:r:t", "", "");
    expect(measure_text_resource(buf, sizeof(buf), 4, 24, 24, NULL), "resource kind=device first=24 last=24 unlabelled", "", "");
    assert_int_equal(measure_text_resource(buf, sizeof(buf), 5, 0, 0, NULL), -EINVAL);
    expect(measure_text_audit_seal(buf, sizeof(buf), digest, 16, UINT64_MAX),
           "audit-seal sha256=", digest_hex, " cpus=16 records=18446744073709551615");
}

static void cmdline_control_bytes_escaped(void **state)
{
    (void)state;
    expect(measure_text_cmdline(buf, sizeof(buf), "a\nb\\c\x7f\xe4", 7),
           "cmdline a\\x0ab\\x5cc\\x7f\\xe4", "", "");
    expect(measure_text_cmdline(buf, sizeof(buf), "a\0b", 3), "cmdline a\\x00b", "", "");
}

static void text_injection_in_word_refused(void **state)
{
    static const char *const bad[] = {"", "a b", "a\nb", "a=b", "guest label=x", "a\x80", "a/b"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(measure_text_domain(buf, sizeof(buf), 1, bad[i], "u:r:t", digest, 1),
                         -EINVAL);
        assert_string_equal(buf, "");
        assert_int_equal(measure_text_domain(buf, sizeof(buf), 1, "n", bad[i], digest, 1), -EINVAL);
        assert_int_equal(measure_text_boolean(buf, sizeof(buf), bad[i], true), -EINVAL);
        assert_int_equal(measure_text_relabel(buf, sizeof(buf), 1, bad[i]), -EINVAL);
        assert_int_equal(measure_text_version(buf, sizeof(buf), bad[i], "00", false), -EINVAL);
        assert_int_equal(measure_text_version(buf, sizeof(buf), "1", bad[i], true), -EINVAL);
    }
    assert_int_equal(measure_text_version(buf, sizeof(buf), NULL, "00", false), -EINVAL);
}

static void text_buffer_exactly_fits_or_enospc(void **state)
{
    (void)state;
    assert_int_equal(measure_text_manifest(buf, 14, NULL, 0), 13);
    assert_int_equal(measure_text_manifest(buf, 13, NULL, 0), -ENOSPC);
    assert_string_equal(buf, "");
    assert_int_equal(measure_text_manifest(buf, 0, NULL, 0), -ENOSPC);
    assert_int_equal(measure_text_cmdline(buf, 11, "\n", 1), -ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_each_event_has_documented_form),
        cmocka_unit_test(cmdline_control_bytes_escaped),
        cmocka_unit_test(text_injection_in_word_refused),
        cmocka_unit_test(text_buffer_exactly_fits_or_enospc),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
