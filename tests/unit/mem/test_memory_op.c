/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_op through the dispatcher: ballooning, placing pages, queries; what a guest gets for wrong
 * arguments.
 */
#include "fake_mem.h"

#include <public/memory.h>

#define ARGS 0x1000ull    /* guest-physical, paging off: structure */
#define LIST 0x2000ull    /* list of frame numbers */
#define ERRS 0x3000ull

static struct domain *d, *other;

static int each_setup(void **state)
{
    struct page_info *si;

    (void)state;
    fake_reset();
    d = fake_domain(1, 2048);
    other = fake_domain(2, 2048);
    fake_run(d);
    si = page_alloc_resident(d);
    d->shared_info = page_to_virt(si);
    return mem_populate(d, _gfn(0), 256) || mem_populate(other, _gfn(0), 64);
}

static int each_teardown(void **state)
{
    (void)state;
    fake_domain_kill(d);
    fake_domain_kill(other);
    return (int)fake_domains_alive;
}

static long memop(unsigned cmd, uint64_t start)
{
    return fake_hypercall(__HYPERVISOR_memory_op, cmd | start << 6, ARGS, 0);
}

static void put(const void *arg, size_t size)
{
    memcpy(fake_gaddr(d, ARGS), arg, size);
}

static long reserve(unsigned cmd, uint64_t first, uint64_t count, unsigned order, domid_t id)
{
    struct xen_memory_reservation r = { .nr_extents = count, .extent_order = order, .domid = id };

    r.extent_start.p = (xen_pfn_t *)LIST;
    for (uint64_t i = 0; i < count && i < 512; i++) {
        ((uint64_t *)fake_gaddr(d, LIST))[i] = first + (i << (order & 31));
    }
    put(&r, sizeof(r));
    return memop(cmd, 0);
}

static bool present(struct domain *of, uint64_t gfn)
{
    enum p2m_type t;

    return mfn_x(p2m_lookup_locked(of, _gfn(gfn), &t)) != INVALID_FRAME;
}

static void decrease_and_populate_move_the_account(void **state)
{
    uint64_t pages = d->tot_pages;

    (void)state;
    assert_int_equal(reserve(XENMEM_decrease_reservation, 100, 50, 0, DOMID_SELF), 50);
    assert_int_equal(d->tot_pages, pages - 50);
    assert_false(present(d, 100) || present(d, 149));
    assert_true(present(d, 99) && present(d, 150));
    assert_true(fake_flushes > 0 && fake_flushes <= 3);
    assert_int_equal(fake_last_class, SECCLASS_MEMORY_OP);
    assert_int_equal(fake_last_perm, MEMORY_OP__DECREASE_RESERVATION);
    assert_int_equal(reserve(XENMEM_populate_physmap, 100, 50, 0, DOMID_SELF), 50);
    assert_int_equal(d->tot_pages, pages);
    assert_true(present(d, 100) && present(d, 149));
    assert_int_equal(*(uint64_t *)fake_gaddr(d, 120 << 12), 0);
}

static void populate_and_decrease_by_2m(void **state)
{
    uint64_t pages = d->tot_pages, tables = d->p2m.table_pages;

    (void)state;
    assert_int_equal(reserve(XENMEM_populate_physmap, 512, 2, 9, DOMID_SELF), 2);
    assert_int_equal(d->tot_pages, pages + 1024);
    assert_int_equal(d->p2m.table_pages, tables); /* large entries */
    assert_int_equal(reserve(XENMEM_decrease_reservation, 512, 2, 9, DOMID_SELF), 2);
    assert_int_equal(d->tot_pages, pages);
    assert_int_equal(reserve(XENMEM_populate_physmap, 1000, 1, 9, DOMID_SELF), 1); /* not aligned */
    assert_int_equal(d->tot_pages, pages + 512);
    assert_true(present(d, 1000) && present(d, 1511));
}

static void populate_past_the_limit_counts_what_was_done(void **state)
{
    (void)state;
    d->max_pages = d->tot_pages + 3;
    assert_int_equal(reserve(XENMEM_populate_physmap, 1000, 8, 0, DOMID_SELF), 3);
    assert_int_equal(reserve(XENMEM_populate_physmap, 1100, 1, 9, DOMID_SELF), 0);
    assert_int_equal(d->tot_pages, d->max_pages);
    assert_false(present(d, 1100));
}

static void populate_failing_extent_is_undone(void **state)
{
    uint64_t pages = d->tot_pages;

    (void)state;
    /* frames 248..255 are there already: an extent of 16 from 240 fails half-way */
    assert_int_equal(reserve(XENMEM_decrease_reservation, 240, 8, 0, DOMID_SELF), 8);
    assert_int_equal(reserve(XENMEM_populate_physmap, 240, 1, 4, DOMID_SELF), 0);
    assert_int_equal(d->tot_pages, pages - 8);
    assert_false(present(d, 240) || present(d, 247));
    assert_true(present(d, 248));
}

static void reservation_bad_arguments_do_nothing(void **state)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    uint64_t pages = d->tot_pages;

    (void)state;
    assert_int_equal(reserve(XENMEM_populate_physmap, 1000, 1, 10, DOMID_SELF), 0);
    assert_int_equal(reserve(XENMEM_populate_physmap, 1000, 1, 0xffffffff, DOMID_SELF), 0);
    assert_int_equal(reserve(XENMEM_populate_physmap, ~0ull, 1, 0, DOMID_SELF), 0);
    assert_int_equal(reserve(XENMEM_populate_physmap, P2M_GFN_LIMIT - 1, 1, 9, DOMID_SELF), 0);
    assert_int_equal(reserve(XENMEM_decrease_reservation, ~0ull, 1, 0, DOMID_SELF), 0);
    assert_int_equal(reserve(XENMEM_decrease_reservation, 5000, 1, 0, DOMID_SELF), 0);
    assert_int_equal(reserve(XENMEM_populate_physmap, 1000, 0, 0, DOMID_SELF), 0);
    assert_int_equal(reserve(XENMEM_populate_physmap, 1000, 1, 0, 9), -ESRCH);
    assert_int_equal(reserve(XENMEM_increase_reservation, 1000, 1, 0, DOMID_SELF), -EOPNOTSUPP);
    put(&r, sizeof(r)); /* no list */
    assert_int_equal(memop(XENMEM_populate_physmap, 0), 0);
    r.extent_start.p = (xen_pfn_t *)0xfff0000ull; /* a list that is not there */
    put(&r, sizeof(r));
    assert_int_equal(memop(XENMEM_populate_physmap, 0), 0);
    r.extent_start.p = (xen_pfn_t *)LIST;
    r.mem_flags = XENMEMF_address_bits(13); /* below 8 KiB: not to be had */
    put(&r, sizeof(r));
    assert_int_equal(memop(XENMEM_populate_physmap, 0), 0);
    assert_int_equal(memop(XENMEM_populate_physmap, 7), 7); /* starts beyond the end */
    assert_int_equal(fake_hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap, 0xfff0000, 0),
                     -EFAULT);
    assert_int_equal(d->tot_pages, pages);
}

static void reservation_is_preempted_and_goes_on(void **state)
{
    uint64_t pages = d->tot_pages;

    (void)state;
    fake_preempt_after = 5;
    assert_int_equal(reserve(XENMEM_decrease_reservation, 100, 50, 0, DOMID_SELF), 50);
    assert_int_equal(fake_reissues, 1);
    assert_int_equal(d->tot_pages, pages - 50);
    assert_int_equal(fake_questions, 2); /* asked again */
}

static void reservation_denied_changes_nothing(void **state)
{
    uint64_t pages = d->tot_pages;

    (void)state;
    fake_deny_class = SECCLASS_MEMORY_OP;
    fake_deny_perm = MEMORY_OP__DECREASE_RESERVATION | MEMORY_OP__POPULATE_PHYSMAP;
    assert_int_equal(reserve(XENMEM_decrease_reservation, 100, 5, 0, DOMID_SELF), -EACCES);
    assert_int_equal(reserve(XENMEM_populate_physmap, 1000, 5, 0, DOMID_SELF), -EACCES);
    assert_int_equal(reserve(XENMEM_decrease_reservation, 1, 5, 0, 2), -EACCES);
    assert_int_equal(d->tot_pages, pages);
    assert_int_equal(other->tot_pages, 64);
    assert_int_equal(other->refcount, 2); /* ours and that of its pages */
}

static long place(unsigned space, uint64_t idx, uint64_t gfn, uint16_t size)
{
    struct xen_add_to_physmap a = { .domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = gfn,
                                    .size = size };

    put(&a, sizeof(a));
    return memop(XENMEM_add_to_physmap, 0);
}

static void add_shared_info_replaces_memory(void **state)
{
    uint64_t pages = d->tot_pages;

    (void)state;
    assert_int_equal(place(XENMAPSPACE_shared_info, 1, 50, 0), -EINVAL);
    assert_int_equal(place(XENMAPSPACE_shared_info, 0, 50, 0), 0);
    assert_ptr_equal(fake_gaddr(d, 50 << 12), d->shared_info);
    assert_int_equal(d->tot_pages, pages - 1); /* the page that was there is gone */
    assert_int_equal(place(XENMAPSPACE_shared_info, 0, 0xfe700, 0), 0);
    assert_int_equal(place(XENMAPSPACE_shared_info, 0, P2M_GFN_LIMIT, 0), -EINVAL);
}

static void add_grant_frames_grows_the_table(void **state)
{
    (void)state;
    assert_int_equal(place(XENMAPSPACE_grant_table, 3, 1000, 0), 0);
    assert_true(present(d, 1000));
    assert_int_equal(place(XENMAPSPACE_grant_table, GRANT_MAX_FRAMES, 1001, 0), -EINVAL);
    assert_int_equal(place(XENMAPSPACE_grant_table, XENMAPIDX_grant_table_status, 1001, 0),
        -EINVAL);
    assert_int_equal(place(XENMAPSPACE_grant_table, ~0ull, 1001, 0), -EINVAL);
}

static void add_own_frame_moves_it(void **state)
{
    void *p = fake_gaddr(d, 60 << 12);
    uint64_t pages = d->tot_pages;

    (void)state;
    assert_int_equal(place(XENMAPSPACE_gmfn, 60, 1000, 0), 0);
    assert_ptr_equal(fake_gaddr(d, 1000 << 12), p);
    assert_false(present(d, 60));
    assert_int_equal(d->tot_pages, pages);
    assert_int_equal(place(XENMAPSPACE_gmfn, 60, 1001, 0), -EINVAL);
    assert_int_equal(place(XENMAPSPACE_gmfn, 1000, 1000, 0), 0);
    assert_int_equal(place(XENMAPSPACE_gmfn, 1000, 61, 0), 0);
    assert_int_equal(d->tot_pages, pages - 1); /* what was at 61 */
    fake_preempt_after = 3;
    assert_int_equal(place(XENMAPSPACE_gmfn_range, 70, 1100, 10), 0);
    assert_int_equal(fake_reissues, 1);
    assert_true(present(d, 1100) && present(d, 1109) && !present(d, 70) && !present(d, 79));
    assert_int_equal(place(XENMAPSPACE_gmfn_foreign, 1, 1200, 0), -ENOSYS);
    assert_int_equal(place(XENMAPSPACE_dev_mmio, 1, 1200, 0), -EINVAL);
    assert_int_equal(place(77, 1, 1200, 0), -EINVAL);
}

static long place_batch(uint16_t space, uint16_t foreign, unsigned count)
{
    struct xen_add_to_physmap_batch a = { .domid = DOMID_SELF, .space = space,
        .size = (uint16_t)count,
                                          .u.foreign_domid = foreign };

    a.idxs.p = (xen_ulong_t *)LIST;
    a.gpfns.p = (xen_pfn_t *)(LIST + 2048);
    a.errs.p = (int *)ERRS;
    put(&a, sizeof(a));
    return memop(XENMEM_add_to_physmap_batch, 0);
}

static void add_foreign_maps_and_remove_lets_go(void **state)
{
    uint64_t *idx = fake_gaddr(d, LIST), *gfn = fake_gaddr(d, LIST + 2048);
    int *errs = fake_gaddr(d, ERRS);
    struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = 1000 };
    struct page_info *pg;
    enum p2m_type t;

    (void)state;
    idx[0] = 5;
    gfn[0] = 1000;
    idx[1] = 9999; /* nothing there */
    gfn[1] = 1001;
    idx[2] = 6;
    gfn[2] = ~0ull;
    errs[0] = errs[1] = errs[2] = 77;
    assert_int_equal(place_batch(XENMAPSPACE_gmfn_foreign, 2, 3), 0);
    assert_int_equal(errs[0], 0);
    assert_int_equal(errs[1], -EINVAL);
    assert_int_equal(errs[2], -EINVAL);
    assert_ptr_equal(fake_gaddr(d, 1000 << 12), fake_gaddr(other, 5 << 12));
    pg = mfn_to_page(p2m_lookup_locked(d, _gfn(1000), &t));
    assert_int_equal(t, P2M_FOREIGN_RW);
    assert_int_equal(pg->refcount, 2);
    /* Not memory of its own: it cannot be given back or passed on. */
    assert_int_equal(reserve(XENMEM_decrease_reservation, 1000, 1, 0, DOMID_SELF), 0);
    assert_int_equal(place(XENMAPSPACE_gmfn, 1000, 1010, 0), -EINVAL);
    put(&r, sizeof(r));
    assert_int_equal(memop(XENMEM_remove_from_physmap, 0), 0);
    assert_int_equal(pg->refcount, 1);
    put(&r, sizeof(r));
    assert_int_equal(memop(XENMEM_remove_from_physmap, 0), -ENOENT);
}

static void add_foreign_asks_for_both_rights(void **state)
{
    uint64_t *idx = fake_gaddr(d, LIST), *gfn = fake_gaddr(d, LIST + 2048);

    (void)state;
    idx[0] = 5;
    gfn[0] = 1000;
    for (unsigned i = 0; i < 4; i++) {
        static const struct {
            uint16_t tclass;
            uint32_t perm;
        } denied[] = {
            { SECCLASS_MMU, MMU__MAP_READ },
            { SECCLASS_MMU, MMU__MAP_WRITE },
            { SECCLASS_PHYSMAP_OP, PHYSMAP_OP__ADD_TO_PHYSMAP_BATCH },
            { SECCLASS_PHYSMAP_OP, PHYSMAP_OP__GMFN_FOREIGN },
        };

        fake_deny_class = denied[i].tclass;
        fake_deny_perm = denied[i].perm;
        assert_int_equal(place_batch(XENMAPSPACE_gmfn_foreign, 2, 1), -EACCES);
        assert_false(present(d, 1000));
    }
    fake_deny_perm = 0;
    assert_int_equal(place_batch(XENMAPSPACE_gmfn_foreign, 1, 1), -EINVAL); /* itself */
    assert_int_equal(place_batch(XENMAPSPACE_gmfn_foreign, 9, 1), -ESRCH);
    assert_int_equal(place_batch(XENMAPSPACE_gmfn, 2, 1), -EOPNOTSUPP);
    assert_int_equal(place_batch(XENMAPSPACE_gmfn_range, 0, 1), -EINVAL);
}

static void foreign_page_survives_its_domain(void **state)
{
    uint64_t *idx = fake_gaddr(d, LIST), *gfn = fake_gaddr(d, LIST + 2048);
    struct domain *third = fake_domain(3, 64);

    (void)state;
    assert_int_equal(mem_populate(third, _gfn(0), 8), 0);
    *(uint64_t *)fake_gaddr(third, 0x5000) = 99;
    idx[0] = 5;
    gfn[0] = 1000;
    assert_int_equal(place_batch(XENMAPSPACE_gmfn_foreign, 3, 1), 0);
    fake_domain_kill(third);
    assert_int_equal(fake_domains_alive, 3);
    assert_int_equal(*(uint64_t *)fake_gaddr(d, 1000 << 12), 99);
}

static void queries_answer_and_ask(void **state)
{
    struct xen_memory_domain m = { .domid = DOMID_SELF };

    (void)state;
    put(&m, sizeof(m));
    assert_int_equal(memop(XENMEM_current_reservation, 0), d->tot_pages);
    assert_int_equal(fake_last_perm, MEMORY_OP__CURRENT_RESERVATION);
    assert_int_equal(memop(XENMEM_maximum_reservation, 0), 2048);
    assert_int_equal(memop(XENMEM_maximum_gpfn, 0), 255);
    assert_int_equal(memop(XENMEM_maximum_ram_page, 0), FAKE_FRAMES - 1);
    m.domid = 9;
    put(&m, sizeof(m));
    assert_int_equal(memop(XENMEM_current_reservation, 0), -ESRCH);
    m.domid = 2;
    put(&m, sizeof(m));
    fake_deny_class = SECCLASS_MEMORY_OP;
    fake_deny_perm = MEMORY_OP__CURRENT_RESERVATION;
    assert_int_equal(memop(XENMEM_current_reservation, 0), -EACCES);
}

static void memory_map_is_what_was_set(void **state)
{
    static const struct memmap_entry map[] = { { 0, 0xa0000, 1 }, { 0x100000, 0x700000, 1 },
                                               { 0xfc000000, 0x1000, 3 } };
    struct xen_memory_map m = { .nr_entries = 10 }, *out = fake_gaddr(d, ARGS);

    (void)state;
    m.buffer.p = (void *)LIST;
    put(&m, sizeof(m));
    assert_int_equal(memop(XENMEM_memory_map, 0), -ENOSYS);
    assert_int_equal(memory_map_set(d, map, MEMMAP_MAX + 1), -EINVAL);
    assert_int_equal(memory_map_set(d, map, 3), 0);
    assert_int_equal(memop(XENMEM_memory_map, 0), 0);
    assert_int_equal(out->nr_entries, 3);
    assert_memory_equal(fake_gaddr(d, LIST), map, sizeof(map));
    BUILD_ASSERT(sizeof(map) == 3 * 20);
    m.nr_entries = 1;
    memset(fake_gaddr(d, LIST), 0, 64);
    put(&m, sizeof(m));
    assert_int_equal(memop(XENMEM_memory_map, 0), 0);
    assert_int_equal(((uint8_t *)fake_gaddr(d, LIST))[20 + 8], 0);
    m.buffer.p = (void *)0xfff0000;
    put(&m, sizeof(m));
    assert_int_equal(memop(XENMEM_memory_map, 0), -EFAULT);
}

static void unknown_operations_do_not_exist(void **state)
{
    (void)state;
    assert_int_equal(memop(8, 0), -ENOSYS);
    assert_int_equal(memop(63, 0), -ENOSYS);
    assert_int_equal(memop(XENMEM_machphys_mapping, 0), -ENOSYS);
    assert_int_equal(memop(XENMEM_machphys_mfn_list, 0), -ENOSYS);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)
    const struct CMUnitTest tests[] = {
        TEST(decrease_and_populate_move_the_account),
        TEST(populate_and_decrease_by_2m),
        TEST(populate_past_the_limit_counts_what_was_done),
        TEST(populate_failing_extent_is_undone),
        TEST(reservation_bad_arguments_do_nothing),
        TEST(reservation_is_preempted_and_goes_on),
        TEST(reservation_denied_changes_nothing),
        TEST(add_shared_info_replaces_memory),
        TEST(add_grant_frames_grows_the_table),
        TEST(add_own_frame_moves_it),
        TEST(add_foreign_maps_and_remove_lets_go),
        TEST(add_foreign_asks_for_both_rights),
        TEST(foreign_page_survives_its_domain),
        TEST(queries_answer_and_ask),
        TEST(memory_map_is_what_was_set),
        TEST(unknown_operations_do_not_exist),
    };

    return cmocka_run_group_tests(tests, fake_setup, NULL);
}
