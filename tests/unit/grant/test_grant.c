/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant_table_op through the dispatcher: every operation of version 1, what is refused, and who
 * holds what when.
 */
#include "../mem/fake_mem.h"

#include <public/grant_table.h>

#include "../../../xen/common/grant/private.h"

#define ARGS 0x1000ull  /* guest-physical in the caller, paging off: array of operations */
#define OUTS 0x2000ull
#define TABLE 0x3000ull /* granting domain sees its first grant frame here */
#define SLOT 0x80000ull /* caller: empty space for mappings */

static struct domain *giver, *taker; /* domids 1 and 2; taker runs */
static void *args;

static grant_entry_v1_t *entry(struct domain *d, unsigned ref)
{
    return (grant_entry_v1_t *)fake_gaddr(d, TABLE) + ref;
}

static void table_map(struct domain *d)
{
    struct page_info *pg;
    struct p2m_batch b;

    p2m_batch_init(&b);
    assert_int_equal(grant_get_frame(d, 0, &pg), 0);
    assert_int_equal(p2m_replace(d, _gfn(TABLE >> 12), page_to_mfn(pg), P2M_RAM_RW, P2M_SET_RAM,
        &b), 0);
    p2m_batch_flush(d, &b);
}

static int each_setup(void **state)
{
    (void)state;
    fake_reset();
    giver = fake_domain(1, 1024);
    taker = fake_domain(2, 1024);
    fake_run(taker);
    assert_int_equal(mem_populate(giver, _gfn(0), 64), 0);
    assert_int_equal(mem_populate(taker, _gfn(0), 64), 0);
    table_map(giver);
    args = fake_gaddr(taker, ARGS);
    memset(args, 0, PAGE_SIZE);
    return 0;
}

static int each_teardown(void **state)
{
    (void)state;
    fake_reset();
    if (taker) {
        fake_domain_kill(taker);
    }
    if (giver) {
        fake_domain_kill(giver);
    }
    giver = taker = NULL;
    return (int)fake_domains_alive;
}

static void grant(unsigned ref, domid_t to, uint32_t gfn, uint16_t flags)
{
    *entry(giver, ref) = (grant_entry_v1_t){ .flags = flags, .domid = to, .frame = gfn };
}

static struct page_info *page_of(struct domain *d, uint64_t gfn)
{
    enum p2m_type t;
    mfn_t m = p2m_lookup_locked(d, _gfn(gfn), &t);

    assert_true(mfn_x(m) != INVALID_FRAME);
    return mfn_to_page(m);
}

static enum p2m_type type_of(struct domain *d, uint64_t gfn)
{
    enum p2m_type t;

    (void)p2m_lookup_locked(d, _gfn(gfn), &t);
    return t;
}

static long gnttab(unsigned op, unsigned count)
{
    return fake_hypercall(__HYPERVISOR_grant_table_op, op, ARGS, count);
}

static int map(uint32_t ref, uint64_t addr, uint32_t flags, uint32_t *handle)
{
    struct gnttab_map_grant_ref *m = args;

    *m = (struct gnttab_map_grant_ref){ .host_addr = addr, .flags = flags, .ref = ref, .dom = 1,
                                        .status = 77 };
    assert_int_equal(gnttab(GNTTABOP_map_grant_ref, 1), 0);
    if (handle) {
        *handle = m->handle;
    }
    return m->status;
}

static int unmap(uint32_t handle, uint64_t addr)
{
    struct gnttab_unmap_grant_ref *u = args;

    *u = (struct gnttab_unmap_grant_ref){ .host_addr = addr, .handle = handle, .status = 77 };
    assert_int_equal(gnttab(GNTTABOP_unmap_grant_ref, 1), 0);
    return u->status;
}

/*
 * -- map and unmap ------------------------------------------------------------------------------
 */

static void map_and_unmap_leave_everything_as_before(void **state)
{
    struct page_info *pg = page_of(giver, 7);
    uint32_t handle;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    assert_int_equal(fake_last_class, SECCLASS_GRANT_OP);
    assert_int_equal(fake_last_perm, GRANT_OP__MAP_READ | GRANT_OP__MAP_WRITE | GRANT_OP__MAP_HOST);
    assert_int_equal(fake_last_target, giver->sid);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access | GTF_reading | GTF_writing);
    assert_ptr_equal(page_of(taker, SLOT >> 12), pg);
    assert_int_equal(type_of(taker, SLOT >> 12), P2M_GRANT_RW);
    assert_int_equal(pg->refcount, 3); /* owner's entry, pin, our entry */
    assert_int_equal(fake_flushes, 1); /* from the set-up only: nothing was replaced */
    assert_int_equal(unmap(handle, SLOT), GNTST_okay);
    assert_int_equal(fake_last_perm, GRANT_OP__UNMAP_GRANT_REF);
    assert_int_equal(fake_flushes, 2);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access);
    assert_int_equal(pg->refcount, 1);
    assert_int_equal(type_of(taker, SLOT >> 12), P2M_INVALID);
}

static void map_read_only_is_read_only(void **state)
{
    uint32_t handle, second;

    (void)state;
    grant(9, 2, 7, GTF_permit_access | GTF_readonly);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, NULL), GNTST_general_error);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access | GTF_readonly);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map | GNTMAP_readonly, &handle), GNTST_okay);
    assert_int_equal(fake_last_perm, GRANT_OP__MAP_READ | GRANT_OP__MAP_HOST);
    assert_int_equal(type_of(taker, SLOT >> 12), P2M_GRANT_RO);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access | GTF_readonly | GTF_reading);
    /* still no writing while it is in use, even if the entry is changed now */
    assert_int_equal(map(9, SLOT + 0x1000, GNTMAP_host_map, NULL), GNTST_general_error);
    assert_int_equal(map(9, SLOT + 0x1000, GNTMAP_host_map | GNTMAP_readonly, &second), GNTST_okay);
    assert_int_equal(unmap(handle, SLOT), GNTST_okay);
    assert_true(entry(giver, 9)->flags & GTF_reading); /* the second is still there */
    assert_int_equal(unmap(second, SLOT + 0x1000), GNTST_okay);
    assert_false(entry(giver, 9)->flags & GTF_reading);
}

static void map_read_and_write_marks_follow_the_users(void **state)
{
    uint32_t r, w;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map | GNTMAP_readonly, &r), GNTST_okay);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access | GTF_reading);
    assert_int_equal(map(9, SLOT + 0x1000, GNTMAP_host_map, &w), GNTST_okay);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access | GTF_reading | GTF_writing);
    assert_int_equal(unmap(w, SLOT + 0x1000), GNTST_okay);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access | GTF_reading);
    assert_int_equal(unmap(r, SLOT), GNTST_okay);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access);
}

static void map_over_own_memory_gives_that_up(void **state)
{
    uint64_t pages = taker->tot_pages;
    uint32_t handle;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, 20 << 12, GNTMAP_host_map, &handle), GNTST_okay);
    assert_int_equal(taker->tot_pages, pages - 1);
    assert_int_equal(fake_flushes, 2);
    /* not over a grant */
    assert_int_equal(map(9, 20 << 12, GNTMAP_host_map, NULL), GNTST_general_error);
    assert_int_equal(unmap(handle, 20 << 12), GNTST_okay);
    assert_int_equal(type_of(taker, 20), P2M_INVALID);
}

static void map_bad_requests_get_their_status(void **state)
{
    struct gnttab_map_grant_ref *m = args;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, 0, NULL), GNTST_bad_gntref);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map | GNTMAP_device_map, NULL),
        GNTST_no_device_space);
    assert_int_equal(map(9, SLOT, GNTMAP_device_map, NULL), GNTST_no_device_space);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map | GNTMAP_contains_pte, NULL),
        GNTST_general_error);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map | GNTMAP_application_map, NULL),
        GNTST_general_error);
    assert_int_equal(map(9, SLOT + 8, GNTMAP_host_map, NULL), GNTST_bad_virt_addr);
    assert_int_equal(map(9, ~0xfffull, GNTMAP_host_map, NULL), GNTST_bad_virt_addr);
    assert_int_equal(map(512, SLOT, GNTMAP_host_map, NULL), GNTST_bad_gntref);
    assert_int_equal(map(0xffffffff, SLOT, GNTMAP_host_map, NULL), GNTST_bad_gntref);
    assert_int_equal(map(10, SLOT, GNTMAP_host_map, NULL), GNTST_general_error); /* empty entry */
    grant(10, 3, 7, GTF_permit_access); /* somebody else's */
    assert_int_equal(map(10, SLOT, GNTMAP_host_map, NULL), GNTST_general_error);
    grant(10, 2, 7, GTF_accept_transfer);
    assert_int_equal(map(10, SLOT, GNTMAP_host_map, NULL), GNTST_general_error);
    grant(10, 2, 7, GTF_permit_access | GTF_sub_page);
    assert_int_equal(map(10, SLOT, GNTMAP_host_map, NULL), GNTST_general_error);
    grant(10, 2, 5000, GTF_permit_access); /* no memory there */
    assert_int_equal(map(10, SLOT, GNTMAP_host_map, NULL), GNTST_bad_page);
    assert_int_equal(entry(giver, 10)->flags, GTF_permit_access);
    *m = (struct gnttab_map_grant_ref){ .host_addr = SLOT, .flags = GNTMAP_host_map, .ref = 9,
        .dom = 9 };
    assert_int_equal(gnttab(GNTTABOP_map_grant_ref, 1), 0);
    assert_int_equal(m->status, GNTST_bad_domain);
    assert_int_equal(type_of(taker, SLOT >> 12), P2M_INVALID);
    assert_int_equal(page_of(giver, 7)->refcount, 1);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access);
    /* arguments that are not there */
    assert_int_equal(fake_hypercall(__HYPERVISOR_grant_table_op, 0, 0xfff0000, 1), -EFAULT);
    assert_int_equal(fake_hypercall(__HYPERVISOR_grant_table_op, 0, ARGS, 0), 0);
    assert_int_equal(fake_hypercall(__HYPERVISOR_grant_table_op, 0, ARGS, 0xffffffff), -EINVAL);
    assert_int_equal(fake_hypercall(__HYPERVISOR_grant_table_op, 99, ARGS, 1), -ENOSYS);
}

static void map_denied_by_policy_leaves_no_trace(void **state)
{
    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    fake_deny_class = SECCLASS_GRANT_OP;
    fake_deny_perm = GRANT_OP__MAP_WRITE;
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, NULL), GNTST_permission_denied);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access);
    assert_int_equal(page_of(giver, 7)->refcount, 1);
    assert_int_equal(type_of(taker, SLOT >> 12), P2M_INVALID);
    assert_int_equal(giver->refcount, 2);
    /* the answer is the same for an entry that does not exist */
    assert_int_equal(map(5000, SLOT, GNTMAP_host_map, NULL), GNTST_permission_denied);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map | GNTMAP_readonly, NULL), GNTST_okay);
}

/* Each flag is asked about, also those that are not offered: what policy denies is said before that. */
static void map_flags_are_permissions(void **state)
{
    static const struct {
        uint32_t flag, perm;
    } flags[] = {
        { GNTMAP_host_map, GRANT_OP__MAP_HOST },
        { GNTMAP_device_map, GRANT_OP__MAP_DEVICE },
        { GNTMAP_application_map, GRANT_OP__MAP_APPLICATION },
        { GNTMAP_contains_pte, GRANT_OP__MAP_PTE },
    };

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    fake_deny_class = SECCLASS_GRANT_OP;
    for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
        fake_deny_perm = flags[i].perm;
        assert_int_equal(map(9, SLOT, flags[i].flag, NULL), GNTST_permission_denied);
        assert_int_equal(fake_last_perm, GRANT_OP__MAP_READ | GRANT_OP__MAP_WRITE | flags[i].perm);
        fake_deny_perm = ~flags[i].perm & (GRANT_OP__MAP_HOST | GRANT_OP__MAP_DEVICE | GRANT_OP__MAP_APPLICATION |
                                           GRANT_OP__MAP_PTE);
        assert_int_not_equal(map(9, SLOT, flags[i].flag | GNTMAP_readonly, NULL), GNTST_permission_denied);
    }
}

static void map_own_grant_works(void **state)
{
    struct gnttab_map_grant_ref *m = args;

    (void)state;
    fake_run(giver);
    args = fake_gaddr(giver, ARGS);
    m = args;
    grant(9, 1, 7, GTF_permit_access);
    *m = (struct gnttab_map_grant_ref){ .host_addr = SLOT, .flags = GNTMAP_host_map, .ref = 9,
                                        .dom = DOMID_SELF };
    assert_int_equal(gnttab(GNTTABOP_map_grant_ref, 1), 0);
    assert_int_equal(m->status, GNTST_okay);
    assert_ptr_equal(page_of(giver, SLOT >> 12), page_of(giver, 7));
    assert_int_equal(unmap(m->handle, SLOT), GNTST_okay);
}

static void unmap_bad_requests_get_their_status(void **state)
{
    struct gnttab_unmap_grant_ref *u = args;
    uint32_t handle;

    (void)state;
    assert_int_equal(unmap(0, SLOT), GNTST_bad_handle);
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    assert_int_equal(unmap(handle + 1, SLOT), GNTST_bad_handle);
    assert_int_equal(unmap(0xffffffff, SLOT), GNTST_bad_handle);
    assert_int_equal(unmap(handle, SLOT + 0x1000), GNTST_bad_virt_addr);
    *u = (struct gnttab_unmap_grant_ref){ .host_addr = SLOT, .dev_bus_addr = 5, .handle = handle };
    assert_int_equal(gnttab(GNTTABOP_unmap_grant_ref, 1), 0);
    assert_int_equal(u->status, GNTST_bad_dev_addr);
    assert_int_equal(unmap(handle, 0), GNTST_okay); /* nothing named, nothing undone */
    assert_int_equal(type_of(taker, SLOT >> 12), P2M_GRANT_RW);
    fake_deny_class = SECCLASS_GRANT_OP;
    fake_deny_perm = GRANT_OP__UNMAP_GRANT_REF;
    assert_int_equal(unmap(handle, SLOT), GNTST_permission_denied);
    assert_int_equal(type_of(taker, SLOT >> 12), P2M_GRANT_RW);
    fake_deny_perm = 0;
    assert_int_equal(unmap(handle, SLOT), GNTST_okay);
    assert_int_equal(unmap(handle, SLOT), GNTST_bad_handle);
    assert_int_equal(giver->refcount, 2);
}

static void unmap_of_anothers_handle_is_refused(void **state)
{
    uint32_t handle;
    struct domain *third = fake_domain(3, 64);

    (void)state;
    assert_int_equal(mem_populate(third, _gfn(0), 16), 0);
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    fake_run(third);
    args = fake_gaddr(third, ARGS);
    assert_int_equal(unmap(handle, SLOT), GNTST_bad_handle);
    assert_int_equal(type_of(taker, SLOT >> 12), P2M_GRANT_RW);
    fake_domain_kill(third);
}

static void unmap_twice_in_one_batch_second_fails(void **state)
{
    struct gnttab_unmap_grant_ref *u = args;
    uint32_t handle;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    u[0] = u[1] = (struct gnttab_unmap_grant_ref){ .host_addr = SLOT, .handle = handle };
    assert_int_equal(gnttab(GNTTABOP_unmap_grant_ref, 2), 0);
    assert_int_equal(u[0].status, GNTST_okay);
    assert_int_equal(u[1].status, GNTST_bad_handle);
    assert_int_equal(page_of(giver, 7)->refcount, 1);
}

static void batches_have_a_status_each_and_one_flush_per_chunk(void **state)
{
    struct gnttab_map_grant_ref *m = args;
    struct gnttab_unmap_grant_ref *u = args;
    uint32_t handles[60];
    unsigned before;

    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        if (i != 31) {
            grant(100 + i, 2, i == 3 ? 0 : i, GTF_permit_access);
        }
        m[i] = (struct gnttab_map_grant_ref){ .host_addr = SLOT + i * 0x1000ull,
            .flags = GNTMAP_host_map,
                                              .ref = 100 + i, .dom = 1, .status = 77 };
    }
    fake_preempt_after = 1;
    assert_int_equal(gnttab(GNTTABOP_map_grant_ref, 60), 0);
    assert_int_equal(fake_reissues, 1);
    for (unsigned i = 0; i < 60; i++) {
        assert_int_equal(m[i].status, i == 31 ? GNTST_general_error : GNTST_okay);
        handles[i] = i == 31 ? 0xffff : m[i].handle;
    }
    before = fake_flushes;
    for (unsigned i = 0; i < 60; i++) {
        u[i] = (struct gnttab_unmap_grant_ref){ .host_addr = SLOT + i * 0x1000ull,
            .handle = handles[i] };
    }
    assert_int_equal(gnttab(GNTTABOP_unmap_grant_ref, 60), 0);
    for (unsigned i = 0; i < 60; i++) {
        assert_int_equal(u[i].status, i == 31 ? GNTST_bad_handle : GNTST_okay);
        assert_int_equal(entry(giver, 100 + i)->flags, i == 31 ? 0 : GTF_permit_access);
    }
    assert_true(fake_flushes - before <= 3);
}

static void marks_in_flush(void)
{
    /* The translation may still be in a TLB: the granting domain must see its entry in use. */
    assert_true(entry(giver, 9)->flags & GTF_writing);
    assert_true(page_of(giver, 7)->refcount >= 2);
}

static void unmap_marks_go_after_the_flush(void **state)
{
    uint32_t handle;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    fake_flush_hook = marks_in_flush;
    assert_int_equal(unmap(handle, SLOT), GNTST_okay);
    assert_false(entry(giver, 9)->flags & GTF_writing);
}

static void unmap_and_replace_is_for_pv_guests(void **state)
{
    struct gnttab_unmap_and_replace *u = args;
    uint32_t handle;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    *u = (struct gnttab_unmap_and_replace){ .host_addr = SLOT, .handle = handle, .status = 77 };
    assert_int_equal(gnttab(GNTTABOP_unmap_and_replace, 1), 0);
    assert_int_equal(u->status, GNTST_general_error);
    u->handle = 99;
    assert_int_equal(gnttab(GNTTABOP_unmap_and_replace, 1), 0);
    assert_int_equal(u->status, GNTST_bad_handle);
    assert_int_equal(type_of(taker, SLOT >> 12), P2M_GRANT_RW);
    assert_int_equal(unmap(handle, SLOT), GNTST_okay);
}

/*
 * -- a hostile granting domain ------------------------------------------------------------------
 */

static void entry_change(void)
{
    grant(9, 2, 8, GTF_permit_access);
}

static void map_entry_changed_before_the_look_counts_as_changed(void **state)
{
    uint32_t handle;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    fake_check_hook = entry_change;
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    assert_ptr_equal(page_of(taker, SLOT >> 12), page_of(giver, 8));
    fake_check_hook = NULL;
    /* Changed while mapped: what was mapped stays, further maps get the same page. */
    grant(9, 2, 6, GTF_permit_access);
    assert_int_equal(map(9, SLOT + 0x1000, GNTMAP_host_map, NULL), GNTST_okay);
    assert_ptr_equal(page_of(taker, (SLOT >> 12) + 1), page_of(giver, 8));
    grant(9, 3, 6, GTF_permit_access); /* now for somebody else: no new use for us */
    assert_int_equal(map(9, SLOT + 0x2000, GNTMAP_host_map, NULL), GNTST_general_error);
    assert_int_equal(unmap(handle, SLOT), GNTST_okay);
}

static void giver_memory_given_back_while_mapped_stays(void **state)
{
    struct page_info *pg = page_of(giver, 7);
    struct p2m_batch b;
    uint32_t handle;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    p2m_batch_init(&b);
    assert_int_equal(p2m_unmap(giver, _gfn(7), &b), 0);
    p2m_batch_flush(giver, &b);
    assert_int_equal(pg->refcount, 2);
    assert_int_equal(pg->state, PAGE_DOMAIN);
    assert_int_equal(unmap(handle, SLOT), GNTST_okay);
    assert_int_equal(pg->state, PAGE_FREE);
}

static void granting_what_is_not_own_memory_is_refused(void **state)
{
    struct page_info *pg = page_of(taker, 30), *si = page_alloc_resident(giver);
    struct p2m_batch b;

    (void)state;
    p2m_batch_init(&b);
    assert_true(page_get_more(pg));
    assert_int_equal(p2m_replace(giver, _gfn(100), page_to_mfn(pg), P2M_FOREIGN_RW, P2M_SET_RAM,
        &b), 0);
    assert_int_equal(p2m_map(giver, _gfn(101), _mfn(0xfee00), 0, P2M_MMIO_DIRECT), 0);
    giver->shared_info = page_to_virt(si);
    assert_true(page_get_more(si));
    assert_int_equal(p2m_map(giver, _gfn(102), page_to_mfn(si), 0, P2M_RAM_RW), 0);
    for (uint32_t g = 100; g < 103; g++) {
        grant(9, 2, g, GTF_permit_access);
        assert_int_equal(map(9, SLOT, GNTMAP_host_map, NULL), GNTST_bad_page);
        assert_int_equal(entry(giver, 9)->flags, GTF_permit_access);
    }
}

/*
 * -- death --------------------------------------------------------------------------------------
 */

static void giver_dies_mapped_pages_live_until_unmapped(void **state)
{
    struct page_info *pg = page_of(giver, 7);
    uint32_t handle, second;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    assert_int_equal(map(9, SLOT + 0x1000, GNTMAP_host_map | GNTMAP_readonly, &second), GNTST_okay);
    *(uint64_t *)page_to_virt(pg) = 4711;
    fake_domain_kill(giver);
    assert_int_equal(fake_domains_alive, 2);
    assert_int_equal(*(uint64_t *)fake_gaddr(taker, SLOT), 4711);
    assert_int_equal(unmap(handle, SLOT), GNTST_okay);
    assert_int_equal(fake_domains_alive, 2);
    assert_int_equal(unmap(second, SLOT + 0x1000), GNTST_okay);
    assert_int_equal(fake_domains_alive, 1);
    assert_int_equal(pg->state, PAGE_FREE);
    giver = NULL;
}

static void taker_dies_everything_is_given_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        grant(100 + i, 2, i, GTF_permit_access);
        assert_int_equal(map(100 + i, SLOT + i * 0x1000ull, GNTMAP_host_map, NULL), GNTST_okay);
    }
    fake_domain_kill(taker);
    taker = NULL;
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(entry(giver, 100 + i)->flags, GTF_permit_access);
        assert_int_equal(page_of(giver, i)->refcount, i == 3 ? 2 : 1); /* 3 is the table itself */
    }
    assert_int_equal(fake_domains_alive, 1);
}

static void dying_giver_grants_nothing_more(void **state)
{
    struct gnttab_query_size *q = args;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    grant_destroy(giver);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, NULL), GNTST_bad_domain);
    *q = (struct gnttab_query_size){ .dom = 1, .status = 77 };
    assert_int_equal(gnttab(GNTTABOP_query_size, 1), 0);
}

/*
 * -- copy ---------------------------------------------------------------------------------------
 */

static int copy(struct gnttab_copy c)
{
    struct gnttab_copy *op = args;

    c.status = 77;
    *op = c;
    assert_int_equal(gnttab(GNTTABOP_copy, 1), 0);
    return op->status;
}

static void copy_between_own_and_granted(void **state)
{
    uint8_t *own = fake_gaddr(taker, 20 << 12), *theirs = fake_gaddr(giver, 7 << 12);

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    for (unsigned i = 0; i < 4096; i++) {
        own[i] = (uint8_t)(i * 3 + i / 256);
    }
    assert_int_equal(copy((struct gnttab_copy){ .source = { .u.gmfn = 20, .domid = DOMID_SELF },
                                                .dest = { .u.ref = 9, .domid = 1 },
                                                .len = 4096, .flags = GNTCOPY_dest_gref }),
                     GNTST_okay);
    assert_memory_equal(own, theirs, 4096);
    assert_int_equal(fake_last_class, SECCLASS_GRANT_OP); /* after where the data goes */
    assert_int_equal(fake_last_perm, GRANT_OP__COPY_TO);
    assert_int_equal(fake_last_target, giver->sid);
    assert_int_equal(fake_questions, 2);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access);
    memset(own, 0, 4096);
    assert_int_equal(copy((struct gnttab_copy){ .source = { .u.ref = 9, .domid = 1, .offset = 101 },
                                                .dest = { .u.gmfn = 20, .domid = 2,
                                                    .offset = 4096 - 77 },
                                                .len = 77, .flags = GNTCOPY_source_gref }),
                     GNTST_okay);
    assert_memory_equal(own + 4096 - 77, theirs + 101, 77);
    assert_int_equal(own[4096 - 78], 0);
    assert_int_equal(copy((struct gnttab_copy){ .source = { .u.gmfn = 20, .domid = DOMID_SELF },
                                                .dest = { .u.gmfn = 21, .domid = DOMID_SELF },
                                                    .len = 4096 }),
                     GNTST_okay);
    assert_memory_equal(own, fake_gaddr(taker, 21 << 12), 4096);
    assert_int_equal(page_of(giver, 7)->refcount, 1);
    assert_int_equal(page_of(taker, 20)->refcount, 1);
}

static void copy_grant_to_grant_of_third(void **state)
{
    struct domain *third = fake_domain(3, 64);

    (void)state;
    assert_int_equal(mem_populate(third, _gfn(0), 16), 0);
    table_map(third);
    *entry(third, 4) = (grant_entry_v1_t){ .flags = GTF_permit_access | GTF_readonly, .domid = 2,
        .frame = 6 };
    grant(9, 2, 7, GTF_permit_access);
    *(uint64_t *)fake_gaddr(third, 6 << 12) = 0xabcdef;
    assert_int_equal(copy((struct gnttab_copy){ .source = { .u.ref = 4, .domid = 3 },
                                                .dest = { .u.ref = 9, .domid = 1 }, .len = 16,
                                                .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref }),
                     GNTST_okay);
    assert_int_equal(*(uint64_t *)fake_gaddr(giver, 7 << 12), 0xabcdef);
    assert_int_equal(fake_questions, 3);
    /* the other way: read-only */
    assert_int_equal(copy((struct gnttab_copy){ .dest = { .u.ref = 4, .domid = 3 },
                                                .source = { .u.ref = 9, .domid = 1 }, .len = 16,
                                                .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref }),
                     GNTST_general_error);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access);
    fake_domain_kill(third);
}

static void copy_bad_requests_get_their_status(void **state)
{
    struct gnttab_copy good = { .source = { .u.gmfn = 20, .domid = DOMID_SELF },
                                .dest = { .u.ref = 9, .domid = 1 }, .len = 16,
                                    .flags = GNTCOPY_dest_gref }, c;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    c = good, c.source.offset = 4090;
    assert_int_equal(copy(c), GNTST_bad_copy_arg);
    c = good, c.dest.offset = 65535;
    assert_int_equal(copy(c), GNTST_bad_copy_arg);
    c = good, c.len = 4097;
    assert_int_equal(copy(c), GNTST_bad_copy_arg);
    c = good, c.source.domid = 1; /* another's page without a grant */
    assert_int_equal(copy(c), GNTST_permission_denied);
    c = good, c.source.u.gmfn = 9999;
    assert_int_equal(copy(c), GNTST_bad_page);
    c = good, c.source.u.gmfn = ~0ull;
    assert_int_equal(copy(c), GNTST_bad_page);
    c = good, c.dest.u.ref = 600;
    assert_int_equal(copy(c), GNTST_bad_gntref);
    c = good, c.dest.u.ref = 10;
    assert_int_equal(copy(c), GNTST_general_error);
    c = good, c.dest.domid = 9;
    assert_int_equal(copy(c), GNTST_bad_domain);
    *(uint64_t *)fake_gaddr(giver, 7 << 12) = 5;
    fake_deny_class = SECCLASS_GRANT_OP;
    fake_deny_perm = GRANT_OP__COPY_TO;
    assert_int_equal(copy(good), GNTST_permission_denied);
    fake_deny_class = SECCLASS_GRANT;
    fake_deny_perm = GRANT__COPY;
    assert_int_equal(copy(good), GNTST_permission_denied);
    c = good, c.flags = 0, c.dest = c.source;
    assert_int_equal(copy(c), GNTST_permission_denied); /* even its own are asked about */
    assert_int_equal(*(uint64_t *)fake_gaddr(giver, 7 << 12), 5);
    assert_int_equal(page_of(taker, 20)->refcount, 1);
    assert_int_equal(giver->refcount, 2);
}

static void copy_to_own_read_only_mapping_is_refused(void **state)
{
    (void)state;
    grant(9, 2, 7, GTF_permit_access | GTF_readonly);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map | GNTMAP_readonly, NULL), GNTST_okay);
    assert_int_equal(copy((struct gnttab_copy){ .source = { .u.gmfn = 20, .domid = DOMID_SELF },
                                                .dest = { .u.gmfn = SLOT >> 12,
                                                    .domid = DOMID_SELF },
                                                .len = 8 }),
                     GNTST_bad_page);
}

/*
 * -- transfer -----------------------------------------------------------------------------------
 */

static int transfer(uint64_t gfn, uint32_t ref)
{
    struct gnttab_transfer *t = args;

    *t = (struct gnttab_transfer){ .mfn = gfn, .domid = 1, .ref = ref, .status = 77 };
    assert_int_equal(gnttab(GNTTABOP_transfer, 1), 0);
    return t->status;
}

static void transfer_moves_page_and_account(void **state)
{
    struct page_info *pg = page_of(taker, 20);
    uint64_t mine = taker->tot_pages, theirs = giver->tot_pages;

    (void)state;
    grant(9, 2, 300, GTF_accept_transfer);
    assert_int_equal(transfer(20, 9), GNTST_okay);
    assert_int_equal(fake_last_perm, GRANT_OP__TRANSFER);
    assert_ptr_equal(page_of(giver, 300), pg);
    assert_ptr_equal(pg->owner, giver);
    assert_int_equal(pg->refcount, 1);
    assert_int_equal(type_of(taker, 20), P2M_INVALID);
    assert_int_equal(taker->tot_pages, mine - 1);
    assert_int_equal(giver->tot_pages, theirs + 1);
    assert_int_equal(entry(giver, 9)->flags,
                     GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
}

static void transfer_refused_keeps_the_page(void **state)
{
    struct page_info *pg = page_of(taker, 20);
    uint64_t pages = giver->tot_pages;

    (void)state;
    grant(9, 2, 300, GTF_accept_transfer);
    assert_int_equal(transfer(9999, 9), GNTST_bad_page);
    assert_int_equal(transfer(20, 600), GNTST_bad_gntref);
    assert_int_equal(transfer(20, 10), GNTST_bad_gntref);
    grant(10, 3, 300, GTF_accept_transfer);
    assert_int_equal(transfer(20, 10), GNTST_bad_gntref);
    grant(10, 2, 300, GTF_permit_access);
    assert_int_equal(transfer(20, 10), GNTST_bad_gntref);
    grant(10, 2, 7, GTF_accept_transfer); /* occupied */
    assert_int_equal(transfer(20, 10), GNTST_general_error);
    assert_int_equal(entry(giver, 10)->flags, GTF_accept_transfer);
    giver->max_pages = giver->tot_pages;
    assert_int_equal(transfer(20, 9), GNTST_no_space);
    giver->max_pages = 1024;
    assert_true(page_get(pg, taker)); /* in use elsewhere */
    assert_int_equal(transfer(20, 9), GNTST_bad_page);
    page_put(pg);
    fake_deny_class = SECCLASS_GRANT_OP;
    fake_deny_perm = GRANT_OP__TRANSFER;
    assert_int_equal(transfer(20, 9), GNTST_permission_denied);
    assert_ptr_equal(page_of(taker, 20), pg);
    assert_ptr_equal(pg->owner, taker);
    assert_int_equal(pg->refcount, 1);
    assert_int_equal(giver->tot_pages, pages);
    assert_int_equal(entry(giver, 9)->flags, GTF_accept_transfer);
}

/*
 * -- tables -------------------------------------------------------------------------------------
 */

static void setup_grows_to_the_limit(void **state)
{
    struct gnttab_setup_table *s = args;
    struct gnttab_query_size *q = args;
    uint64_t *frames = fake_gaddr(taker, OUTS);

    (void)state;
    frames[2] = 77;
    *s = (struct gnttab_setup_table){ .dom = DOMID_SELF, .nr_frames = 2, .status = 77 };
    s->frame_list.p = (xen_pfn_t *)OUTS;
    assert_int_equal(gnttab(GNTTABOP_setup_table, 1), 0);
    assert_int_equal(s->status, GNTST_okay);
    assert_int_equal(frames[0], INVALID_FRAME);
    assert_int_equal(frames[2], 77);
    assert_int_equal(fake_last_perm, GRANT_OP__SETUP_TABLE);
    s->nr_frames = GRANT_MAX_FRAMES + 1;
    assert_int_equal(gnttab(GNTTABOP_setup_table, 1), 0);
    assert_int_equal(s->status, GNTST_general_error);
    s->nr_frames = 1;
    s->frame_list.p = (xen_pfn_t *)0xfff0000;
    assert_int_equal(gnttab(GNTTABOP_setup_table, 1), 0);
    assert_int_equal(s->status, GNTST_bad_virt_addr);
    s->dom = 9;
    assert_int_equal(gnttab(GNTTABOP_setup_table, 1), 0);
    assert_int_equal(s->status, GNTST_bad_domain);
    *q = (struct gnttab_query_size){ .dom = DOMID_SELF, .status = 77 };
    assert_int_equal(gnttab(GNTTABOP_query_size, 1), 0);
    assert_int_equal(q->status, GNTST_okay);
    assert_int_equal(q->nr_frames, 2);
    assert_int_equal(q->max_nr_frames, GRANT_MAX_FRAMES);
    fake_deny_class = SECCLASS_GRANT_OP;
    fake_deny_perm = GRANT_OP__QUERY_SIZE;
    assert_int_equal(gnttab(GNTTABOP_query_size, 2), -EINVAL); /* one at a time */
    q->nr_frames = 66;
    assert_int_equal(gnttab(GNTTABOP_query_size, 1), 0);
    assert_int_equal(q->status, GNTST_permission_denied);
    assert_int_equal(q->nr_frames, 66);
}

static void versions_offer_one(void **state)
{
    struct gnttab_set_version *v = args;
    struct gnttab_get_version *g = args;
    struct gnttab_get_status_frames *f = args;

    (void)state;
    v->version = 2;
    assert_int_equal(gnttab(GNTTABOP_set_version, 1), -ENOSYS);
    v->version = 3;
    assert_int_equal(gnttab(GNTTABOP_set_version, 1), -EINVAL);
    v->version = 1;
    assert_int_equal(gnttab(GNTTABOP_set_version, 1), 0);
    assert_int_equal(v->version, 1);
    *g = (struct gnttab_get_version){ .dom = DOMID_SELF };
    assert_int_equal(gnttab(GNTTABOP_get_version, 1), 0);
    assert_int_equal(g->version, 1);
    g->dom = 9;
    assert_int_equal(gnttab(GNTTABOP_get_version, 1), -ESRCH);
    *f = (struct gnttab_get_status_frames){ .dom = DOMID_SELF, .nr_frames = 1, .status = 77 };
    assert_int_equal(gnttab(GNTTABOP_get_status_frames, 1), 0);
    assert_int_equal(f->status, GNTST_general_error);
    assert_int_equal(gnttab(GNTTABOP_dump_table, 1), -ENOSYS);
    assert_int_equal(gnttab(GNTTABOP_cache_flush, 1), -EOPNOTSUPP);
}

static void swap_exchanges_unused_entries(void **state)
{
    struct gnttab_swap_grant_ref *s;
    uint32_t handle;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    grant(10, 3, 8, GTF_permit_access | GTF_readonly);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    fake_run(giver);
    s = fake_gaddr(giver, ARGS);
    *s = (struct gnttab_swap_grant_ref){ .ref_a = 9, .ref_b = 10 };
    assert_int_equal(gnttab(GNTTABOP_swap_grant_ref, 1), 0);
    assert_int_equal(s->status, GNTST_eagain);
    fake_run(taker);
    assert_int_equal(unmap(handle, SLOT), GNTST_okay);
    fake_run(giver);
    assert_int_equal(gnttab(GNTTABOP_swap_grant_ref, 1), 0);
    assert_int_equal(s->status, GNTST_okay);
    assert_int_equal(entry(giver, 9)->domid, 3);
    assert_int_equal(entry(giver, 10)->frame, 7);
    s->ref_b = 512;
    assert_int_equal(gnttab(GNTTABOP_swap_grant_ref, 1), 0);
    assert_int_equal(s->status, GNTST_bad_gntref);
}

static void seed_fills_reserved_entries_only(void **state)
{
    (void)state;
    assert_int_equal(grant_seed(taker, 1, 1, _gfn(5)), 0);
    table_map(taker);
    assert_int_equal(entry(taker, 1)->flags, GTF_permit_access);
    assert_int_equal(entry(taker, 1)->domid, 1);
    assert_int_equal(entry(taker, 1)->frame, 5);
    assert_int_equal(grant_seed(taker, 8, 1, _gfn(5)), -EINVAL);
    assert_int_equal(grant_seed(taker, 1, 1, _gfn(1ull << 33)), -EINVAL);
}

static void handles_run_out_at_the_bound_without_harm(void **state)
{
    struct grant_table *gt = taker->grant;
    uint32_t handle, n = 0;

    (void)state;
    while (track_alloc(gt, &handle)) {
        n++;
    }
    assert_int_equal(n, TRACK_CHUNKS * TRACKS_PER_CHUNK);
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, NULL), GNTST_no_space);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access);
    track_free(gt, 5);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    assert_int_equal(handle, 5);
    while (n-- > 0) {
        if (n != 5) {
            track_free(gt, n);
        }
    }
}

/* Of what the caller has mapped from others no copy is under way that an unmap would not wait for. */
static void copy_through_a_mapping_is_refused(void **state)
{
    struct gnttab_copy *op = args;
    uint32_t handle;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    for (unsigned to = 0; to < 2; to++) {
        *op = (struct gnttab_copy){ .len = 64, .status = 77 };
        op->source.domid = op->dest.domid = DOMID_SELF;
        op->source.u.gmfn = to ? 9 : SLOT >> 12;
        op->dest.u.gmfn = to ? SLOT >> 12 : 9;
        assert_int_equal(gnttab(GNTTABOP_copy, 1), 0);
        assert_int_equal(op->status, GNTST_bad_page);
        assert_int_equal(page_of(giver, 7)->refcount, 3); /* the domain's, the pin's, the mapping's */
    }
    assert_int_equal(unmap(handle, SLOT), GNTST_okay);
}

/* A mapping that is taken apart may still be in a TLB: a revocation has to come back for it before it is done. */
static void look_waits_for_an_unmap_under_way(void **state)
{
    struct grant_table *gt = taker->grant;
    uint32_t handle, at = 0;
    struct grant_track *t;
    bool busy = false;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &handle), GNTST_okay);
    t = track_take(gt, handle);
    assert_non_null(t);
    track_set(gt, t, TRACK_PENDING);
    assert_null(track_take_next(gt, &at, &busy));
    assert_true(busy && at == handle);
    track_set(gt, t, TRACK_MAPPED);
    assert_ptr_equal(track_take_next(gt, &at, &busy), t);
    assert_false(busy);
    track_set(gt, t, TRACK_MAPPED);
    assert_int_equal(grant_release_mappings(taker), 0);
}

/* As a revocation does, which looks at a mapping of a domain that dies, and lets it be. */
static void release_waits_for_a_mapping_in_other_hands(void **state)
{
    struct grant_table *gt = taker->grant;
    uint32_t before, handle, after;
    struct grant_track *t;

    (void)state;
    grant(9, 2, 7, GTF_permit_access);
    assert_int_equal(map(9, SLOT, GNTMAP_host_map, &before), GNTST_okay);
    assert_int_equal(map(9, SLOT + PAGE_SIZE, GNTMAP_host_map, &handle), GNTST_okay);
    assert_int_equal(map(9, SLOT + 2 * PAGE_SIZE, GNTMAP_host_map, &after), GNTST_okay);
    t = track_take(gt, handle);
    assert_non_null(t);
    assert_int_equal(grant_release_mappings(taker), -ERESTART);
    assert_int_equal(grant_release_mappings(taker), -ERESTART);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access | GTF_reading | GTF_writing);
    track_set(gt, t, TRACK_MAPPED);
    assert_int_equal(grant_release_mappings(taker), 0);
    assert_int_equal(entry(giver, 9)->flags, GTF_permit_access);
    assert_int_equal(page_of(giver, 7)->refcount, 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)
    const struct CMUnitTest tests[] = {
        TEST(map_and_unmap_leave_everything_as_before),
        TEST(map_read_only_is_read_only),
        TEST(map_read_and_write_marks_follow_the_users),
        TEST(map_over_own_memory_gives_that_up),
        TEST(map_bad_requests_get_their_status),
        TEST(map_denied_by_policy_leaves_no_trace),
        TEST(map_flags_are_permissions),
        TEST(map_own_grant_works),
        TEST(unmap_bad_requests_get_their_status),
        TEST(unmap_of_anothers_handle_is_refused),
        TEST(unmap_twice_in_one_batch_second_fails),
        TEST(batches_have_a_status_each_and_one_flush_per_chunk),
        TEST(unmap_marks_go_after_the_flush),
        TEST(unmap_and_replace_is_for_pv_guests),
        TEST(map_entry_changed_before_the_look_counts_as_changed),
        TEST(giver_memory_given_back_while_mapped_stays),
        TEST(granting_what_is_not_own_memory_is_refused),
        TEST(giver_dies_mapped_pages_live_until_unmapped),
        TEST(taker_dies_everything_is_given_back),
        TEST(dying_giver_grants_nothing_more),
        TEST(copy_between_own_and_granted),
        TEST(copy_grant_to_grant_of_third),
        TEST(copy_bad_requests_get_their_status),
        TEST(copy_to_own_read_only_mapping_is_refused),
        TEST(transfer_moves_page_and_account),
        TEST(transfer_refused_keeps_the_page),
        TEST(setup_grows_to_the_limit),
        TEST(versions_offer_one),
        TEST(swap_exchanges_unused_entries),
        TEST(seed_fills_reserved_entries_only),
        TEST(handles_run_out_at_the_bound_without_harm),
        TEST(copy_through_a_mapping_is_refused),
        TEST(look_waits_for_an_unmap_under_way),
        TEST(release_waits_for_a_mapping_in_other_hands),
    };

    return cmocka_run_group_tests(tests, fake_setup, NULL);
}
