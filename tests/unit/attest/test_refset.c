/* SPDX-License-Identifier: Apache-2.0 */
/* Reference sets and a host's memory without any TPM: forms refused, times, clocks of TPMs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <attest/error.h>
#include <attest/history.h>
#include <attest/refset.h>
#include <attest/utc.h>

#define HEX "0000000000000000000000000000000000000000000000000000000000000000"
#define FILE_9 "{\"name\":\"a\",\"kind\":\"file\",\"pcr\":9,\"sha256\":\"" HEX "\",\"detail\":\"\"}"
#define PCR_7 "{\"name\":\"a\",\"kind\":\"pcr\",\"pcr\":7,\"sha256\":\"" HEX "\",\"detail\":\"\"}"
#define SET(id, fw, from, to, old, overlap, list)                                                  \
    "{\"format\":\"bulkhead-reference-2\",\"id\":" id ",\"firmware\":" fw ",\"not-before\":" from  \
    ",\"not-after\":" to ",\"supersedes\":" old ",\"overlap\":" overlap ",\"components\":" list "}"
#define T1 "\"2026-01-01T00:00:00Z\""
#define T2 "\"2027-01-01T00:00:00Z\""

static void utc_only_its_one_form(void **state)
{
    static const char *const bad[] = {"", "2026-02-31T00:00:00Z", "2026-01-01T00:00:00",
                                      "2026-01-01 00:00:00Z", "2026-01-01T00:00:00Z ",
                                      "2026-1-1T0:0:0Z", "1969-12-31T23:59:59Z",
                                      "2026-01-01T24:00:00Z", "+026-01-01T00:00:00Z"};
    int64_t t = 7;
    char buf[UTC_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(utc_parse(bad[i], &t), -EINVAL);
    }
    assert_int_equal(utc_parse("2026-01-31T12:00:00Z", &t), 0);
    assert_string_equal(utc_format(buf, t), "2026-01-31T12:00:00Z");
    assert_string_equal(utc_format(buf, INT64_MAX), "9999-12-31T23:59:59Z");
}

static void refset_mistakes_refused(void **state)
{
    static const char good[] = SET("\"a\"", "\"\"", T1, T2, "[\"b\"]", "60", "[" FILE_9 "]");
    static const char *const bad[] = {
        SET("\"\"", "\"\"", T1, T2, "[]", "0", "[]"),
        SET("\"a/b\"", "\"\"", T1, T2, "[]", "0", "[]"),
        SET("\".a\"", "\"\"", T1, T2, "[]", "0", "[]"),
        SET("1", "\"\"", T1, T2, "[]", "0", "[]"),
        SET("\"a\"", "\"x\"", T1, T2, "[]", "0", "[]"), /* a profile without values */
        SET("\"a\"", "\"\"", T1, T2, "[]", "0", "[" PCR_7 "]"), /* values without a profile */
        SET("\"a\"", "\"\"", T2, T1, "[]", "0", "[]"),
        SET("\"a\"", "\"\"", T1, T1, "[]", "0", "[]"),
        SET("\"a\"", "\"\"", "1", T2, "[]", "0", "[]"),
        SET("\"a\"", "\"\"", T1, "null", "[]", "0", "[]"),
        SET("\"a\"", "\"\"", T1, T2, "[\"a\"]", "0", "[]"), /* itself */
        SET("\"a\"", "\"\"", T1, T2, "[1]", "0", "[]"),
        SET("\"a\"", "\"\"", T1, T2, "\"b\"", "0", "[]"),
        SET("\"a\"", "\"\"", T1, T2, "[]", "-1", "[]"),
        SET("\"a\"", "\"\"", T1, T2, "[]", "99999999999", "[]"),
        SET("\"a\"", "\"\"", T1, T2, "[]", "1.5", "[]"),
        SET("\"a\"", "\"\"", T1, T2, "[]", "0", "{}"),
        SET("\"a\"", "\"\"", T1, T2, "[]", "0", "[{}]"),
        SET("\"a\"", "\"\"", T1, T2, "[],\"more\":1", "0", "[]"),
        "{\"format\":\"bulkhead-reference-3\"}",
        "{\"format\":\"bulkhead-reference-2\"}",
        "{}",
        "[]",
        "",
    };
    struct attest_error err;
    struct refset *set = refset_parse((const uint8_t *)good, strlen(good), &err), *again;
    char *text;

    (void)state;
    assert_non_null(set);
    assert_int_equal(refset_print(set, &text, &err), 0);
    again = refset_parse((const uint8_t *)text, strlen(text), &err);
    assert_non_null(again);
    assert_string_equal(again->id, "a");
    assert_string_equal(again->supersedes[0], "b");
    assert_int_equal(again->overlap, 60);
    assert_int_equal(again->not_after, set->not_after);
    assert_memory_equal(again->digest, set->digest, 32);
    free(text);
    refset_free(set);
    refset_free(again);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (refset_parse((const uint8_t *)bad[i], strlen(bad[i]), &err) != NULL) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    for (size_t n = 0; n < strlen(good); n++) {
        assert_null(refset_parse((const uint8_t *)good, n, &err));
    }
}

static void clock_behind_in_any_way_is_a_reset(void **state)
{
#define TOP UINT32_MAX /* counters carry an offset and may wrap */
    static const struct {
        struct clock_info last, now;
        enum verify_code code;
    } cases[] = {
        {{1000, 5, 5, true}, {1000, 5, 5, true}, CODE_OK},
        {{1000, 5, 5, true}, {1001, 5, 5, true}, CODE_OK},
        {{1000, 5, 5, true}, {999, 5, 5, true}, CODE_CLOCK_RESET},
        {{1000, 5, 5, true}, {2000, 4, 5, true}, CODE_CLOCK_RESET},
        {{1000, 5, 5, true}, {2000, 5, 4, true}, CODE_CLOCK_RESET},
        {{1000, 5, 5, true}, {2000, 6, 0, true}, CODE_OK},
        {{1000, 5, 5, true}, {999, 6, 0, true}, CODE_CLOCK_RESET},
        {{1000, 5, 5, true}, {999, 6, 0, false}, CODE_CLOCK_UNSAFE},
        {{1000, 5, 5, true}, {999, 5, 5, false}, CODE_CLOCK_RESET},
        {{9000000, 5, 5, true}, {9000000 - 4194304, 6, 0, false}, CODE_CLOCK_UNSAFE},
        {{9000000, 5, 5, true}, {9000000 - 4194305, 6, 0, false}, CODE_CLOCK_RESET},
        {{1000, 5, 5, true}, {2000, 5, 5, false}, CODE_CLOCK_UNSAFE},
        {{1000, TOP, TOP, true}, {2000, 0, 0, true}, CODE_OK},
        {{1000, 0, 0, true}, {2000, TOP, 0, true}, CODE_CLOCK_RESET},
        {{1000, 0x80000000u, 0, true}, {2000, 0, 0, true}, CODE_CLOCK_RESET},
    };
    struct history *h = history_new("a");
    char text[128];

    (void)state;
    h->has_clock = true;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        h->clock = cases[i].last;
        if (history_clock(h, &cases[i].now, text) != cases[i].code) {
            fail_msg("case %zu: %s", i, text);
        }
    }
    history_free(h);
}

static void nonces_and_quotes_remembered_to_the_last(void **state)
{
    struct history *h = history_new("a");

    (void)state;
    for (uint32_t i = 1; i <= HISTORY_RECENT + 10; i++) {
        struct bytes b = {(uint8_t *)&i, sizeof(i)};

        history_add_nonce(h, &b, i);
    }
    for (uint32_t i = 1; i <= HISTORY_RECENT + 10; i++) {
        assert_int_equal(history_nonce_at(h, (uint8_t *)&i, sizeof(i)), i <= 10 ? 0 : i);
    }
    history_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utc_only_its_one_form),
        cmocka_unit_test(refset_mistakes_refused),
        cmocka_unit_test(clock_behind_in_any_way_is_a_reset),
        cmocka_unit_test(nonces_and_quotes_remembered_to_the_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
