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
#include <unistd.h>

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
    static const char profile[] = SET("\"a\"", "\"x\"", T1, T2, "[]", "0", "[" PCR_7 "]");
    static const char *const bad[] = {
        SET("\"\"", "\"\"", T1, T2, "[]", "0", "[]"),
        SET("\"a/b\"", "\"\"", T1, T2, "[]", "0", "[]"),
        SET("\".a\"", "\"\"", T1, T2, "[]", "0", "[]"),
        SET("1", "\"\"", T1, T2, "[]", "0", "[]"),
        SET("\"a\"", "\"x\"", T1, T2, "[]", "0", "[]"), /* a profile without values */
        SET("\"a\"", "\"\"", T1, T2, "[]", "0", "[" PCR_7 "]"), /* values without a profile */
        SET("\"a\"", "\"x\\nsigned      by key 12\"", T1, T2, "[]", "0", "[" PCR_7 "]"), /* it is shown */
        SET("\"a\"", "\"x y\"", T1, T2, "[]", "0", "[" PCR_7 "]"),
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
    refset_free(set);
    set = refset_parse((const uint8_t *)profile, strlen(profile), &err);
    assert_non_null(set);
    assert_string_equal(set->firmware, "x");
    refset_free(set);
    set = refset_parse((const uint8_t *)good, strlen(good), &err);
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

/* -- which sets count for a host ------------------------------------------------------------------- */
#define C(name, kind, pcr) "{\"name\":\"" name "\",\"kind\":\"" kind "\",\"pcr\":" pcr ",\"sha256\":\"" HEX "\",\"detail\":\"\"}"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define WHOLE                                                                                                          \
    C("l", "grub-pe", "4") "," C("f", "file", "9") ",{\"name\":\"e\",\"kind\":\"hypervisor-event\",\"pcr\":21,\"sha256\":\"" \
    EMPTY "\",\"detail\":\"\"}"
#define OF(id, old, overlap) SET("\"" id "\"", "\"\"", T1, T2, "[" old "]", overlap, "[" WHOLE "]")
#define NOW 1780000000 /* between T1 and T2 */
#define DAY 86400

static const char web_1[] = OF("web-1", "", "0"), web_2[] = OF("web-2", "\"web-1\"", "0"), web_3[] = OF("web-3", "\"web-2\"", "0");

/* Judge these sets, the last one NULL. @return code of the first */
static enum verify_code judged(struct history *h, int64_t now, const char *const *text)
{
    struct refset_list list = {.count = 0};
    struct attest_error err = {""};
    enum verify_code code;

    for (; *text != NULL; text++) {
        struct refset *set = refset_parse((const uint8_t *)*text, strlen(*text), &err);

        if (set == NULL || refset_list_add(&list, set, "test") != 0) {
            fail_msg("%s", err.text);
        }
    }
    refset_list_judge(&list, h, now);
    code = list.entry[0].code;
    refset_list_free(&list);
    return code;
}

#define JUDGED(h, now, ...) judged(h, now, (const char *const[]){__VA_ARGS__, NULL})

/* What the file of a host has of it. */
static struct history *read_again(struct history *h)
{
    struct history *again = history_new(h->host);
    char *text;

    assert_int_equal(history_print(h, &text), 0);
    assert_null(history_parse(again, (const uint8_t *)text, strlen(text)));
    free(text);
    history_free(h);
    return again;
}

static void superseded_ends_for_a_host_that_never_met_it(void **state)
{
    static const char with_overlap[] = OF("web-2", "\"web-1\"", "86400");
    struct history *h = history_new("web");

    (void)state;
    assert_int_equal(JUDGED(h, NOW, with_overlap), CODE_OK);
    h = read_again(h);
    assert_int_equal(JUDGED(h, NOW + DAY - 1, web_1), CODE_OK); /* what the host met since does not put it off */
    assert_int_equal(JUDGED(h, NOW + DAY, web_1), CODE_REFERENCE_EXPIRED);
    assert_int_equal(JUDGED(h, NOW + DAY, web_1, with_overlap), CODE_REFERENCE_SUPERSEDED);
    h = read_again(h);
    assert_int_equal(JUDGED(h, NOW + 2 * DAY, web_1), CODE_REFERENCE_EXPIRED);
    history_free(h);
    h = history_new("web");
    assert_int_equal(JUDGED(h, NOW, web_2), CODE_OK);
    h = read_again(h);
    assert_int_equal(JUDGED(h, NOW, web_1), CODE_REFERENCE_EXPIRED);
    history_free(h);
}

/* The verifier's clock was far ahead when the host met the new set, and was put right (by enrolling the host again). */
static void overlap_does_not_wait_for_a_clock_that_was_ahead(void **state)
{
    static const char with_overlap[] = OF("web-2", "\"web-1\"", "86400");
    struct history *h = history_new("web");

    (void)state;
    assert_int_equal(JUDGED(h, NOW + 100 * DAY, with_overlap), CODE_OK);
    assert_int_equal(JUDGED(h, NOW, web_1), CODE_OK);
    assert_int_equal(JUDGED(h, NOW, with_overlap), CODE_OK);
    assert_int_equal(JUDGED(h, NOW + DAY - 1, web_1), CODE_OK);
    assert_int_equal(JUDGED(h, NOW + DAY, web_1), CODE_REFERENCE_EXPIRED);
    history_free(h);
}

/* A set whose time is to come is not met, so its overlap has not begun either. */
static void set_to_come_ends_nothing_yet(void **state)
{
    static const char to_come[] =
        SET("\"web-2\"", "\"\"", "\"2026-05-29T20:26:40Z\"", T2, "[\"web-1\"]", "0", "[" WHOLE "]"); /* NOW + DAY */
    struct history *h = history_new("web");

    (void)state;
    assert_int_equal(JUDGED(h, NOW + DAY - 1, to_come, web_1), CODE_REFERENCE_NOT_YET_VALID);
    assert_null(history_set_of(h, "web-2", false));
    assert_int_equal(JUDGED(h, NOW + DAY - 1, web_1, to_come), CODE_OK);
    assert_int_equal(JUDGED(h, NOW + DAY, web_1), CODE_OK); /* taken back before its time */
    assert_int_equal(JUDGED(h, NOW + DAY, web_1, to_come), CODE_REFERENCE_SUPERSEDED);
    assert_int_equal(JUDGED(h, NOW + DAY, web_1), CODE_REFERENCE_EXPIRED);
    history_free(h);
}

/* A chain ends as a whole where each link was met, at whatever time, or named. */
static void superseded_chain_ends_where_it_is_known(void **state)
{
    static const char all[] = OF("web-3", "\"web-2\",\"web-1\"", "0");
    struct history *h = history_new("web");

    (void)state;
    assert_int_equal(JUDGED(h, NOW, web_3), CODE_OK);
    assert_int_equal(JUDGED(h, NOW + 1, web_2), CODE_REFERENCE_EXPIRED); /* shown once, it still says what it replaced */
    assert_int_equal(JUDGED(h, NOW + 2, web_1), CODE_REFERENCE_EXPIRED);
    history_free(h);
    h = history_new("web");
    assert_int_equal(JUDGED(h, NOW, all), CODE_OK);
    assert_int_equal(JUDGED(h, NOW + 1, web_1), CODE_REFERENCE_EXPIRED);
    history_free(h);
    h = history_new("web"); /* nothing ever said so here: as documented */
    assert_int_equal(JUDGED(h, NOW, web_3), CODE_OK);
    assert_int_equal(JUDGED(h, NOW + 1, web_1), CODE_OK);
    history_free(h);
}

/* A set whose end, or that of what it replaces, has no place to be remembered must not count. */
static void memory_without_room_lets_no_set_count(void **state)
{
    struct history *h = history_new("web");
    char id[32];

    (void)state;
    for (int i = 0; i < HISTORY_SET_MAX - 1; i++) {
        snprintf(id, sizeof(id), "a-%d", i);
        assert_non_null(history_set_of(h, id, true));
    }
    assert_int_equal(JUDGED(h, NOW, web_2), CODE_REFERENCE_CONFLICT);
    assert_int_equal(JUDGED(h, NOW, web_3), CODE_REFERENCE_CONFLICT);
    assert_int_equal(JUDGED(h, NOW, web_1), CODE_REFERENCE_CONFLICT);
    h = read_again(h);
    assert_int_equal(h->set_count, HISTORY_SET_MAX);
    history_free(h);
}

/* -- what is written can be read -------------------------------------------------------------------- */
static char *long_text(const char *begin, char c, size_t size)
{
    char *text = malloc(size + 1);

    memset(text, c, size);
    memcpy(text, begin, strlen(begin));
    text[size] = '\0';
    return text;
}

/* All that a host, its TPM and signers have a say in, as long as they can make it. */
static void history_of_any_size_is_read_again(void **state)
{
    char folder[] = "/tmp/bulkhead-history-XXXXXX", path[64], id[REFSET_ID_MAX + 1], name[200];
    char *event = long_text("setenforce mode=permissive ", '"', 4000000), *other = long_text("", '\\', 60000);
    struct evidence none = {.pcr_mask = 0};
    struct verdict v = {.count = 0};
    struct attest_error err = {""};
    struct history *h, *again = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/web.json", folder);
    h = history_new("web");
    for (size_t i = 0; i < HISTORY_SET_MAX; i++) {
        struct history_set *s;

        snprintf(id, sizeof(id), "%064zu", i);
        s = history_set_of(h, id, true);
        s->met = s->ends = NOW;
    }
    for (uint32_t i = 0; i < HISTORY_RECENT; i++) {
        history_add_nonce(h, &(struct bytes){(uint8_t *)&i, sizeof(i)}, NOW);
    }
    h->quote_count = HISTORY_RECENT;
    h->has_clock = true;
    h->clock = (struct clock_info){.clock = 0xffff000000000000u, .reset = UINT32_MAX, .restart = UINT32_MAX};
    verdict_add(&v, CODE_PERMISSIVE, 21, -1, "policy", "enforcing", event);
    verdict_add(&v, CODE_UNEXPECTED, 21, REFERENCE_HYPERVISOR_EVENT, "unlisted-event", "", event);
    for (int i = 0; i < 4000; i++) {
        snprintf(name, sizeof(name), "%d-guest-%0150d", i, i);
        verdict_add(&v, i % 2 == 0 ? CODE_RESTARTED : CODE_DIFFERS, 22, REFERENCE_DOMAIN, name, "", other);
    }
    assert_in_range(strlen(v.finding[1].found), FINDING_TEXT_MAX, FINDING_TEXT_MAX + 32);
    assert_non_null(strstr(v.finding[1].found, "...("));
    assert_in_range(strlen(v.finding[2].component), FINDING_NAME_MAX, FINDING_NAME_MAX + 32);
    for (int64_t t = NOW; t < NOW + 2; t++) {
        assert_int_equal(history_add_verdict(h, &v, &none, t), 0);
        if (history_write(h, folder, &err) != 0 || history_read(&again, folder, "web", &err) != 0) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(again->set_count, HISTORY_SET_MAX);
        assert_int_equal(again->clock.clock, 0xffff000000000000u);
        assert_int_equal(again->clock.reset, UINT32_MAX);
        assert_in_range(strlen(again->codes), HISTORY_CODES_MAX / 2, HISTORY_CODES_MAX);
        assert_non_null(strstr(again->codes, "policy:permissive unlisted-event:unexpected "));
        assert_string_equal(again->codes + strlen(again->codes) - 9, " and:more");
        assert_int_equal(v.finding[1].since, NOW); /* what there is room for is still remembered; what not, is not made up */
        assert_int_equal(v.finding[v.count - 1].since, 0);
        history_free(h);
        h = again;
    }
    verdict_free(&v);
    history_free(h);
    unlink(path);
    rmdir(folder);
    free(event);
    free(other);
}

/* Rather none written than one that nobody can read: what was there before stays. */
static void history_that_could_not_be_read_is_not_written(void **state)
{
    char folder[] = "/tmp/bulkhead-history-XXXXXX", path[64];
    struct attest_error err = {""};
    struct history *h = history_new("web"), *again;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/web.json", folder);
    assert_int_equal(history_write(h, folder, &err), 0);
    free(h->connect);
    h->connect = strdup("unix:/tmp/\xff"); /* no UTF-8, which JSON is */
    assert_int_equal(history_write(h, folder, &err), -EINVAL);
    free(h->connect);
    h->connect = long_text("", 'x', 9 << 20);
    assert_int_equal(history_write(h, folder, &err), -EFBIG);
    assert_int_equal(history_read(&again, folder, "web", &err), 0);
    assert_string_equal(again->connect, "");
    history_free(again);
    history_free(h);
    unlink(path);
    rmdir(folder);
}

/* What the second of two wrote would lack what the first has learnt: an end, a nonce, a clock. */
static void history_has_one_writer_at_a_time(void **state)
{
    char folder[] = "/tmp/bulkhead-history-XXXXXX", path[64];
    struct attest_error err = {""};
    struct history *h = history_new("web"), *first, *second;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(history_write(h, folder, &err), 0);
    assert_int_equal(history_open(&first, folder, "web", &err), 0);
    assert_int_equal(history_open(&second, folder, "web", &err), -EBUSY);
    assert_int_equal(history_lock(h, folder, &err), -EBUSY);
    assert_int_equal(history_read(&second, folder, "web", &err), 0);
    history_free(second);
    history_free(first);
    assert_int_equal(history_open(&second, folder, "web", &err), 0);
    history_free(second);
    history_free(h);
    snprintf(path, sizeof(path), "%s/web.json", folder);
    unlink(path);
    snprintf(path, sizeof(path), "%s/web.lock", folder);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utc_only_its_one_form),
        cmocka_unit_test(refset_mistakes_refused),
        cmocka_unit_test(clock_behind_in_any_way_is_a_reset),
        cmocka_unit_test(nonces_and_quotes_remembered_to_the_last),
        cmocka_unit_test(superseded_ends_for_a_host_that_never_met_it),
        cmocka_unit_test(overlap_does_not_wait_for_a_clock_that_was_ahead),
        cmocka_unit_test(set_to_come_ends_nothing_yet),
        cmocka_unit_test(superseded_chain_ends_where_it_is_known),
        cmocka_unit_test(memory_without_room_lets_no_set_count),
        cmocka_unit_test(history_of_any_size_is_read_again),
        cmocka_unit_test(history_has_one_writer_at_a_time),
        cmocka_unit_test(history_that_could_not_be_read_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
