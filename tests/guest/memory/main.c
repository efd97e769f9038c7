/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XENMEM: giving memory back and asking for it, and questions about it.
 *
 * Source: public/memory.h. populate_physmap and decrease_reservation answer how many extents they did; the others 0 or an
 * error. A correct hypervisor counts exactly, gives out pages that are clear, refuses lists and structures it cannot
 * read, and never does more than it says. A broken one loses or invents pages (the reservation drifts), shows what
 * somebody left in a page, or follows a wild pointer or count.
 */
#include "../guest.h"

#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include <public/memory.h>

#define MANY 300u

static xen_pfn_t list[4096] __attribute__((aligned(4096)));

static long reservation(unsigned int cmd)
{
    struct xen_memory_domain arg = { .domid = DOMID_SELF };

    return hc_memory_op(cmd, &arg);
}

static long current(void)
{
    return reservation(XENMEM_current_reservation);
}

static long change(unsigned int cmd, xen_pfn_t *gfns, uint64_t count, unsigned int order)
{
    struct xen_memory_reservation arg = {
        .nr_extents = count, .extent_order = order, .domid = DOMID_SELF,
    };

    set_xen_guest_handle(arg.extent_start, gfns);
    return hc_memory_op(cmd, &arg);
}

#define GIVE(gfns, count, order) change(XENMEM_decrease_reservation, gfns, count, order)
#define TAKE(gfns, count, order) change(XENMEM_populate_physmap, gfns, count, order)

static bool is_clear(const void *page, size_t size)
{
    const volatile uint64_t *p = page;

    for (size_t i = 0; i < size / sizeof(*p); i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

static void test_questions(void)
{
    struct xen_memory_domain arg = { .domid = 0x1234 };
    long c = current(), m = reservation(XENMEM_maximum_reservation);

    tap_ok(c > 0 && c <= m, "reservation of %ld pages, at most %ld", c, m);
    tap_ok(reservation(XENMEM_maximum_gpfn) >= (long)page_ram_count(), "the last gfn is above RAM");
    tap_ok(hc_memory_op(XENMEM_maximum_ram_page, NULL) > 0, "maximum_ram_page needs no argument");
    tap_is(hc_memory_op(XENMEM_current_reservation, &arg), -XEN_ESRCH, "of a domain that is not");
    arg.domid = DOMID_XEN;
    tap_is(hc_memory_op(XENMEM_current_reservation, &arg), -XEN_ESRCH, "of DOMID_XEN");
    arg.domid = 0xffff;
    tap_is(hc_memory_op(XENMEM_current_reservation, &arg), -XEN_ESRCH, "of domain 0xffff");
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_memory_op(XENMEM_current_reservation, bad)), 0,
           "bad pointers: current_reservation");
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_memory_op(XENMEM_populate_physmap, bad)), 0,
           "bad pointers: populate_physmap");
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_memory_op(XENMEM_add_to_physmap, bad)), 0,
           "bad pointers: add_to_physmap");
    tap_is(current(), c, "the reservation is what it was");
}

static void test_one_page(void)
{
    char *page = page_alloc(1);
    xen_pfn_t gfn = virt_to_gfn(page);
    long before = current();

    memset(page, 0xa5, PAGE_SIZE);
    tap_is(GIVE(&gfn, 1, 0), 1, "a page is given back");
    tap_is(current(), before - 1, "the reservation is one less");
    tap_is(GIVE(&gfn, 1, 0), 0, "it cannot be given back twice");
    tap_is(current(), before - 1, "nor does that count");
    tap_is(TAKE(&gfn, 1, 0), 1, "a page is taken");
    tap_is(current(), before, "the reservation is complete");
    tap_ok(is_clear(page, PAGE_SIZE), "the new page is clear");
    page[17] = 1;
    tap_is(TAKE(&gfn, 1, 0), 0, "a frame that has memory takes no other");
    tap_ok(page[17] == 1 && current() == before, "and keeps its own");
    page_free(page, 1);
}

static void test_large(void)
{
    char *block = page_alloc(1536);
    char *aligned = (char *)(((uintptr_t)block + 0x1fffff) & ~0x1ffffful);
    xen_pfn_t gfn = virt_to_gfn(aligned), odd;
    long before = current();

    memset(aligned, 0x5a, 512 * PAGE_SIZE);
    tap_is(GIVE(&gfn, 1, 9), 1, "2 MiB are given back");
    tap_is(current(), before - 512, "the reservation is 512 less");
    tap_is(TAKE(&gfn, 1, 9), 1, "2 MiB are taken");
    tap_is(current(), before, "the reservation is complete");
    tap_ok(is_clear(aligned, 512 * PAGE_SIZE), "they are clear");
    odd = gfn + 100;
    memset(aligned, 0x5a, 512 * PAGE_SIZE);
    tap_is(GIVE(&odd, 1, 0), 1, "one page out of the middle");
    tap_is(TAKE(&gfn, 1, 9), 0, "a block that is partly there is not taken");
    tap_is(current(), before - 1, "not even in part");
    tap_ok(aligned[99 * PAGE_SIZE] == 0x5a && aligned[101 * PAGE_SIZE] == 0x5a,
           "its neighbours are untouched");
    tap_is(GIVE(&gfn, 1, 9), 0, "a block that is partly there is no extent");
    /* What it did of that extent is not told: take what is missing, by pages. */
    for (unsigned int i = 0; i < 512; i++) {
        list[i] = gfn + i;
        (void)TAKE(&list[i], 1, 0);
    }
    tap_is(current(), before, "all of it is back");
    page_free(block, 1536);
}

static void test_lists(void)
{
    char *block = page_alloc(MANY);
    long before = current();

    for (unsigned int i = 0; i < MANY; i++) {
        list[i] = virt_to_gfn(block) + i;
    }
    tap_is(GIVE(list, MANY, 0), MANY, "%u pages at once", MANY);
    tap_is(current(), before - MANY, "are missing");
    for (unsigned int i = 0; i < MANY; i++) {
        list[i] = virt_to_gfn(block) + MANY - 1 - i;
    }
    list[200] = (1ul << 36) + 5;
    tap_is(TAKE(list, MANY, 0), 200, "taking them stops at the first bad frame");
    tap_is(current(), before - MANY + 200, "and counts so");
    list[200] = virt_to_gfn(block) + MANY - 1 - 200;
    /* A caller that goes on by itself, by the number in the upper bits of the command. */
    tap_is(change(XENMEM_populate_physmap | 200u << 6, list, MANY, 0), MANY, "going on from 200");
    tap_is(current(), before, "all are there");
    tap_is(change(XENMEM_populate_physmap | 500u << 6, list, MANY, 0), 500,
           "going on behind the end does nothing");
    tap_ok(is_clear(block, MANY * PAGE_SIZE), "all are clear");
    page_free(block, MANY);
}

static void test_bad_requests(void)
{
    static const xen_pfn_t frames[] = { 1ul << 36, 1ul << 40, 1ul << 52, ~0ul, ~0ul >> 1, ~0ul >> 12 };
    static const unsigned int orders[] = { 10, 18, 31, 32, 52, 63, 64, 255, ~0u };
    static const uint64_t counts[] = { ~0ul, ~0ul >> 1, ~0ul >> 3, 1ul << 61, 1ul << 58 };
    struct xen_memory_reservation arg = { .nr_extents = 1, .domid = 0x1234 };
    char *end = page_alloc(2);
    xen_pfn_t *edge = (xen_pfn_t *)(end + PAGE_SIZE) - 2;
    xen_pfn_t gfn, home = virt_to_gfn(page_alloc(1));
    long before = current(), done;
    unsigned int wrong = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++) {
        gfn = frames[i];
        wrong += TAKE(&gfn, 1, 0) != 0;
        wrong += TAKE(&gfn, 1, 9) != 0;
        wrong += GIVE(&gfn, 1, 0) != 0;
        wrong += GIVE(&gfn, 1, 9) != 0;
    }
    tap_is(wrong, 0, "frames out of range");
    for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++) {
        gfn = 0x40000;
        wrong += TAKE(&gfn, 1, orders[i]) != 0;
        wrong += GIVE(&gfn, 1, orders[i]) != 0;
    }
    tap_is(wrong, 0, "extents of absurd order");
    for (unsigned int i = 0; i < ARRAY_SIZE(counts); i++) {
        list[0] = ~0ul;
        wrong += TAKE(list, counts[i], 0) != 0;
        wrong += GIVE(list, counts[i], 0) != 0;
    }
    tap_is(wrong, 0, "absurd numbers of extents");
    tap_is(TAKE(&home, 0, 0), 0, "none at all");
    tap_is(NOT_REFUSED(0, TAKE(bad, 1, 0)) + NOT_REFUSED(0, GIVE(bad, 4, 0)), 0, "bad lists");
    tap_is(current(), before, "the reservation is what it was");
    mm_unmap(virt_to_gfn(end + PAGE_SIZE), 1);
    edge[0] = home;
    edge[1] = home; /* would be a second time */
    done = GIVE(edge, 100, 0);
    tap_ok(done >= 0 && done <= 1 && current() == before - done,
           "a list that runs into nothing: %ld done, and as many counted", done);
    if (done == 1) {
        (void)TAKE(&home, 1, 0);
    }
    set_xen_guest_handle(arg.extent_start, &home);
    tap_is(hc_memory_op(XENMEM_decrease_reservation, &arg), -XEN_ESRCH, "of a domain that is not");
    tap_is(hc_memory_op(XENMEM_increase_reservation, &arg), -XEN_ESRCH, "increase: likewise");
    arg.domid = DOMID_SELF;
    tap_ok(hc_memory_op(XENMEM_increase_reservation, &arg) <= 0, "memory without a frame is none");
    tap_is(current(), before, "the reservation is what it was");
}

static void test_limit(void)
{
    long before = current(), maximum = reservation(XENMEM_maximum_reservation), got;

    for (unsigned int i = 0; i < 64; i++) {
        list[i] = 0x80000 + i;
    }
    got = TAKE(list, 64, 0);
    tap_ok(got >= 0 && before + got <= maximum, "%ld pages beyond %ld, at most %ld", got, before, maximum);
    tap_is(current(), before + got, "and so says the reservation");
    tap_is(got > 0 ? GIVE(list, (uint64_t)got, 0) : 0, got, "they go back");
    tap_is(current(), before, "the reservation is what it was");
    for (unsigned int i = 0; i < 200; i++) {
        xen_pfn_t gfn = 0x90000 + i;

        got = GIVE(&gfn, 1, 0);
    }
    tap_is(got, 0, "frames that never had memory give none");
    tap_is(current(), before, "the reservation is what it was");
}

static void test_map_and_rest(void)
{
    uint8_t entries[20 * 16], again[20 * 16];
    struct xen_memory_map map = { .nr_entries = 16 };
    struct xen_foreign_memory_map set = { .domid = 0x1234 };

    memset(entries, 0xee, sizeof(entries));
    set_xen_guest_handle(map.buffer, (void *)entries);
    tap_is(hc_memory_op(XENMEM_memory_map, &map), 0, "the memory map");
    tap_ok(map.nr_entries >= 1 && map.nr_entries <= 16 && entries[20 * map.nr_entries] == 0xee,
           "has %u entries and no more is written", map.nr_entries);
    map.nr_entries = 1;
    memset(again, 0xee, sizeof(again));
    set_xen_guest_handle(map.buffer, (void *)again);
    tap_ok(hc_memory_op(XENMEM_memory_map, &map) <= 0 && again[20] == 0xee,
           "one asked for, one written at most");
    map.nr_entries = ~0u;
    tap_is(NOT_REFUSED(-XEN_EFAULT, ({ map.nr_entries = ~0u; set_xen_guest_handle(map.buffer, bad);
                                       hc_memory_op(XENMEM_memory_map, &map); })), 0, "no place for it");
    tap_is(hc_memory_op(XENMEM_set_memory_map, &set), -XEN_ESRCH, "nobody else's can be set");
    set.domid = DOMID_SELF;
    set.map.nr_entries = ~0u;
    tap_is(hc_memory_op(XENMEM_set_memory_map, &set), -XEN_EINVAL, "nor one with 2^32 entries");
    tap_is(hc_memory_op(XENMEM_machphys_mfn_list, NULL), -XEN_EACCES, "machphys_mfn_list is not for it");
    tap_is(hc_memory_op(8, NULL), -XEN_ENOSYS, "sub-operation 8 is none");
    tap_is(hc_memory_op(63, NULL), -XEN_ENOSYS, "sub-operation 63 is none");
}

static void test_drift(void)
{
    long before = current();
    unsigned int failed = 0;
    char *block = page_alloc(64);

    for (unsigned int round = 0; round < 100; round++) {
        for (unsigned int i = 0; i < 64; i++) {
            list[i] = virt_to_gfn(block) + i;
        }
        failed += GIVE(list, 64, 0) != 64;
        failed += TAKE(list, 64, 0) != 64;
    }
    tap_is(failed, 0, "a hundred times down and up");
    tap_is(current(), before, "the reservation does not drift");
    page_free(block, 64);
}

void stub_main(void)
{
    tap_plan(0);
    test_questions();
    test_one_page();
    test_large();
    test_lists();
    test_bad_requests();
    test_limit();
    test_map_and_rest();
    test_drift();
    tap_done();
}
