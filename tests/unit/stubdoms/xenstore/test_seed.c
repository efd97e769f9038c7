/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seed reader: what it takes, and where it says a bad one is wrong.
 */
#include "rig.h"

#include <string.h>

static bool load(struct rig *rig, const char *text, size_t length, struct seed_error *error)
{
    uint8_t *copy = malloc(length != 0 ? length : 1);
    bool good;

    assert_non_null(copy);
    memcpy(copy, text, length);
    good = seed_load(&rig->server, copy, length, error);
    free(copy);
    return good;
}

#define LOAD(rig, text, error) load(rig, text, sizeof(text) - 1, error)

static void seed_complete_fills_the_store(void **state)
{
    struct rig *rig = *state;
    struct seed_error error;

    rig_mac(rig);
    rig_allow(rig, 203, 203, P_ALL);
    rig_allow(rig, 203, 777, P_READ);
    assert_true(LOAD(rig, "# comment\n\n"
                     "!domain\t3\tlabel203\n"
                     "!label\t/local/domain/3/data\tlabel777\n"
                     "/local/domain/3\tn3\t\n"
                     "/local/domain/3/name\tn0,r3\tgu\\x09\\\\est\n"
                     "/local/domain/3/data/x\tr0\tv\n"
                     "@releaseDomain\tn0,r3\t\n", &error));
    assert_string_equal(rig_ask(rig, 3, XS_READ, 0, "name"), "gu\t\\est");
    assert_string_equal(rig_write(rig, 3, 0, "name\0x"), "EACCES");
    assert_string_equal(rig_ask(rig, 3, XS_READ, 0, "data/x"), "v");
    assert_string_equal(rig_write(rig, 3, 0, "data/x\0y"), "EACCES");
    assert_string_equal(rig_write(rig, 3, 0, "mine\0y"), "OK");
    assert_int_equal(mac_domain_sid(&rig->server.mac, 3), 203);
}

static void seed_without_final_newline_is_read(void **state)
{
    struct rig *rig = *state;
    struct seed_error error;

    assert_true(LOAD(rig, "/a\tn0\tlast", &error));
    assert_string_equal(rig_ask(rig, 1, XS_READ, 0, "/a"), "last");
    assert_true(LOAD(rig, "", &error));
}

static void seed_ignores_quotas(void **state)
{
    struct rig *rig = *state;
    struct seed_error error;

    rig->server.store.quota.nodes = 1;
    assert_true(LOAD(rig, "/a\tn5\t1\n/a/b\tn5\t2\n/a/c\tn5\t3\n", &error));
    assert_string_equal(rig_write(rig, 5, 0, "/a/d\0x"), "ENOSPC");
}

static void seed_errors_name_line_and_reason(void **state)
{
    static const struct {
        const char *text;
        unsigned int line;
        const char *reason;
    } rows[] = {
        { "/a\tn0\n", 1, "2 fields, expected three" },
        { "#\n\n/a n0 x\n", 3, "1 field, expected three" },
        { "/a\tn0\tx\ty\n", 1, "more than three fields" },
        { "/a\tn0\tx\n/a\tn0\ty\n", 2, "already there" },
        { "/a/\tn0\tx\n", 1, "not an absolute path" },
        { "a\tn0\tx\n", 1, "not an absolute path" },
        { "\tn0\tx\n", 1, "not an absolute path" },
        { "/a\tq0\tx\n", 1, "permission 'q0'" },
        { "/a\tn0,\tx\n", 1, "permission ''" },
        { "/a\tn0,r40000\tx\n", 1, "permission 'r40000'" },
        { "/a\t\tx\n", 1, "permission ''" },
        { "/a\tn0\tx\\q\n", 1, "column 2 of the value" },
        { "/a\tn0\tx\\x4\n", 1, "column 2 of the value" },
        { "/a\tn0\t\\\n", 1, "column 1 of the value" },
        { "/a\tn0\tx\ry\n", 1, "control byte 0x0d" },
        { "!domain\t5x\tlabel1\n", 1, "domain id '5x'" },
        { "!domain\t7\tlabel1\n!domain\t7\tlabel1\n", 2, "domain 7 is named twice" },
        { "!domain\t7\t\n", 1, "label of 0 bytes" },
        { "!domain\t7\tunknown\n", 1, "the policy has no context 'unknown'" },
        { "!label\t/a\tlabel1\n!label\t/a\tlabel2\n", 2, "already has a label" },
        { "!label\ta\tlabel1\n", 1, "not an absolute path" },
        { "!other\ta\tb\n", 1, "'!other', expected !domain" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct seed_error error;
        void *fresh;

        assert_int_equal(rig_setup(&fresh), 0);
        rig_mac(fresh);
        assert_false(load(fresh, rows[i].text, strlen(rows[i].text), &error));
        assert_int_equal(error.line, rows[i].line);
        if (strstr(error.reason, rows[i].reason) == NULL) {
            fail_msg("row %zu: '%s' lacks '%s'", i, error.reason, rows[i].reason);
        }
        rig_teardown(&fresh);
    }
    (void)state;
}

static void seed_with_nul_is_refused(void **state)
{
    struct rig *rig = *state;
    struct seed_error error;

    assert_false(LOAD(rig, "/a\tn0\tx\n/b\tn0\ty\0z\n", &error));
    assert_int_equal(error.line, 2);
    assert_string_equal(error.reason, "NUL byte");
}

static void seed_value_may_be_as_long_as_a_payload(void **state)
{
    struct rig *rig = *state;
    struct seed_error error;
    static char text[8 + XENSTORE_PAYLOAD_MAX + 2];

    memset(text, 'v', sizeof(text));
    memcpy(text, "/a\tn0\t", 6);
    assert_true(load(rig, text, 6 + XENSTORE_PAYLOAD_MAX, &error));
    memcpy(text, "/b\tn0\t", 6);
    assert_false(load(rig, text, 6 + XENSTORE_PAYLOAD_MAX + 1, &error));
    assert_non_null(strstr(error.reason, "value longer than"));
}

/* Every truncation and every one-byte change of a good seed is taken or refused, never worse. */
static void seed_damaged_anywhere_is_survived(void **state)
{
    static const char good[] = "!domain\t3\tlabel203\n!label\t/x/y\tlabel7\n/x\tn0,r3\ta\\x41\\\\b\n";
    struct seed_error error;

    for (size_t i = 0; i < sizeof(good); i++) {
        for (int change = 0; change < 256; change += 5) {
            char text[sizeof(good)];
            void *fresh;

            memcpy(text, good, sizeof(good));
            text[i] = (char)change;
            rig_setup(&fresh);
            rig_mac(fresh);
            (void)load(fresh, text, change % 2 == 0 ? i : sizeof(good) - 1, &error);
            rig_teardown(&fresh);
        }
    }
    (void)state;
}

#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(seed_complete_fills_the_store), T(seed_without_final_newline_is_read),
        T(seed_ignores_quotas), T(seed_errors_name_line_and_reason), T(seed_with_nul_is_refused),
        T(seed_value_may_be_as_long_as_a_payload), T(seed_damaged_anywhere_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
