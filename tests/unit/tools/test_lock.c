/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include "../../../tools/bh/build/lock.h"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static bool parse(struct lock *lock, const char *text, struct diag *diag)
{
    return lock_parse(lock, "l", (const uint8_t *)text, strlen(text), diag);
}

static void lock_text_is_what_is_read(void **state)
{
    struct diag diag = { 0 };
    struct buf one = { 0 }, two = { 0 };
    struct lock lock;

    (void)state;
    assert_true(parse(&lock, "zlib1g 1:1.2.13.dfsg-1 " SHA_B "  # why\n\nlibc6 2.36-9+deb12u13 " SHA_A, &diag));
    assert_int_equal(lock.count, 2);
    assert_string_equal(lock_find(&lock, "libc6")->version, "2.36-9+deb12u13");
    assert_null(lock_find(&lock, "libc"));
    lock_set(&lock, "libc6", "3", SHA_B);
    lock_set(&lock, "m4", "1", SHA_A);
    lock_text(&lock, &one);
    assert_non_null(strstr(one.data, "\nlibc6 3 " SHA_B "\nm4 1 " SHA_A "\nzlib1g 1:1.2.13.dfsg-1 "
                                     SHA_B "\n"));
    lock_free(&lock);
    assert_true(parse(&lock, one.data, &diag));
    lock_text(&lock, &two);
    assert_string_equal(one.data, two.data);
    lock_remove(&lock, "m4");
    assert_int_equal(lock.count, 2);
    lock_free(&lock);
    buf_free(&one);
    buf_free(&two);
}

static void lock_mistake_is_named(void **state)
{
    static const char *const cases[][2] = {
        { "libc6 2.36\n", "l:1: libc6: not a pinned package; write NAME VERSION SHA256" },
        { "libc6 2.36 " SHA_A " x\n", "l:1: libc6: not a pinned package" },
        { "libc6 2.36 " SHA_A "a\n", "l:1: libc6: not a pinned package" },
        { "#\nlibc6 2.36 A" SHA_A "\n", "l:2: libc6: not a pinned package" },
        { "../x 2.36 " SHA_A "\n", "l:1: ../x: not a pinned package" },
        { "-x 2.36 " SHA_A "\n", "l:1: -x: not a pinned package" },
        { "x -o=1 " SHA_A "\n", "l:1: x: not a pinned package" },
        { "x 1 " SHA_A "\nx 2 " SHA_B "\n", "l:2: x: pinned already" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct diag diag = { 0 };
        struct lock lock;

        assert_false(parse(&lock, cases[i][0], &diag));
        if (strstr(diag.text.data, cases[i][1]) != diag.text.data) {
            fail_msg("case %zu: %s", i, diag.text.data);
        }
        diag_free(&diag);
        lock_free(&lock);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_text_is_what_is_read),
        cmocka_unit_test(lock_mistake_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
