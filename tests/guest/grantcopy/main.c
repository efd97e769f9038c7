/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GNTTABOP_copy, and entries that another vCPU changes while they are used.
 *
 * Source: public/grant_table.h. A correct hypervisor copies exactly the bytes that are named, between pages that are the
 * caller's or granted to it, and leaves no mark or reference. It reads a shared entry once: whatever another vCPU writes
 * there meanwhile, each operation either works on what was granted or fails. A broken one checks one value and uses
 * another, copies past the end of a page, loses references, or lets two vCPUs undo one mapping twice.
 */
#include "../guest.h"

#include <runtime/grant.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include <public/memory.h>

#define USE_BITS (GTF_reading | GTF_writing)

static uint8_t *from, *to;
static grant_ref_t from_ref, to_ref, to_ref_ro;

static long current(void)
{
    struct xen_memory_domain arg = { .domid = DOMID_SELF };

    return hc_memory_op(XENMEM_current_reservation, &arg);
}

static int copy(struct gnttab_copy *op)
{
    long rc;

    op->status = 99;
    rc = hc_grant_table_op(GNTTABOP_copy, op, 1);
    return rc != 0 ? (int)(1000 + rc) : op->status;
}

/* By reference or by frame on either side. */
static struct gnttab_copy make(bool source_ref, bool dest_ref, uint16_t so, uint16_t to_offset, uint16_t len)
{
    struct gnttab_copy op = {
        .len = len,
        .flags = (uint16_t)((source_ref ? GNTCOPY_source_gref : 0) | (dest_ref ? GNTCOPY_dest_gref : 0)),
    };

    op.source.domid = source_ref ? domain_self() : DOMID_SELF;
    op.source.offset = so;
    op.dest.domid = dest_ref ? domain_self() : DOMID_SELF;
    op.dest.offset = to_offset;
    if (source_ref) {
        op.source.u.ref = from_ref;
    } else {
        op.source.u.gmfn = virt_to_gfn(from);
    }
    if (dest_ref) {
        op.dest.u.ref = to_ref;
    } else {
        op.dest.u.gmfn = virt_to_gfn(to);
    }
    return op;
}

static bool copied(uint16_t so, uint16_t to_offset, uint16_t len)
{
    for (unsigned int i = 0; i < PAGE_SIZE; i++) {
        uint8_t want = i >= to_offset && i < (unsigned int)to_offset + len ? from[so + i - to_offset] : 0xee;

        if (to[i] != want) {
            tap_note("byte %u is %#x, not %#x", i, to[i], want);
            return false;
        }
    }
    return true;
}

static void test_copies(void)
{
    static const uint16_t cases[][3] = {
        { 0, 0, 4096 }, { 0, 0, 1 }, { 4095, 0, 1 }, { 0, 4095, 1 }, { 1, 2, 4093 }, { 7, 13, 100 },
        { 4096, 0, 0 }, { 0, 4096, 0 }, { 3, 3, 15 },
    };

    for (unsigned int how = 0; how < 4; how++) {
        unsigned int wrong = 0;

        for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
            struct gnttab_copy op = make(how & 1, how & 2, cases[i][0], cases[i][1], cases[i][2]);

            memset(to, 0xee, PAGE_SIZE);
            wrong += copy(&op) != GNTST_okay || !copied(cases[i][0], cases[i][1], cases[i][2]);
        }
        tap_is(wrong, 0, "copies from a %s to a %s", how & 1 ? "grant" : "frame", how & 2 ? "grant" : "frame");
    }
    tap_is((grant_entry(from_ref)->flags | grant_entry(to_ref)->flags) & USE_BITS, 0, "no marks are left");
}

static void test_refusals(void)
{
    static const uint16_t bad[][3] = {
        { 4096, 0, 1 }, { 0, 4096, 1 }, { 1, 0, 4096 }, { 0, 1, 4096 }, { 0, 0, 4097 }, { 0, 0, 0xffff },
        { 0xffff, 0, 1 }, { 0, 0xffff, 1 }, { 0xffff, 0xffff, 0xffff }, { 0xfff0, 0, 0x20 }, { 0xffff, 0, 0 },
    };
    unsigned int wrong = 0;
    struct gnttab_copy op;

    memset(to, 0xee, PAGE_SIZE);
    for (unsigned int how = 0; how < 4; how++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
            op = make(how & 1, how & 2, bad[i][0], bad[i][1], bad[i][2]);
            wrong += copy(&op) != GNTST_bad_copy_arg;
        }
    }
    tap_is(wrong, 0, "offsets and lengths that leave the page");
    op = make(true, false, 0, 0, 8);
    op.source.domid = 0x1234;
    tap_is(copy(&op), GNTST_bad_domain, "from a domain that is not");
    op = make(false, true, 0, 0, 8);
    op.dest.domid = 0x1234;
    tap_is(copy(&op), GNTST_bad_domain, "to a domain that is not");
    op = make(false, false, 0, 0, 8);
    op.source.domid = 0x1234;
    tap_is(copy(&op), GNTST_permission_denied, "another's page by frame, to read");
    op = make(false, false, 0, 0, 8);
    op.dest.domid = 0x1234;
    tap_is(copy(&op), GNTST_permission_denied, "another's page by frame, to write");
    op = make(true, true, 0, 0, 8);
    op.dest.u.ref = to_ref_ro;
    tap_ok(copy(&op) < 0, "to a read-only grant");
    op.dest.u.ref = 100000;
    tap_is(copy(&op), GNTST_bad_gntref, "to a grant that is not");
    tap_is(grant_entry(from_ref)->flags & USE_BITS, 0, "the source of a failed copy is not marked");
    op = make(false, true, 0, 0, 8);
    op.source.u.gmfn = 0x70000;
    tap_is(copy(&op), GNTST_bad_page, "from a frame without memory");
    op.source.u.gmfn = ~0ul;
    tap_is(copy(&op), GNTST_bad_page, "from frame ~0");
    op = make(true, false, 0, 0, 8);
    op.dest.u.gmfn = 0xa0; /* the hole of a PC: nothing to write to */
    tap_is(copy(&op), GNTST_bad_page, "to a frame without memory");
    for (unsigned int i = 0; i < PAGE_SIZE; i++) {
        wrong += to[i] != 0xee;
    }
    tap_is(wrong, 0, "nothing was written");
    op = make(false, false, 0, 64, 128);
    op.source.u.gmfn = op.dest.u.gmfn;
    tap_is(copy(&op), GNTST_okay, "a page onto itself");
}

static void test_batch(void)
{
    struct gnttab_copy *ops = page_alloc(3);
    unsigned int wrong = 0;

    for (unsigned int i = 0; i < 300; i++) {
        ops[i] = make(i & 1, i & 2, (uint16_t)i, (uint16_t)(i * 8), 8);
        if (i % 10 == 9) {
            ops[i].dest.offset = 4090;
        }
    }
    memset(to, 0, PAGE_SIZE);
    tap_is(hc_grant_table_op(GNTTABOP_copy, ops, 300), 0, "three hundred, thirty bad");
    for (unsigned int i = 0; i < 300; i++) {
        wrong += ops[i].status != (i % 10 == 9 ? GNTST_bad_copy_arg : 0);
        wrong += i % 10 != 9 && memcmp(to + i * 8, from + i, 8) != 0;
    }
    tap_is(wrong, 0, "each did what it was to, and says so");
    /* A list that runs into nothing: what could be read may be done, the call fails. */
    mm_unmap(virt_to_gfn(ops) + 2, 1);
    tap_is(hc_grant_table_op(GNTTABOP_copy, ops, 300), -XEN_EFAULT, "a list with a hole");
    (void)mm_map(virt_to_gfn(ops) + 2, 1, MM_WRITE);
    page_free(ops, 3);
    tap_is((grant_entry(from_ref)->flags | grant_entry(to_ref)->flags) & USE_BITS, 0, "no marks are left");
}

/* -- a second vCPU --------------------------------------------------------------------------------- */

static volatile unsigned int racing, unmapped_there;
static volatile grant_handle_t handle;
static volatile uint64_t handle_addr;
static grant_ref_t race_ref;
static xen_pfn_t frames[4];

static void change_entry(void *arg)
{
    struct grant_entry_v1 *e = arg;
    uint32_t n = 1;

    while (racing) {
        n = n * 1664525 + 1013904223;
        switch (n >> 28 & 7) {
        case 0:
            WRITE_ONCE(e->flags, (uint16_t)0);
            break;
        case 1:
            WRITE_ONCE(e->frame, (uint32_t)frames[n >> 20 & 3]);
            break;
        case 2:
            WRITE_ONCE(e->domid, (domid_t)(n >> 19 & 1 ? 0x1234 : domain_self()));
            break;
        case 3:
            WRITE_ONCE(e->flags, (uint16_t)(n >> 8));
            break;
        default:
            *(volatile uint64_t *)e = (uint64_t)frames[n >> 20 & 1] << 32 |
                                      (uint64_t)domain_self() << 16 | GTF_permit_access;
            break;
        }
    }
}

static void test_changing_entry(void)
{
    char *pages = page_alloc(2);
    xen_pfn_t at = window_alloc(1);
    unsigned int okay = 0, refused = 0, wrong = 0;
    long before = current();
    struct grant_entry_v1 *e;

    frames[0] = virt_to_gfn(pages);
    frames[1] = frames[0] + 1;
    frames[2] = 0x70000;
    frames[3] = 0xffffffff;
    pages[0] = 'a';
    pages[PAGE_SIZE] = 'b';
    (void)grant_give(domain_self(), frames[0], false, &race_ref);
    e = grant_entry(race_ref);
    racing = 1;
    tap_is(smp_start(1, change_entry, e), 0, "vCPU 1 rewrites an entry all the time");
    (void)mm_map(at, 1, MM_WRITE);
    for (unsigned int i = 0; i < 4000; i++) {
        struct gnttab_map_grant_ref op = {
            .host_addr = at << PAGE_SHIFT, .flags = GNTMAP_host_map, .ref = race_ref, .dom = domain_self(),
        };
        struct gnttab_unmap_grant_ref undo = { .host_addr = at << PAGE_SHIFT };

        (void)hc_grant_table_op(GNTTABOP_map_grant_ref, &op, 1);
        if (op.status != GNTST_okay) {
            refused++;
            wrong += op.status != GNTST_general_error && op.status != GNTST_bad_page;
            continue;
        }
        okay++;
        wrong += *(volatile char *)(at << PAGE_SHIFT) != 'a' && *(volatile char *)(at << PAGE_SHIFT) != 'b';
        undo.handle = op.handle;
        (void)hc_grant_table_op(GNTTABOP_unmap_grant_ref, &undo, 1);
        wrong += undo.status != GNTST_okay;
    }
    racing = 0;
    smp_wait(1);
    mm_unmap(at, 1);
    tap_ok(okay > 20 && refused > 20, "4000 times mapped: %u worked, %u refused", okay, refused);
    tap_is(wrong, 0, "each showed a granted page, or said why not");
    tap_is(current(), before, "the reservation is what it was");
    *(volatile uint64_t *)e = 0;
    (void)grant_take_back(race_ref);
    page_free(pages, 2);
}

static void unmap_too(void *arg)
{
    (void)arg;
    while (racing) {
        struct gnttab_unmap_grant_ref undo = { .host_addr = handle_addr, .handle = handle };

        if (undo.handle != ~0u) {
            (void)hc_grant_table_op(GNTTABOP_unmap_grant_ref, &undo, 1);
            unmapped_there += undo.status == GNTST_okay;
        }
    }
}

static void test_unmap_twice(void)
{
    xen_pfn_t at = window_alloc(1);
    unsigned int here = 0, mapped = 0, wrong = 0;

    handle = ~0u;
    handle_addr = at << PAGE_SHIFT; /* before the other looks: an unmap at address zero succeeds and undoes nothing */
    racing = 1;
    tap_is(smp_start(1, unmap_too, NULL), 0, "vCPU 1 unmaps what we unmap");
    for (unsigned int i = 0; i < 300; i++) {
        struct gnttab_map_grant_ref op = {
            .host_addr = at << PAGE_SHIFT, .flags = GNTMAP_host_map, .ref = from_ref, .dom = domain_self(),
        };
        struct gnttab_unmap_grant_ref undo = { .host_addr = at << PAGE_SHIFT };

        (void)hc_grant_table_op(GNTTABOP_map_grant_ref, &op, 1);
        if (op.status != GNTST_okay) {
            wrong++;
            continue;
        }
        mapped++;
        handle = op.handle;
        for (unsigned int spin = i % 200; spin > 0; spin--) {
            cpu_relax();
        }
        undo.handle = op.handle;
        (void)hc_grant_table_op(GNTTABOP_unmap_grant_ref, &undo, 1);
        here += undo.status == GNTST_okay;
        /* The other may be at it still: the next mapping needs the place. */
        for (unsigned int spin = 0; undo.status != GNTST_okay && (grant_entry(from_ref)->flags & USE_BITS) != 0 &&
                                    spin < 1000000; spin++) {
            cpu_relax();
        }
        handle = ~0u;
    }
    racing = 0;
    smp_wait(1);
    tap_is(wrong, 0, "300 times mapped");
    tap_is(here + unmapped_there, mapped, "each undone once: %u here, %u there", here, unmapped_there);
    tap_is(grant_entry(from_ref)->flags & USE_BITS, 0, "not in use");
}

static void balloon(void *arg)
{
    xen_pfn_t gfn = virt_to_gfn(arg);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, &gfn);
    while (racing) {
        unmapped_there += hc_memory_op(XENMEM_decrease_reservation, &r) == 1 ? 1 : 0;
        if (hc_memory_op(XENMEM_populate_physmap, &r) != 1) {
            tap_ok(false, "the page cannot be taken again");
            racing = 0;
        }
    }
}

static void test_vanishing_page(void)
{
    unsigned int okay = 0, gone = 0, wrong = 0;
    long before = current();

    unmapped_there = 0;
    racing = 1;
    tap_is(smp_start(1, balloon, from), 0, "vCPU 1 gives the source back and takes another");
    for (unsigned int i = 0; i < 200; i++) {
        struct gnttab_copy op = make(i & 1, true, 0, 0, 4096);
        int s = copy(&op);

        okay += s == GNTST_okay;
        gone += s == GNTST_bad_page;
        wrong += s != GNTST_okay && s != GNTST_bad_page;
    }
    racing = 0;
    smp_wait(1);
    tap_ok(wrong == 0 && okay > 0, "200 copies: %u worked, %u came in between", okay, gone);
    tap_is(current(), before, "the reservation is what it was");
    tap_is((grant_entry(from_ref)->flags | grant_entry(to_ref)->flags) & USE_BITS, 0, "no marks are left");
}

void stub_main(void)
{
    tap_plan(0);
    from = page_alloc(1);
    to = page_alloc(1);
    for (unsigned int i = 0; i < PAGE_SIZE; i++) {
        from[i] = (uint8_t)(i * 7 + i / 256);
    }
    (void)grant_give(domain_self(), virt_to_gfn(from), false, &from_ref);
    (void)grant_give(domain_self(), virt_to_gfn(to), false, &to_ref);
    (void)grant_give(domain_self(), virt_to_gfn(to), true, &to_ref_ro);
    test_copies();
    test_refusals();
    test_batch();
    if (smp_cpu_count() > 1) {
        test_changing_entry();
        test_unmap_twice();
        test_vanishing_page();
    } else {
        tap_skip("one vCPU only");
    }
    tap_done();
}
