/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buddy allocator and heap against a model: no two owners of a frame, alignment, nothing lost,
 * everything zero.
 */
#include "fake_mem.h"

#include "../../../xen/common/mem/buddy.h"

static uint8_t owner[FAKE_FRAMES]; /* the model: who has the frame, 0 free */

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void mem_add_range_all_frames_are_free_but_zero(void **state)
{
    (void)state;
    assert_int_equal(mem_free_pages(), FAKE_FRAMES - 1);
    assert_int_equal(mem_total_pages(), FAKE_FRAMES - 1);
}

static void pages_alloc_random_sequence_matches_model(void **state)
{
    static struct {
        char *p;
        unsigned order;
    } blocks[200];
    uint64_t free_before = mem_free_pages(), held = 0;
    uint32_t seed = 42;

    (void)state;
    memset(owner, 0, sizeof(owner));
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = random_next(&seed) % ARRAY_SIZE(blocks);
        uint64_t first, count;

        if (!blocks[i].p) {
            unsigned order = random_next(&seed) % 8;

            blocks[i].p = pages_alloc(order);
            blocks[i].order = order;
            if (!blocks[i].p) {
                continue;
            }
            first = virt_to_maddr(blocks[i].p) >> PAGE_SHIFT;
            count = 1ull << order;
            assert_true(first > 0 && first + count <= FAKE_FRAMES);
            assert_int_equal(first & (count - 1), 0);
            for (uint64_t f = first; f < first + count; f++) {
                assert_int_equal(owner[f], 0);
                owner[f] = 1;
                assert_int_equal(frame_table[f].state, PAGE_HYPERVISOR);
                assert_int_equal(((uint64_t *)mfn_to_virt(_mfn(f)))[f % 512], 0);
                ((uint64_t *)mfn_to_virt(_mfn(f)))[f % 512] = ~0ull;
            }
            held += count;
        } else {
            first = virt_to_maddr(blocks[i].p) >> PAGE_SHIFT;
            count = 1ull << blocks[i].order;
            memset(&owner[first], 0, count);
            pages_free(blocks[i].p, blocks[i].order);
            blocks[i].p = NULL;
            held -= count;
        }
        assert_int_equal(mem_free_pages(), free_before - held);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(blocks); i++) {
        if (blocks[i].p) {
            pages_free(blocks[i].p, blocks[i].order);
        }
    }
    assert_int_equal(mem_free_pages(), free_before);
}

static void pages_alloc_after_all_is_freed_largest_block_is_back(void **state)
{
    void *p;

    (void)state;
    /* 8192 frames without frame 0 hold one block of 4096. */
    p = pages_alloc(12);
    assert_non_null(p);
    assert_null(pages_alloc(12));
    pages_free(p, 12);
    assert_null(pages_alloc(MAX_ORDER + 1));
}

static void pages_alloc_exhausted_returns_null_and_recovers(void **state)
{
    static void *all[FAKE_FRAMES];
    uint64_t before = mem_free_pages();
    unsigned n = 0;

    (void)state;
    while ((all[n] = pages_alloc(0))) {
        n++;
    }
    assert_int_equal(n, before);
    assert_int_equal(mem_free_pages(), 0);
    assert_null(xzalloc_bytes(100000));
    while (n--) {
        pages_free(all[n], 0);
    }
    assert_int_equal(mem_free_pages(), before);
}

static void xzalloc_random_objects_are_zero_and_apart(void **state)
{
    static struct {
        uint8_t *p;
        size_t size;
        uint8_t mark;
    } obj[400];
    uint32_t seed = 7;

    (void)state;
    for (unsigned step = 0; step < 30000; step++) {
        unsigned i = random_next(&seed) % ARRAY_SIZE(obj);

        if (!obj[i].p) {
            obj[i].size = random_next(&seed) % (step % 50 ? 2100 : 65537);
            obj[i].p = xzalloc_bytes(obj[i].size);
            obj[i].mark = (uint8_t)(step | 1);
            assert_non_null(obj[i].p);
            for (size_t k = 0; k < obj[i].size; k++) {
                assert_int_equal(obj[i].p[k], 0);
            }
            memset(obj[i].p, obj[i].mark, obj[i].size);
        } else {
            for (size_t k = 0; k < obj[i].size; k++) {
                assert_int_equal(obj[i].p[k], obj[i].mark);
            }
            xfree(obj[i].p);
            obj[i].p = NULL;
        }
    }
    for (unsigned i = 0; i < ARRAY_SIZE(obj); i++) {
        xfree(obj[i].p);
    }
}

static void xzalloc_too_large_or_overflowing_returns_null(void **state)
{
    (void)state;
    assert_null(xzalloc_bytes(65537));
    assert_null(xzalloc_array_bytes(1ull << 33, 1ull << 33));
    assert_null(xzalloc_array_bytes(16, 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mem_add_range_all_frames_are_free_but_zero),
        cmocka_unit_test(pages_alloc_random_sequence_matches_model),
        cmocka_unit_test(pages_alloc_after_all_is_freed_largest_block_is_back),
        cmocka_unit_test(pages_alloc_exhausted_returns_null_and_recovers),
        cmocka_unit_test(xzalloc_random_objects_are_zero_and_apart),
        cmocka_unit_test(xzalloc_too_large_or_overflowing_returns_null),
    };

    return cmocka_run_group_tests(tests, fake_setup, NULL);
}
