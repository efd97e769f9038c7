/* SPDX-License-Identifier: Apache-2.0 */
/* The nested page table: mapping, splitting, batches, bounds; references go after the flush. */
#include "../mem/fake_mem.h"

#include <xen/guest_access.h>
#include <xen/iommu.h>

static struct domain *d;

static int each_setup(void **state)
{
    (void)state;
    fake_reset();
    d = fake_domain(1, 4096);
    return 0;
}

static int each_teardown(void **state)
{
    (void)state;
    fake_domain_kill(d);
    return (int)fake_domains_alive;
}

static uint64_t frame_at(uint64_t gfn, enum p2m_type *type)
{
    return mfn_x(p2m_lookup_locked(d, _gfn(gfn), type));
}

static struct page_info *ram(uint64_t gfn, unsigned order)
{
    struct page_info *pg = page_alloc(d, order);

    assert_non_null(pg);
    assert_int_equal(p2m_map(d, _gfn(gfn), page_to_mfn(pg), order, P2M_RAM_RW), 0);
    return pg;
}

static void p2m_map_each_order_translates(void **state)
{
    struct page_info *small = ram(5, 0), *large = ram(512, 9);
    enum p2m_type t;

    (void)state;
    assert_int_equal(frame_at(5, &t), mfn_x(page_to_mfn(small)));
    assert_int_equal(t, P2M_RAM_RW);
    for (uint64_t i = 0; i < 512; i++) {
        assert_int_equal(frame_at(512 + i, &t), mfn_x(page_to_mfn(large)) + i);
    }
    assert_int_equal(frame_at(4, &t), INVALID_FRAME);
    assert_int_equal(t, P2M_INVALID);
    assert_int_equal(frame_at(1024, &t), INVALID_FRAME);
    assert_int_equal(frame_at(P2M_GFN_LIMIT, &t), INVALID_FRAME);
    assert_int_equal(frame_at(~0ull, &t), INVALID_FRAME);
    assert_int_equal(p2m_map(d, _gfn(1ull << 18), _mfn(1ull << 18), 18,
                             P2M_MMIO_DIRECT),
                     0);
    assert_int_equal(frame_at((1ull << 18) + 77777, &t), (1ull << 18) + 77777);
    assert_int_equal(t, P2M_MMIO_DIRECT);
}

static void p2m_map_bad_arguments_are_refused(void **state)
{
    struct page_info *pg = page_alloc(d, 9);

    (void)state;
    assert_int_equal(p2m_map(d, _gfn(1), page_to_mfn(pg), 9, P2M_RAM_RW), -EINVAL);
    assert_int_equal(p2m_map(d, _gfn(512), mfn_add(page_to_mfn(pg), 1), 9, P2M_RAM_RW), -EINVAL);
    assert_int_equal(p2m_map(d, _gfn(P2M_GFN_LIMIT), page_to_mfn(pg), 0, P2M_RAM_RW), -EINVAL);
    assert_int_equal(p2m_map(d, _gfn(~0ull), page_to_mfn(pg), 0, P2M_RAM_RW), -EINVAL);
    assert_int_equal(p2m_map(d, _gfn(0), page_to_mfn(pg), 3, P2M_RAM_RW), -EINVAL);
    assert_int_equal(p2m_map(d, _gfn(0), page_to_mfn(pg), 0, P2M_INVALID), -EINVAL);
    assert_int_equal(p2m_map(d, _gfn(0), page_to_mfn(pg), 0, P2M_TYPE_COUNT), -EINVAL);
    assert_int_equal(p2m_map(d, _gfn(0), mfn_add(page_to_mfn(pg), 1ull << 40), 0, P2M_DEVICE), -EINVAL); /* would be its type */
    assert_int_equal(p2m_map(d, _gfn(0), _mfn(INVALID_FRAME), 0, P2M_DEVICE), -EINVAL);
    for (unsigned i = 0; i < 512; i++) {
        page_put(&pg[i]);
    }
}

static void p2m_map_over_something_is_refused_without_change(void **state)
{
    struct page_info *small = ram(600, 0), *large = ram(1024, 9), *pg = page_alloc(d, 9);
    enum p2m_type t;

    (void)state;
    assert_int_equal(p2m_map(d, _gfn(600), page_to_mfn(pg), 0, P2M_RAM_RW), -EEXIST);
    assert_int_equal(p2m_map(d, _gfn(512), page_to_mfn(pg), 9, P2M_RAM_RW), -EEXIST);
    assert_int_equal(p2m_map(d, _gfn(1030), page_to_mfn(pg), 0, P2M_RAM_RW), -EEXIST);
    assert_int_equal(frame_at(600, &t), mfn_x(page_to_mfn(small)));
    assert_int_equal(frame_at(1030, &t), mfn_x(page_to_mfn(large)) + 6);
    assert_int_equal(frame_at(512, &t), INVALID_FRAME);
    for (unsigned i = 0; i < 512; i++) {
        page_put(&pg[i]);
    }
}

static void p2m_unmap_splits_a_large_entry(void **state)
{
    struct page_info *large = ram(512, 9);
    struct p2m_batch b;
    enum p2m_type t;
    uint64_t tables = d->p2m.table_pages;

    (void)state;
    p2m_batch_init(&b);
    assert_int_equal(p2m_unmap(d, _gfn(700), &b), 0);
    assert_int_equal(d->p2m.table_pages, tables + 1);
    assert_int_equal(large[188].refcount, 1); /* not before the flush */
    assert_int_equal(fake_flushes, 0);
    for (uint64_t i = 0; i < 512; i++) {
        assert_int_equal(frame_at(512 + i, &t),
                         i == 188 ? INVALID_FRAME : mfn_x(page_to_mfn(large)) + i);
    }
    p2m_batch_flush(d, &b);
    assert_int_equal(fake_flushes, 1);
    assert_int_equal(large[188].refcount, 0);
    assert_int_equal(d->tot_pages, 511);
    assert_int_equal(p2m_unmap(d, _gfn(700), &b), -ENOENT);
    p2m_batch_flush(d, &b);
    assert_int_equal(fake_flushes, 1); /* nothing changed: no flush */
}

static void p2m_map_large_over_empty_tables_fills_them(void **state)
{
    struct page_info *pg;
    struct p2m_batch b;
    enum p2m_type t;

    (void)state;
    ram(512, 9);
    p2m_batch_init(&b);
    for (uint64_t g = 512; g < 1024; g++) {
        assert_int_equal(p2m_unmap(d, _gfn(g), &b), 0);
    }
    p2m_batch_flush(d, &b);
    assert_int_equal(d->tot_pages, 0);
    assert_true(fake_flushes >= 512 / P2M_BATCH);
    pg = ram(512, 9);
    for (uint64_t i = 0; i < 512; i++) {
        assert_int_equal(frame_at(512 + i, &t), mfn_x(page_to_mfn(pg)) + i);
    }
}

static struct page_info *watched;
static void page_is_still_held(void)
{
    assert_true(watched->refcount > 0);
}

static void p2m_unmap_full_batch_is_flushed_before_pages_go(void **state)
{
    struct page_info *first = ram(0, 0);
    struct p2m_batch b;

    (void)state;
    p2m_batch_init(&b);
    watched = first;
    fake_flush_hook = page_is_still_held;
    assert_int_equal(p2m_unmap(d, _gfn(0), &b), 0);
    for (uint64_t g = 1; g <= P2M_BATCH; g++) {
        ram(g, 0);
        assert_int_equal(p2m_unmap(d, _gfn(g), &b), 0);
    }
    assert_int_equal(fake_flushes, 1);
    assert_int_equal(first->refcount, 0);
    fake_flush_hook = NULL;
    p2m_batch_flush(d, &b);
    assert_int_equal(d->tot_pages, 0);
}

static void p2m_unmap_if_other_type_or_frame_is_refused(void **state)
{
    struct page_info *pg = ram(3, 0);
    struct p2m_batch b;
    enum p2m_type t;

    (void)state;
    p2m_batch_init(&b);
    assert_int_equal(p2m_unmap_if(d, _gfn(3), P2M_SET_GRANT, _mfn(INVALID_FRAME), &b), -EBUSY);
    assert_int_equal(p2m_unmap_if(d, _gfn(3), P2M_SET_RAM, mfn_add(page_to_mfn(pg), 1), &b),
        -EBUSY);
    assert_int_equal(p2m_unmap_if(d, _gfn(4), P2M_SET_RAM, _mfn(INVALID_FRAME), &b), -ENOENT);
    assert_int_equal(b.count, 0);
    assert_int_equal(frame_at(3, &t), mfn_x(page_to_mfn(pg)));
}

static void p2m_replace_puts_the_old_page_into_the_batch(void **state)
{
    struct page_info *large = ram(512, 9), *pg = page_alloc(d, 0);
    struct p2m_batch b;
    enum p2m_type t;

    (void)state;
    p2m_batch_init(&b);
    assert_int_equal(p2m_replace(d, _gfn(513), page_to_mfn(pg), P2M_GRANT_RO, P2M_SET_GRANT, &b),
        -EBUSY);
    assert_int_equal(p2m_replace(d, _gfn(513), page_to_mfn(pg), P2M_GRANT_RO, P2M_SET_RAM, &b), 0);
    assert_int_equal(frame_at(513, &t), mfn_x(page_to_mfn(pg)));
    assert_int_equal(t, P2M_GRANT_RO);
    assert_int_equal(large[1].refcount, 1);
    p2m_batch_flush(d, &b);
    assert_int_equal(large[1].refcount, 0);
    assert_int_equal(frame_at(514, &t), mfn_x(page_to_mfn(large)) + 2);
}

/* What is held is found, wherever it lies, in steps of any size, and counted. */
static void p2m_next_finds_what_is_held(void **state)
{
    static const uint64_t places[] = { 0x1003, 0x40000, 0x3fffff };
    struct page_info *foreign = page_alloc(d, 0);
    struct p2m_batch b;
    enum p2m_type t;
    mfn_t mfn;

    (void)state;
    p2m_batch_init(&b);
    (void)ram(512, 9);
    (void)ram(7, 0);
    assert_int_equal(d->p2m.held, 0);
    assert_int_equal(p2m_map(d, _gfn(places[0]), _mfn(0xfed40), 0, P2M_MMIO_DIRECT), 0);
    assert_int_equal(p2m_map(d, _gfn(places[2]), _mfn(0xfed41), 0, P2M_MMIO_DIRECT), 0);
    assert_int_equal(p2m_replace(d, _gfn(places[1]), page_to_mfn(foreign), P2M_FOREIGN_RO, 0, &b), 0);
    assert_int_equal(d->p2m.held, 3);
    for (unsigned step = 1; step < 5000; step = step * 7 + 1) {
        unsigned found = 0, budget = step;
        uint64_t gfn = 0;

        while (gfn < P2M_GFN_LIMIT) {
            if (p2m_next(d, P2M_SET_HELD, &gfn, &budget, &mfn, &t)) {
                assert_int_equal(gfn, places[found]);
                assert_int_equal(t, found == 1 ? P2M_FOREIGN_RO : P2M_MMIO_DIRECT);
                found++;
                gfn++;
            }
            budget = budget == 0 ? step : budget;
        }
        assert_int_equal(found, 3);
    }
    assert_int_equal(p2m_unmap_if(d, _gfn(places[0]), P2M_SET_HELD, _mfn(0xfed40), &b), 0);
    assert_int_equal(p2m_replace(d, _gfn(places[1]), page_to_mfn(page_alloc(d, 0)), P2M_RAM_RW,
                                 P2M_SET_FOREIGN, &b), 0);
    assert_int_equal(d->p2m.held, 1);
    p2m_batch_flush(d, &b);
}

static void p2m_get_page_minds_type_and_counts(void **state)
{
    struct page_info *pg = ram(3, 0), *ro = page_alloc(d, 0), *got;
    enum p2m_type t;

    (void)state;
    assert_int_equal(p2m_map(d, _gfn(4), page_to_mfn(ro), 0, P2M_FOREIGN_RO), 0);
    assert_int_equal(p2m_map(d, _gfn(5), _mfn(0xfee00), 0, P2M_MMIO_DIRECT), 0);
    got = p2m_get_page(d, _gfn(3), true, &t);
    assert_ptr_equal(got, pg);
    assert_int_equal(pg->refcount, 2);
    page_put(got);
    assert_null(p2m_get_page(d, _gfn(4), true, &t));
    assert_int_equal(t, P2M_FOREIGN_RO);
    got = p2m_get_page(d, _gfn(4), false, &t);
    assert_ptr_equal(got, ro);
    page_put(got);
    assert_null(p2m_get_page(d, _gfn(5), false, &t));
    assert_null(p2m_get_page(d, _gfn(6), false, &t));
}

static void p2m_map_far_apart_is_bounded(void **state)
{
    uint64_t i, limit = d->p2m.table_limit;
    struct page_info *pg = NULL;
    int rc = 0;

    (void)state;
    for (i = 0; !rc && i < 1000; i++) {
        pg = page_alloc(d, 0);
        rc = p2m_map(d, _gfn(i << 27), page_to_mfn(pg), 0, P2M_RAM_RW);
        if (i == 511) {
            break;
        }
    }
    assert_int_equal(rc, -ENOMEM);
    assert_true(d->p2m.table_pages <= limit);
    page_put(pg);
}

static void p2m_entries_have_the_rights_of_their_type(void **state)
{
    static const struct {
        enum p2m_type type;
        bool write, exec;
    } want[] = {
        { P2M_RAM_RW, true, true },      { P2M_RAM_RO, false, true },
        { P2M_GRANT_RW, true, false },   { P2M_GRANT_RO, false, false },
        { P2M_FOREIGN_RW, true, false }, { P2M_FOREIGN_RO, false, false },
        { P2M_MMIO_DIRECT, true, false },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
        struct page_info *pg = page_alloc(d, 0);
        uint64_t *table = mfn_to_virt(d->p2m.root), e;

        assert_int_equal(p2m_map(d, _gfn(i), page_to_mfn(pg), 0, want[i].type), 0);
        for (unsigned l = 0; l < 3; l++) {
            table = maddr_to_virt(table[0] & 0x000ffffffffff000ull);
        }
        e = table[i];
        assert_true(e & 1);
        assert_true(e & 4); /* nested accesses are user accesses */
        assert_int_equal(!!(e & 2), want[i].write);
        assert_int_equal(!(e >> 63), want[i].exec);
        assert_int_equal(!!(e & 0x10), want[i].type == P2M_MMIO_DIRECT); /* uncached */
        if (want[i].type == P2M_MMIO_DIRECT) {
            page_put(pg);
        }
    }
}

static void p2m_teardown_is_preemptible_and_complete(void **state)
{
    struct domain *e = fake_domain(2, 4096);
    struct page_info *pg;
    uint64_t before = mem_free_pages();
    unsigned rounds = 0;

    (void)state;
    assert_int_equal(mem_populate(e, _gfn(100), 2000), 0);
    e->state = DOMAIN_DYING;
    do {
        fake_preempt_after = 1;
        rounds++;
    } while (p2m_teardown(e) == -ERESTART);
    fake_preempt_after = 0;
    assert_true(rounds > 3);
    assert_int_equal(e->tot_pages, 0);
    assert_int_equal(e->p2m.table_pages, 1);
    assert_int_equal(mem_free_pages(), before);
    e->state = DOMAIN_RUNNING;
    pg = page_alloc(e, 0);
    assert_int_equal(p2m_map(e, _gfn(1), page_to_mfn(pg), 0, P2M_RAM_RW), -ESRCH);
    page_put(pg);
    fake_domain_kill(e);
}

static void copy_to_gaddr_crosses_pages_and_minds_rights(void **state)
{
    char in[6000], out[6000];
    struct page_info *ro = page_alloc(d, 0);

    (void)state;
    ram(1, 0);
    ram(2, 0);
    assert_int_equal(p2m_map(d, _gfn(3), page_to_mfn(ro), 0, P2M_RAM_RO), 0);
    for (unsigned i = 0; i < sizeof(in); i++) {
        in[i] = (char)(i * 7);
    }
    assert_int_equal(copy_to_gaddr(d, 4099, in, sizeof(in)), 0);
    assert_int_equal(copy_from_gaddr(d, out, 4099, sizeof(out)), 0);
    assert_memory_equal(in, out, sizeof(in));
    /* runs into the read-only page */
    assert_int_equal(copy_to_gaddr(d, 3 * 4096 - 4, in, 8), -EFAULT);
    assert_int_equal(copy_from_gaddr(d, out, 3 * 4096 - 4, 8), 0);
    assert_int_equal(copy_from_gaddr(d, out, 4096 - 1, 2), -EFAULT);
    assert_int_equal(copy_from_gaddr(d, out, ~0ull - 4, 8), -EFAULT);
    assert_int_equal(copy_from_gaddr(d, out, 99999999, 0), 0);
}

/* -- what devices reach ---------------------------------------------------------------------------- */

#define DFNS 2048
static struct {
    uint64_t mfn[DFNS]; /* plus 1; 0: nothing */
    bool write[DFNS];
    bool full;          /* no table to be had */
    unsigned flushes, detached;
    struct page_info *watched; /* must live until the flush */
} reach;

static int reach_map(struct iommu_domain *dom, uint64_t dfn, uint64_t mfn, uint64_t count, bool write)
{
    (void)dom;
    for (uint64_t i = 0; !reach.full && i < count; i++) {
        reach.mfn[dfn + i] = mfn + i + 1;
        reach.write[dfn + i] = write;
    }
    return reach.full ? -ENOMEM : 0;
}

static void reach_unmap(struct iommu_domain *dom, uint64_t dfn)
{
    (void)dom;
    reach.mfn[dfn] = 0;
}

static void reach_flush(struct iommu_domain *dom)
{
    (void)dom;
    reach.flushes++;
    assert_true(reach.watched == NULL || reach.watched->refcount > 0);
}

static void reach_detach_all(struct iommu_domain *dom)
{
    (void)dom;
    assert_true(reach.watched == NULL || reach.watched->refcount > 0);
    reach.detached++;
}

static void reach_free(struct iommu_domain *dom)
{
    (void)dom;
    assert_int_equal(reach.detached, 1);
}

static const struct iommu_ops reach_ops = { .map = reach_map, .unmap = reach_unmap, .flush = reach_flush,
                                            .detach_all = reach_detach_all, .domain_free = reach_free };
static struct iommu_domain reach_domain = { .ops = &reach_ops };

static void devices_reach_own_and_granted_pages_in_step(void **state)
{
    struct page_info *pg, *ro = page_alloc(d, 0);
    struct p2m_batch batch;

    (void)state;
    memset(&reach, 0, sizeof(reach));
    d->p2m.iommu = &reach_domain;
    p2m_batch_init(&batch);
    /* RAM, and what is granted, by its rights; what others own otherwise, and device memory, not. */
    pg = ram(5, 0);
    assert_int_equal(reach.mfn[5], mfn_x(page_to_mfn(pg)) + 1);
    assert_true(reach.write[5]);
    assert_int_equal(p2m_map(d, _gfn(6), page_to_mfn(ro), 0, P2M_RAM_RO), 0);
    assert_int_equal(reach.mfn[6], mfn_x(page_to_mfn(ro)) + 1);
    assert_false(reach.write[6]);
    for (unsigned t = P2M_GRANT_RW; t < P2M_TYPE_COUNT; t++) {
        if (P2M_SET(t) & P2M_SET_PAGES) {
            assert_true(page_get_more(pg)); /* dropped with the entry */
        }
        assert_int_equal(p2m_map(d, _gfn(10 + t), page_to_mfn(pg), 0, (enum p2m_type)t), 0);
        assert_int_equal(reach.mfn[10 + t], P2M_SET(t) & P2M_SET_GRANT ? mfn_x(page_to_mfn(pg)) + 1 : 0);
        assert_int_equal(reach.write[10 + t], t == P2M_GRANT_RW);
    }
    /* A granted page that is given back is out of reach before its owner has it. */
    reach.watched = pg;
    assert_int_equal(p2m_unmap_if(d, _gfn(10 + P2M_GRANT_RW), P2M_SET_GRANT, page_to_mfn(pg), &batch), 0);
    assert_int_equal(reach.mfn[10 + P2M_GRANT_RW], 0);
    p2m_batch_flush(d, &batch);
    assert_int_equal(reach.flushes, 1);
    reach.flushes = 0;
    reach.watched = NULL;
    /* A large page goes in whole and comes out in parts. */
    pg = ram(512, 9);
    assert_int_equal(reach.mfn[512 + 77], mfn_x(page_to_mfn(pg)) + 77 + 1);
    reach.watched = &pg[77];
    assert_int_equal(p2m_unmap(d, _gfn(512 + 77), &batch), 0);
    assert_int_equal(reach.mfn[512 + 77], 0);
    assert_int_equal(reach.mfn[512 + 78], mfn_x(page_to_mfn(pg)) + 78 + 1);
    assert_int_equal(reach.flushes, 0);
    p2m_batch_flush(d, &batch);
    assert_int_equal(reach.flushes, 1);
    reach.watched = NULL;
    /* RAM in place of RAM, and something else in its place. */
    pg = page_alloc(d, 0);
    assert_int_equal(p2m_replace(d, _gfn(5), page_to_mfn(pg), P2M_RAM_RW, P2M_SET_ALL, &batch), 0);
    assert_int_equal(reach.mfn[5], mfn_x(page_to_mfn(pg)) + 1);
    assert_true(page_get_more(pg));
    assert_int_equal(p2m_replace(d, _gfn(5), page_to_mfn(pg), P2M_FOREIGN_RW, P2M_SET_ALL, &batch), 0);
    assert_int_equal(reach.mfn[5], 0);
    p2m_batch_flush(d, &batch);
    assert_int_equal(reach.flushes, 2);
    /* A table that cannot be had: nothing has changed on either side. */
    reach.full = true;
    pg = page_alloc(d, 0);
    assert_int_equal(p2m_map(d, _gfn(900), page_to_mfn(pg), 0, P2M_RAM_RW), -EEXIST);
    assert_int_equal(p2m_map(d, _gfn(1100), page_to_mfn(pg), 0, P2M_RAM_RW), -ENOMEM);
    assert_int_equal(p2m_replace(d, _gfn(6), page_to_mfn(pg), P2M_RAM_RW, P2M_SET_ALL, &batch), -ENOMEM);
    assert_int_equal(frame_at(1100, &(enum p2m_type){ 0 }), INVALID_FRAME);
    assert_int_equal(frame_at(6, &(enum p2m_type){ 0 }), mfn_x(page_to_mfn(ro)));
    assert_int_equal(reach.mfn[6], mfn_x(page_to_mfn(ro)) + 1);
    page_put(pg);
    reach.watched = ro; /* the devices go before the first page */
}

static int reach_teardown(void **state)
{
    int ret = each_teardown(state);

    assert_int_equal(reach.detached, 1);
    return ret;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)
    const struct CMUnitTest tests[] = {
        TEST(p2m_map_each_order_translates),
        TEST(p2m_map_bad_arguments_are_refused),
        TEST(p2m_map_over_something_is_refused_without_change),
        TEST(p2m_unmap_splits_a_large_entry),
        TEST(p2m_map_large_over_empty_tables_fills_them),
        TEST(p2m_unmap_full_batch_is_flushed_before_pages_go),
        TEST(p2m_unmap_if_other_type_or_frame_is_refused),
        TEST(p2m_replace_puts_the_old_page_into_the_batch),
        TEST(p2m_next_finds_what_is_held),
        TEST(p2m_get_page_minds_type_and_counts),
        TEST(p2m_map_far_apart_is_bounded),
        TEST(p2m_entries_have_the_rights_of_their_type),
        TEST(p2m_teardown_is_preemptible_and_complete),
        cmocka_unit_test_setup_teardown(devices_reach_own_and_granted_pages_in_step, each_setup, reach_teardown),
        TEST(copy_to_gaddr_crosses_pages_and_minds_rights),
    };

    return cmocka_run_group_tests(tests, fake_setup, NULL);
}
