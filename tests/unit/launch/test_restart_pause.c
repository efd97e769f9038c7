/* SPDX-License-Identifier: Apache-2.0 */
/* Pauses before a domain comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../xen/launch/restart.h"

#define MS NS_PER_MS

static void restart_pause_doubles_up_to_its_limit(void **state)
{
    static const unsigned ms[] = { 0, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 16000, 16000 };
    struct restart_state s = { 0 };
    uint64_t now = 1000 * NS_PER_S;

    (void)state;
    for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++) {
        restart_begun(&s, now);
        now += NS_PER_S;
        assert_int_equal(restart_pause(&s, now, false), ms[i] * MS);
    }
    for (unsigned i = 0; i < 1000; i++) {
        restart_begun(&s, now);
        assert_int_equal(restart_pause(&s, now, false), RESTART_PAUSE_MAX_NS);
    }
}

static void restart_pause_after_a_good_life_begins_anew(void **state)
{
    struct restart_state s = { 0 };
    uint64_t now = 0;

    (void)state;
    restart_begun(&s, now);
    assert_int_equal(restart_pause(&s, now + 1, false), 0);
    restart_begun(&s, now);
    now += RESTART_GOOD_NS - 1;
    assert_int_equal(restart_pause(&s, now, false), 50 * MS);
    restart_begun(&s, now);
    now += RESTART_GOOD_NS;
    assert_int_equal(restart_pause(&s, now, false), 0);
    restart_begun(&s, now);
    assert_int_equal(restart_pause(&s, now, false), 50 * MS);
}

static void restart_pause_after_a_reboot_is_short_and_not_counted(void **state)
{
    struct restart_state s = { 0 };

    (void)state;
    restart_begun(&s, 0);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(restart_pause(&s, RESTART_SHORT_NS - 1, true), 50 * MS);
    }
    assert_int_equal(restart_pause(&s, RESTART_SHORT_NS, true), 0);
    assert_int_equal(restart_pause(&s, RESTART_SHORT_NS, false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restart_pause_doubles_up_to_its_limit),
        cmocka_unit_test(restart_pause_after_a_good_life_begins_anew),
        cmocka_unit_test(restart_pause_after_a_reboot_is_short_and_not_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
