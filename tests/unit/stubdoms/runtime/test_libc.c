/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's formatted output, number conversion, sorting and heap, compared with the host's where
 * the host has the same, under the host's sanitizers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/mm.h>
#include <runtime/start.h>

/* The host's, before their names are taken. */
static int (*const host_snprintf)(char *, size_t, const char *, ...) = snprintf;
static unsigned long (*const host_strtoul)(const char *, char **, int) = strtoul;
static void (*const host_free)(void *) = free;

#include "renamed.h"

void heap_init(void);
size_t heap_used(void);
void heap_limit(size_t bytes);

/* What heap.c needs of the runtime: pages from the host, counted. */
static size_t pages_out;

void *page_alloc(size_t count)
{
    void *p = aligned_alloc(PAGE_SIZE, count * PAGE_SIZE);

    assert_non_null(p);
    memset(p, 0, count * PAGE_SIZE);
    pages_out += count;
    return p;
}

void page_free(void *page, size_t count)
{
    host_free(page);
    pages_out -= count;
}

size_t page_ram_count(void)
{
    return 4096;
}

void rt_panic(const char *format, ...)
{
    (void)format;
    mock_assert(0, "rt_panic", __FILE__, __LINE__);
    abort();
}

#define SAME(...) \
    do { \
        char ours[64], theirs[64]; \
        int n = rt_snprintf(ours, sizeof(ours), __VA_ARGS__); \
        int m = host_snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
        assert_string_equal(ours, theirs); \
        assert_int_equal(n, m); \
    } while (0)

static void snprintf_formats_as_the_host_does(void **state)
{
    static const int widths[] = { 0, 1, 5, 12, -7 };

    (void)state;
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        int w = widths[i];

        SAME("%*d|%*u|%*x", w, -123, w, 4000000000u, w, 0xabcdu);
        SAME("%-*d|%0*d|%+*d|% *d", w, 5, w < 0 ? 3 : w, -6, w, 7, w, 8);
        SAME("%*.3d|%.*d|%.0d", w, 4, 6, -77, 0);
        SAME("%*s|%.*s|%-*s", w, "abc", 2, "xyz", w, "q");
        SAME("%#*x|%#o|%#x", w, 255u, 8u, 0u);
    }
    SAME("%ld %lu %lx", INT64_MIN, UINT64_MAX, UINT64_MAX);
    SAME("%hd %hhd %hu %hhx", (short)-2, (signed char)-3, (unsigned short)65535, (unsigned char)254);
    SAME("%zu %td %c%c %%", (size_t)77, (ptrdiff_t)-3, 'a', 'b');
    SAME("%p", (void *)(uintptr_t)0x1234);
}

static void snprintf_cuts_and_tells_the_length(void **state)
{
    char text[5] = "xxxx";

    (void)state;
    assert_int_equal(rt_snprintf(text, 4, "%d", 123456), 6);
    assert_string_equal(text, "123");
    assert_int_equal(rt_snprintf(NULL, 0, "%s", "seven77"), 7);
    assert_int_equal(rt_snprintf(text, 1, "abc"), 3);
    assert_string_equal(text, "");
}

static void strtoul_reads_as_the_host_does(void **state)
{
    static const char *const texts[] = { "0", "12", "  42x", "+7", "-1", "0x1f", "0x", "0xg", "077",
                                         "089", "z", "", "18446744073709551615",
                                         "18446744073709551616", "99999999999999999999999" };
    static const int bases[] = { 0, 10, 16, 8 };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]); b++) {
            char *ours, *theirs;

            assert_true(rt_strtoul(texts[i], &ours, bases[b]) ==
                        host_strtoul(texts[i], &theirs, bases[b]));
            assert_ptr_equal(ours, theirs);
        }
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void qsort_orders_any_count(void **state)
{
    uint32_t numbers[257], seed = 7;

    (void)state;
    for (size_t count = 0; count <= 257; count++) {
        uint64_t sum = 0, after = 0;

        for (size_t i = 0; i < count; i++) {
            seed = seed * 1664525u + 1013904223u;
            numbers[i] = seed >> (count % 30);
            sum += numbers[i];
        }
        rt_qsort(numbers, count, sizeof(numbers[0]), compare);
        for (size_t i = 0; i < count; i++) {
            after += numbers[i];
            assert_true(i == 0 || numbers[i - 1] <= numbers[i]);
        }
        assert_true(sum == after);
    }
}

static void heap_blocks_do_not_overlap(void **state)
{
    static unsigned char *blocks[400];
    static size_t sizes[400];
    uint32_t seed = 3;

    (void)state;
    heap_init();
    for (unsigned int round = 0; round < 20000; round++) {
        size_t i;

        seed = seed * 1664525u + 1013904223u;
        i = (seed >> 8) % 400;
        if (blocks[i] != NULL) {
            for (size_t k = 0; k < sizes[i]; k += 37) {
                assert_int_equal(blocks[i][k], i & 0xff);
            }
        }
        if ((seed >> 30) == 0) {
            rt_free(blocks[i]);
            blocks[i] = NULL;
        } else {
            size_t size = 1 + (seed >> 12) % ((seed & 31) == 0 ? 20000 : 600);
            unsigned char *p = rt_realloc(blocks[i], size);

            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            memset(p, (int)(i & 0xff), size);
            blocks[i] = p;
            sizes[i] = size;
        }
    }
    for (size_t i = 0; i < 400; i++) {
        rt_free(blocks[i]);
    }
    assert_int_equal(heap_used(), 0);
}

static void heap_refuses_what_is_too_much(void **state)
{
    void *p;

    (void)state;
    heap_init();
    assert_null(rt_malloc(SIZE_MAX));
    assert_null(rt_malloc(SIZE_MAX - 20));
    assert_null(rt_calloc(SIZE_MAX / 2, 3));
    assert_null(rt_malloc((size_t)1 << 30));
    heap_limit(0);
    assert_null(rt_malloc(100000));
    heap_limit((size_t)64 << 20);
    p = rt_calloc(1000, 100);
    assert_non_null(p);
    rt_free(p);
}

static void heap_notices_a_second_free(void **state)
{
    void *p;

    (void)state;
    heap_init();
    p = rt_malloc(40);
    rt_free(p);
    expect_assert_failure(rt_free(p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snprintf_formats_as_the_host_does),
        cmocka_unit_test(snprintf_cuts_and_tells_the_length),
        cmocka_unit_test(strtoul_reads_as_the_host_does),
        cmocka_unit_test(qsort_orders_any_count),
        cmocka_unit_test(heap_blocks_do_not_overlap),
        cmocka_unit_test(heap_refuses_what_is_too_much),
        cmocka_unit_test(heap_notices_a_second_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
