/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of domains: references, account, change of hands, scrubbing, and who outlives whom. */
#include "fake_mem.h"

#define REF_MAX 0x7fffffffu

static void page_alloc_within_limit_is_zero_and_accounted(void **state)
{
    struct domain *d = fake_domain(1, 8);
    struct page_info *pg = page_alloc(d, 3);

    (void)state;
    assert_non_null(pg);
    assert_int_equal(d->tot_pages, 8);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(pg[i].refcount, 1);
        assert_ptr_equal(pg[i].owner, d);
        for (unsigned k = 0; k < 512; k++) {
            assert_int_equal(((uint64_t *)page_to_virt(&pg[i]))[k], 0);
        }
    }
    assert_null(page_alloc(d, 0)); /* the limit */
    for (unsigned i = 0; i < 8; i++) {
        page_put(&pg[i]);
    }
    assert_int_equal(d->tot_pages, 0);
    assert_int_equal(d->page_list, 0);
    fake_domain_kill(d);
    assert_int_equal(fake_domains_alive, 0);
}

static void page_put_block_gives_up_what_nobody_else_has(void **state)
{
    struct domain *d = fake_domain(1, 8);

    (void)state;
    for (unsigned held = 0; held <= 4; held++) { /* 4: none */
        uint64_t before = mem_free_pages();
        struct page_info *pg = page_alloc(d, 2);

        assert_non_null(pg);
        memset(page_to_virt(pg), 0x55, 4096);
        if (held < 4) {
            assert_true(page_get(&pg[held], d));
        }
        page_put_block(pg, 2);
        assert_int_equal(d->tot_pages, held < 4);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(pg[i].refcount, i == held);
        }
        if (held < 4) {
            assert_ptr_equal(pg[held].owner, d);
            page_put(&pg[held]);
        }
        assert_int_equal(d->tot_pages, 0);
        assert_int_equal(d->page_list, 0);
        assert_int_equal(mem_free_pages(), before);
        assert_int_equal(*(uint64_t *)page_to_virt(pg), 0);
    }
    fake_domain_kill(d);
    assert_int_equal(fake_domains_alive, 0);
}

static void page_alloc_for_dying_domain_is_refused(void **state)
{
    struct domain *d = fake_domain(1, 8);

    (void)state;
    d->state = DOMAIN_DYING;
    assert_null(page_alloc(d, 0));
    d->state = DOMAIN_RUNNING;
    assert_int_equal(mem_domain_release(d), 0);
    assert_null(page_alloc(d, 0)); /* the account is closed for good */
    fake_domain_kill(d);
}

static void page_get_counts_and_checks_owner(void **state)
{
    struct domain *a = fake_domain(1, 8), *b = fake_domain(2, 8);
    struct page_info *pg = page_alloc(a, 0);
    void *own = pages_alloc(0);

    (void)state;
    assert_true(page_get(pg, a));
    assert_int_equal(pg->refcount, 2);
    assert_false(page_get(pg, b));
    assert_int_equal(pg->refcount, 2);
    page_put(pg);
    assert_int_equal(a->tot_pages, 1);
    page_put(pg);
    assert_int_equal(a->tot_pages, 0);
    assert_false(page_get(pg, a)); /* free now */
    assert_false(page_get_more(pg));
    assert_false(page_get(mfn_to_page(_mfn(virt_to_maddr(own) >> PAGE_SHIFT)), a));
    pages_free(own, 0);
    fake_domain_kill(a);
    fake_domain_kill(b);
    assert_int_equal(fake_domains_alive, 0);
}

static void page_get_full_count_is_refused(void **state)
{
    struct domain *d = fake_domain(1, 8);
    struct page_info *pg = page_alloc(d, 0);

    (void)state;
    pg->refcount = REF_MAX - 1;
    assert_true(page_get(pg, d));
    assert_false(page_get(pg, d));
    assert_false(page_get_more(pg));
    assert_int_equal(pg->refcount, REF_MAX);
    pg->refcount = 1;
    page_put(pg);
    fake_domain_kill(d);
}

static void page_put_last_scrubs_before_reuse(void **state)
{
    struct domain *d = fake_domain(1, 8);
    struct page_info *pg = page_alloc(d, 0);
    uint64_t *p = page_to_virt(pg);

    (void)state;
    for (unsigned k = 0; k < 512; k++) {
        p[k] = 0x5ec7e7;
    }
    page_put(pg);
    for (unsigned k = 0; k < 512; k++) {
        assert_int_equal(p[k], 0);
    }
    fake_domain_kill(d);
}

static void page_owner_outlives_its_last_page(void **state)
{
    struct domain *d = fake_domain(1, 8);
    struct page_info *pg = page_alloc(d, 0);

    (void)state;
    fake_domain_kill(d);
    assert_int_equal(fake_domains_alive, 1); /* somebody still holds a page of it */
    assert_ptr_equal(pg->owner, d);
    page_put(pg);
    assert_int_equal(fake_domains_alive, 0);
}

static void page_change_owner_moves_account_or_refuses(void **state)
{
    struct domain *a = fake_domain(1, 8), *b = fake_domain(2, 1);
    struct page_info *one = page_alloc(a, 0), *two = page_alloc(a, 0);

    (void)state;
    assert_true(page_get(one, a));
    assert_int_equal(page_change_owner(one, a, b), -EBUSY);
    assert_int_equal(a->tot_pages, 2);
    assert_int_equal(b->tot_pages, 0);
    page_put(one);
    assert_int_equal(page_change_owner(one, b, b), -EBUSY); /* not b's */
    assert_int_equal(page_change_owner(one, a, b), 0);
    assert_ptr_equal(one->owner, b);
    assert_int_equal(one->refcount, 1);
    assert_int_equal(a->tot_pages, 1);
    assert_int_equal(b->tot_pages, 1);
    assert_int_equal(page_change_owner(two, a, b), -ENOMEM);
    page_put(two);
    page_put(one);
    fake_domain_kill(a);
    fake_domain_kill(b);
    assert_int_equal(fake_domains_alive, 0);
}

static void page_list_survives_release_in_any_order(void **state)
{
    struct domain *d = fake_domain(1, 64);
    struct page_info *pg[64];
    unsigned n = 0;

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        pg[i] = page_alloc(d, 0);
    }
    for (unsigned i = 0; i < 64; i++) {
        page_put(pg[(i * 29) % 64]);
        n = 0;
        for (uint32_t f = d->page_list; f; f = frame_table[f].next) {
            n++;
        }
        assert_int_equal(n, d->tot_pages);
    }
    assert_int_equal(n, 0);
    fake_domain_kill(d);
}

static void page_alloc_resident_does_not_keep_the_domain(void **state)
{
    struct domain *d = fake_domain(1, 8);
    struct page_info *pg = page_alloc_resident(d);

    (void)state;
    d->shared_info = page_to_virt(pg);
    assert_true(page_is_resident(pg));
    fake_domain_kill(d);
    assert_int_equal(fake_domains_alive, 0);
    assert_int_equal(pg->state, PAGE_FREE);
}

static void mem_populate_uses_large_blocks_where_aligned(void **state)
{
    struct domain *d = fake_domain(1, 4096);
    uint64_t before = mem_free_pages();

    (void)state;
    assert_int_equal(mem_populate(d, _gfn(500), 1600), 0);
    assert_int_equal(d->tot_pages, 1600);
    assert_int_equal(d->p2m.max_gfn, 2099);
    for (uint64_t g = 500; g < 2100; g++) {
        enum p2m_type t;

        assert_true(mfn_x(p2m_lookup_locked(d, _gfn(g), &t)) != INVALID_FRAME);
        assert_int_equal(t, P2M_RAM_RW);
    }
    assert_true(d->p2m.table_pages < 8);
    assert_int_equal(mem_populate(d, _gfn(0), 4096), -EEXIST);
    fake_domain_kill(d);
    assert_true(mem_free_pages() >= before);
    assert_int_equal(fake_domains_alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_alloc_within_limit_is_zero_and_accounted),
        cmocka_unit_test(page_put_block_gives_up_what_nobody_else_has),
        cmocka_unit_test(page_alloc_for_dying_domain_is_refused),
        cmocka_unit_test(page_get_counts_and_checks_owner),
        cmocka_unit_test(page_get_full_count_is_refused),
        cmocka_unit_test(page_put_last_scrubs_before_reuse),
        cmocka_unit_test(page_owner_outlives_its_last_page),
        cmocka_unit_test(page_change_owner_moves_account_or_refuses),
        cmocka_unit_test(page_list_survives_release_in_any_order),
        cmocka_unit_test(page_alloc_resident_does_not_keep_the_domain),
        cmocka_unit_test(mem_populate_uses_large_blocks_where_aligned),
    };

    return cmocka_run_group_tests(tests, fake_setup, NULL);
}
