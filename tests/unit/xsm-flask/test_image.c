/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Broken policy images: whatever the bytes, a load ends in a policy that can be asked or in a refusal that
 * says where; nothing leaks, nothing reads past the end (the image sits at the end of its allocation),
 * memory stays in proportion, and the policy in force goes on answering.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <flask/services.h>
#include <xen/lib.h>

#include "../../../xsm-flask/host/env.h"

#define ROUNDS 6000

static uint64_t seed = 0x243f6a8885a308d3ULL;

static uint32_t rnd(uint32_t n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(seed >> 33) % n;
}

static const char *const images[] = {
    "g1-24.bin", "g2-30.bin", "g3-mls-24.bin", "g4-mls-30.bin", "@legacy.bin",
};

static int start(void **state)
{
    (void)state;
    engine_start("@first-light.bin");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    host_env_fail_after = -1;
    engine_stop();
    return 0;
}

/* The policy loaded by start() is in force and answers. */
static void assert_still_there(void)
{
    assert_int_equal(xsm_check_noaudit(sid_of("system_u:system_r:stordd_t"),
                                       sid_of("system_u:system_r:guest_t"), SECCLASS_GRANT_OP,
                                       GRANT_OP__MAP_READ), 0);
    assert_int_equal(xsm_check_noaudit(sid_of("system_u:system_r:guest_t"),
                                       sid_of("system_u:system_r:stordd_t"), SECCLASS_GRANT_OP,
                                       GRANT_OP__MAP_READ), -EACCES);
}

/* A mutant that was taken: ask it everything that walks its tables. */
static void ask_around(void)
{
    char text[4096];
    xsm_sid_t sid;
    struct xsm_av av;
    uint32_t s, t, i;
    uint16_t c;

    for (s = 1; s <= XSM_SID_INITIAL_COUNT; s += 3) {
        (void)xsm_sid_to_context(s, text, sizeof(text), NULL);
        for (t = 1; t <= XSM_SID_INITIAL_COUNT; t += 2) {
            for (c = 1; c <= SECCLASS_COUNT; c++) {
                (void)xsm_compute_av(s, t, c, &av);
                (void)xsm_transition_sid(s, t, c, &sid);
                (void)xsm_validate_transition(s, t, s, c);
            }
        }
    }
    for (i = 0; i < 4; i++) {
        (void)xsm_boolean_set(i, rnd(2) != 0);
    }
    (void)xsm_boolean_commit();
    (void)xsm_ioport_sid(0x60, &sid);
    (void)xsm_iomem_sid(0xfebe0, &sid);
    (void)xsm_pirq_sid(33, &sid);
    (void)xsm_device_sid(0xc800, &sid);
}

/* Load bytes over the policy in force, then come back to it. @return whether they were taken */
static bool try_load(const struct image *good, const uint8_t *data, size_t size)
{
    struct xsm_error err = { 0 };
    size_t before = host_env_bytes;
    int rc = xsm_policy_load(data, size, &err);

    /* Arena, SID conversion and the odd context. */
    assert_true(host_env_bytes - before <= (2U << 20) + 17 * size);
    if (rc == 0) {
        ask_around();
        assert_int_equal(xsm_policy_load(good->data, good->size, NULL), 0);
        return true;
    }
    assert_true(rc == -EINVAL || rc == -E2BIG);
    assert_non_null(err.section);
    assert_non_null(err.expected);
    assert_true(err.offset <= size);
    return false;
}

static void load_every_truncation_refused(void **state)
{
    struct image good = image_read("@first-light.bin");
    struct image whole;
    uint8_t *cut;
    size_t i, n, step;

    (void)state;
    for (i = 0; i < ARRAY_SIZE(images); i++) {
        whole = image_read(images[i]);
        /* Every length near the ends of the image, a part of those between. */
        for (n = 0; n < whole.size; n += step) {
            step = n < 400 || n + 200 > whole.size ? 1 : 7;
            cut = malloc(n != 0 ? n : 1);
            assert_non_null(cut);
            memcpy(cut, whole.data, n);
            assert_false(try_load(&good, cut, n));
            free(cut);
        }
        image_free(&whole);
    }
    assert_still_there();
    image_free(&good);
}

static void load_trailing_byte_refused(void **state)
{
    struct image whole = image_read("@legacy.bin");
    struct xsm_error err = { 0 };
    uint8_t *longer = malloc(whole.size + 1);

    (void)state;
    assert_non_null(longer);
    memcpy(longer, whole.data, whole.size);
    longer[whole.size] = 0;
    assert_int_equal(xsm_policy_load(longer, whole.size + 1, &err), -EINVAL);
    assert_string_equal(err.section, "end");
    assert_int_equal(err.offset, whole.size);
    free(longer);
    image_free(&whole);
}

static void load_mutants_answered_or_refused(void **state)
{
    static const uint32_t tempting[] = { 0, 1, 0xffffffff, 0x7fffffff, 0x80000000, 0x10000, 64, 255 };
    struct image good = image_read("@first-light.bin");
    unsigned int taken = 0, refused = 0, i, m;

    (void)state;
    for (i = 0; i < ROUNDS; i++) {
        struct image im = image_read(images[i % ARRAY_SIZE(images)]);
        unsigned int edits = 1 + rnd(3);

        for (m = 0; m < edits; m++) {
            /* The header is simple; what counts comes behind it. */
            size_t at = rnd(8) == 0 ? rnd(64) : rnd((uint32_t)im.size - 4);

            switch (rnd(4)) {
            case 0:
                im.data[at] ^= (uint8_t)(1U << rnd(8));
                break;
            case 1:
                im.data[at] = (uint8_t)rnd(256);
                break;
            case 2:
                memcpy(im.data + at, &tempting[rnd(ARRAY_SIZE(tempting))], 4);
                break;
            default:
                memmove(im.data + at, im.data + rnd((uint32_t)im.size - 4), 4);
                break;
            }
        }
        if (try_load(&good, im.data, im.size)) {
            taken++;
        } else {
            refused++;
        }
        image_free(&im);
    }
    print_message("%u mutants taken, %u refused\n", taken, refused);
    assert_true(taken > ROUNDS / 50 && refused > ROUNDS / 10);
    assert_still_there();
    image_free(&good);
}

static void load_out_of_memory_anywhere_enomem(void **state)
{
    struct image im = image_read("g4-mls-30.bin");
    long n, live = host_env_live;
    int rc = -ENOMEM;

    (void)state;
    for (n = 0; rc == -ENOMEM; n++) {
        host_env_fail_after = n;
        rc = xsm_policy_load(im.data, im.size, NULL);
        host_env_fail_after = -1;
        if (rc != 0) {
            assert_int_equal(rc, -ENOMEM);
            assert_int_equal(host_env_live, live);
            assert_still_there();
            live = host_env_live;
        }
    }
    assert_int_equal(rc, 0);
    assert_true(n > 5);
    image_free(&im);
}

/* Where a known field lies in @legacy.bin's header, and what is said when it is wrong. */
static void load_wrong_header_names_the_field(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
        const char *section;
        size_t offset;
    } rows[] = {
        { 0, 0xf97cff8d, "header", 0 },      /* magic: a module */
        { 4, 9, "header", 4 },               /* length of the name */
        { 8, 0x4c655358, "header", 4 },      /* "XSeLinux" is no policy for Xen */
        { 16, 23, "header", 16 },            /* version below 24 */
        { 16, 31, "header", 16 },            /* version above 30 */
        { 20, 8, "header", 20 },             /* unknown configuration bit */
        { 20, 6, "header", 20 },             /* reject and allow unknown */
        { 24, 7, "header", 24 },             /* symbol tables */
        { 28, 5, "header", 28 },             /* resources of version 24 */
        { 32, 32, "capabilities", 32 },      /* width of bitmap words */
        { 44, 32, "permissive types", 44 },  /* width of bitmap words */
        { 56, 0xffffffff, "commons", 56 },
        { 64, 0x10000, "classes", 64 },
        { 68, 0xffffffff, "classes", 68 },
    };
    struct xsm_error err;
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        struct image im = image_read("@legacy.bin");

        memcpy(im.data + rows[i].at, &rows[i].value, 4);
        err = (struct xsm_error){ 0 };
        assert_int_equal(xsm_policy_load(im.data, im.size, &err), -EINVAL);
        if (strcmp(err.section, rows[i].section) != 0 || err.offset != rows[i].offset) {
            fail_msg("row %zu: section %s offset %zu expected %s", i, err.section, err.offset,
                     err.expected);
        }
        image_free(&im);
    }
}

static void load_too_big_e2big(void **state)
{
    static const uint8_t byte;

    (void)state;
    assert_int_equal(xsm_policy_load(&byte, XSM_POLICY_SIZE_MAX + 1, NULL), -E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(load_every_truncation_refused, start, stop),
        cmocka_unit_test_setup_teardown(load_trailing_byte_refused, start, stop),
        cmocka_unit_test_setup_teardown(load_mutants_answered_or_refused, start, stop),
        cmocka_unit_test_setup_teardown(load_out_of_memory_anywhere_enomem, start, stop),
        cmocka_unit_test_setup_teardown(load_wrong_header_names_the_field, start, stop),
        cmocka_unit_test_setup_teardown(load_too_big_e2big, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
