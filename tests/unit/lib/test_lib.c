/* SPDX-License-Identifier: Apache-2.0 */
/* xen/lib against the C library: every size, alignment and overlap up to a few words; formats; numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <xen/errno.h>

#include "renamed.h"

static void fill(uint8_t *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)(i * 7 + seed);
    }
}

static void memmove_all_overlaps_as_libc(void **state)
{
    uint8_t x[128], y[128];

    (void)state;
    for (size_t n = 0; n <= 40; n++) {
        for (size_t s = 0; s < 40; s++) {
            for (size_t d = 0; d < 40; d++) {
                fill(x, sizeof(x), 3);
                fill(y, sizeof(y), 3);
                hv_memmove(x + d, x + s, n);
                memmove(y + d, y + s, n);
                assert_memory_equal(x, y, sizeof(x));
            }
        }
    }
}

static void memcpy_memset_all_sizes_as_libc(void **state)
{
    uint8_t src[80], x[96], y[96];

    (void)state;
    fill(src, sizeof(src), 9);
    for (size_t n = 0; n <= 64; n++) {
        for (size_t o = 0; o < 9; o++) {
            fill(x, sizeof(x), 1);
            fill(y, sizeof(y), 1);
            hv_memcpy(x + o, src + (o * 3) % 8, n);
            memcpy(y + o, src + (o * 3) % 8, n);
            assert_memory_equal(x, y, sizeof(x));
            hv_memset(x + o, (int)(0x1a0 + n), n);
            memset(y + o, (int)(0x1a0 + n), n);
            assert_memory_equal(x, y, sizeof(x));
        }
    }
}

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static void compare_and_search_as_libc(void **state)
{
    uint8_t x[40], y[40];
    static const char *const words[] = { "", "a", "ab", "abc", "abd", "b", "\xff", "abcabcabcabc" };

    (void)state;
    fill(x, sizeof(x), 0);
    for (size_t i = 0; i < sizeof(x); i++) {
        memcpy(y, x, sizeof(x));
        y[i] ^= 0x80;
        for (size_t n = 0; n <= sizeof(x); n++) {
            assert_int_equal(sign(hv_memcmp(x, y, n)), sign(memcmp(x, y, n)));
        }
        assert_ptr_equal(hv_memchr(x, x[i], sizeof(x)), memchr(x, x[i], sizeof(x)));
    }
    assert_null(hv_memchr(x, 0x55, 3));
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        assert_int_equal(hv_strlen(words[i]), strlen(words[i]));
        assert_int_equal(hv_strnlen(words[i], 2), strnlen(words[i], 2));
        assert_ptr_equal(hv_strchr(words[i], 'b'), strchr(words[i], 'b'));
        assert_ptr_equal(hv_strchr(words[i], 0), strchr(words[i], 0));
        for (size_t j = 0; j < ARRAY_SIZE(words); j++) {
            assert_int_equal(sign(hv_strcmp(words[i], words[j])), sign(strcmp(words[i], words[j])));
            assert_int_equal(sign(hv_strncmp(words[i], words[j], 2)),
                             sign(strncmp(words[i], words[j], 2)));
        }
    }
}

#define SAME(...)                                                                                  \
    do {                                                                                           \
        char x_[80], y_[80];                                                                       \
        assert_int_equal(hv_snprintf(x_, sizeof(x_), __VA_ARGS__),                                 \
                         snprintf(y_, sizeof(y_), __VA_ARGS__));                                   \
        assert_string_equal(x_, y_);                                                               \
    } while (0)

static void snprintf_formats_as_libc(void **state)
{
    (void)state;
    SAME("%d %i %u", 0, -5, 7u);
    SAME("%d %ld %lld", INT32_MIN, INT64_MIN, 9223372036854775807ll);
    SAME("%lu %zu %x %X", ~0ul, (size_t)9, 0xdeadbeefu, 0xcafeu);
    SAME("%#x %#lx %#x|%p", 0x12u, 0xfffful, 0u, (void *)0x1234);
    SAME("[%5d][%-5d][%05d][%+d][% d]", 42, 42, -42, 42, 42);
    SAME("[%8x][%-8x][%08x][%#010x]", 0xabu, 0xabu, 0xabu, 0xabu);
    SAME("[%.3d][%8.3d][%-8.3d][%.0d]", 7, 7, -7, 0);
    SAME("[%s][%10s][%-10s][%.2s][%10.2s]", "abc", "abc", "abc", "abc", "abc");
    SAME("%c%c %%", 'x', 'y');
    SAME("%hhd %hd %hhu %hu", -1, -1, 300, 70000);
    SAME("[%*d][%-*d][%.*s]", 6, 5, 6, 5, 2, "abcdef");
    SAME("%016lx:%02x.%u", 0x1234567890abcdeful, 3u, 1u);
}

static void snprintf_short_buffer_terminates(void **state)
{
    char buf[8];

    (void)state;
    memset(buf, 'z', sizeof(buf));
    assert_int_equal(hv_snprintf(buf, 5, "%s", "abcdefgh"), 8);
    assert_string_equal(buf, "abcd");
    assert_int_equal(buf[5], 'z');
    assert_int_equal(hv_snprintf(buf, 1, "%d", 12345), 5);
    assert_string_equal(buf, "");
    assert_int_equal(hv_snprintf(NULL, 0, "%d", 12345), 5);
}

static void parse_u64_takes_numbers_only(void **state)
{
    const char *end;
    uint64_t v = 1;

    (void)state;
    assert_int_equal(parse_u64("123k", &end, &v), 0);
    assert_int_equal(v, 123);
    assert_int_equal(*end, 'k');
    assert_int_equal(parse_u64("0xFFFFffffFFFFffff", &end, &v), 0);
    assert_true(v == UINT64_MAX);
    assert_int_equal(parse_u64("18446744073709551615", NULL, &v), 0);
    assert_true(v == UINT64_MAX);
    assert_int_equal(parse_u64("18446744073709551616", &end, &v), -EINVAL);
    assert_int_equal(parse_u64("0x10000000000000000", &end, &v), -EINVAL);
    assert_int_equal(parse_u64("", &end, &v), -EINVAL);
    assert_int_equal(parse_u64("0x", &end, &v), -EINVAL);
    assert_int_equal(parse_u64("-1", &end, &v), -EINVAL);
    assert_int_equal(parse_u64(" 1", &end, &v), -EINVAL);
    assert_int_equal(parse_u64("ff", &end, &v), -EINVAL);
}

void panic(const char *fmt, ...)
{
    (void)fmt;
    abort();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memmove_all_overlaps_as_libc),
        cmocka_unit_test(memcpy_memset_all_sizes_as_libc),
        cmocka_unit_test(compare_and_search_as_libc),
        cmocka_unit_test(snprintf_formats_as_libc),
        cmocka_unit_test(snprintf_short_buffer_terminates),
        cmocka_unit_test(parse_u64_takes_numbers_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
