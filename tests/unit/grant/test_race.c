/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A granting domain that changes its entry between the look and the compare-exchange. The code
 * under test is compiled with a compare-exchange that lets the guest run first.
 */
#include "../mem/fake_mem.h"

#include <public/grant_table.h>

static grant_entry_v1_t *victim;
static unsigned steps;
static void (*guest_step)(unsigned step);

static void guest_runs(void)
{
    if (guest_step) {
        guest_step(++steps);
    }
}

#define __atomic_compare_exchange_n(p, e, d, w, s, f)                                              \
    (guest_runs(), __atomic_compare_exchange_n(p, e, d, w, s, f))
#include "../../../xen/common/grant/pin.c"
#undef __atomic_compare_exchange_n

static struct domain *giver, *taker;

static int each_setup(void **state)
{
    struct page_info *pg;

    (void)state;
    fake_reset();
    steps = 0;
    guest_step = NULL;
    giver = fake_domain(1, 256);
    taker = fake_domain(2, 256);
    assert_int_equal(mem_populate(giver, _gfn(0), 32), 0);
    assert_int_equal(grant_get_frame(giver, 0, &pg), 0);
    victim = (grant_entry_v1_t *)page_to_virt(pg) + 9;
    page_put(pg);
    *victim = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = 2, .frame = 7 };
    return 0;
}

static int each_teardown(void **state)
{
    (void)state;
    guest_step = NULL;
    fake_domain_kill(taker);
    fake_domain_kill(giver);
    return (int)fake_domains_alive;
}

static struct page_info *frame(uint64_t gfn)
{
    enum p2m_type t;

    return mfn_to_page(p2m_lookup_locked(giver, _gfn(gfn), &t));
}

static void revoke_once(unsigned step)
{
    if (step == 1) {
        victim->flags = 0;
    }
}

static void other_frame_once(unsigned step)
{
    if (step == 1) {
        victim->frame = 8;
    }
}

static void other_domain_once(unsigned step)
{
    if (step == 1) {
        victim->domid = 3;
    }
}

static void read_only_once(unsigned step)
{
    if (step == 1) {
        victim->flags = GTF_permit_access | GTF_readonly;
    }
}

static void never_still(unsigned step)
{
    victim->frame = 8 + (step & 1);
}

static void pin_entry_revoked_in_between_is_refused(void **state)
{
    struct page_info *pg;

    (void)state;
    guest_step = revoke_once;
    assert_int_equal(grant_pin(giver, 9, taker, true, &pg), -EIO);
    assert_int_equal(victim->flags, 0); /* no mark on a revoked entry */
    assert_int_equal(frame(7)->refcount, 1);
}

static void pin_entry_given_to_another_in_between_is_refused(void **state)
{
    struct page_info *pg;

    (void)state;
    guest_step = other_domain_once;
    assert_int_equal(grant_pin(giver, 9, taker, true, &pg), -EIO);
    assert_int_equal(victim->flags, GTF_permit_access);
}

static void pin_entry_made_read_only_in_between_minds_it(void **state)
{
    struct page_info *pg;

    (void)state;
    guest_step = read_only_once;
    assert_int_equal(grant_pin(giver, 9, taker, true, &pg), -EIO);
    steps = 0;
    victim->flags = GTF_permit_access;
    assert_int_equal(grant_pin(giver, 9, taker, false, &pg), 0);
    assert_int_equal(victim->flags, GTF_permit_access | GTF_readonly | GTF_reading);
    guest_step = NULL;
    grant_unpin(giver, 9, false);
}

static void pin_frame_changed_in_between_is_the_one_checked(void **state)
{
    struct page_info *pg;

    (void)state;
    guest_step = other_frame_once;
    assert_int_equal(grant_pin(giver, 9, taker, true, &pg), 0);
    assert_ptr_equal(pg, frame(8)); /* the value that was marked */
    guest_step = NULL;
    grant_unpin(giver, 9, true);
    assert_int_equal(frame(8)->refcount, 1);
}

static void pin_entry_never_still_gives_up(void **state)
{
    struct page_info *pg;

    (void)state;
    guest_step = never_still;
    assert_int_equal(grant_pin(giver, 9, taker, true, &pg), -EIO);
    assert_int_equal(steps, 5);
    assert_false(victim->flags & (GTF_reading | GTF_writing));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)
    const struct CMUnitTest tests[] = {
        TEST(pin_entry_revoked_in_between_is_refused),
        TEST(pin_entry_given_to_another_in_between_is_refused),
        TEST(pin_entry_made_read_only_in_between_minds_it),
        TEST(pin_frame_changed_in_between_is_the_one_checked),
        TEST(pin_entry_never_still_gives_up),
    };

    return cmocka_run_group_tests(tests, fake_setup, NULL);
}
