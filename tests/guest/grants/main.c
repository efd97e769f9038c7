/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GNTTABOP: mapping, unmapping, copying, and questions, of a domain's own pages granted to itself.
 *
 * Source: public/grant_table.h. A correct hypervisor gives each element of an array a status of its own, marks an entry as
 * in use exactly while it is, and goes by what the entry said when it was mapped, whatever is written into it later. A
 * broken one maps what was not granted or more than was, lets a mapping be undone twice or another's handle be used, stops a
 * whole array at one bad element, or leaves marks or references behind.
 */
#include "../guest.h"

#include <runtime/evtchn.h>
#include <runtime/grant.h>
#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include <public/memory.h>

#define USE_BITS (GTF_reading | GTF_writing)

static char *page;      /* granted by `ref`, read-only by `ref_ro` */
static grant_ref_t ref, ref_ro;
static xen_pfn_t window;

static long current(void)
{
    struct xen_memory_domain arg = { .domid = DOMID_SELF };

    return hc_memory_op(XENMEM_current_reservation, &arg);
}

static struct gnttab_map_grant_ref map_raw(domid_t dom, grant_ref_t r, uint32_t flags, uint64_t addr)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = addr, .flags = flags, .ref = r, .dom = dom, .status = 99,
    };
    long rc = hc_grant_table_op(GNTTABOP_map_grant_ref, &op, 1);

    if (rc != 0) {
        op.status = (int16_t)(1000 + rc);
    }
    return op;
}

static int map_status(domid_t dom, grant_ref_t r, uint32_t flags, uint64_t addr)
{
    return map_raw(dom, r, flags, addr).status;
}

static int unmap_status(uint64_t addr, uint64_t bus, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = {
        .host_addr = addr, .dev_bus_addr = bus, .handle = handle, .status = 99,
    };
    long rc = hc_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1);

    return rc != 0 ? (int)(1000 + rc) : op.status;
}

static void test_table(void)
{
    xen_pfn_t frames[64];
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };
    struct gnttab_query_size query = { .dom = DOMID_SELF };
    struct gnttab_get_status_frames sf = { .nr_frames = 1, .dom = DOMID_SELF };
    struct gnttab_set_version sv = { .version = 1 };
    struct gnttab_get_version gv = { .dom = DOMID_SELF };

    tap_is(hc_grant_table_op(GNTTABOP_query_size, &query, 1), 0, "query_size");
    tap_ok(query.status == GNTST_okay && query.nr_frames >= 1 && query.nr_frames <= query.max_nr_frames,
           "%u frames of %u", query.nr_frames, query.max_nr_frames);
    set_xen_guest_handle(setup.frame_list, frames);
    tap_is(hc_grant_table_op(GNTTABOP_setup_table, &setup, 1), 0, "setup_table");
    tap_is(setup.status, GNTST_okay, "with one frame");
    setup.nr_frames = query.max_nr_frames + 1;
    (void)hc_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    tap_is(setup.status, GNTST_general_error, "not with more than the most");
    setup.nr_frames = ~0u;
    (void)hc_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    tap_is(setup.status, GNTST_general_error, "not with 2^32");
    setup.nr_frames = 1;
    for (unsigned int i = 0; i < ARRAY_SIZE(bad_pointers); i++) {
        set_xen_guest_handle(setup.frame_list, bad_pointers[i]);
        setup.status = 99;
        (void)hc_grant_table_op(GNTTABOP_setup_table, &setup, 1);
        if (setup.status != GNTST_bad_virt_addr) {
            tap_is(setup.status, GNTST_bad_virt_addr, "a list at %p", bad_pointers[i]);
        }
    }
    setup.dom = query.dom = gv.dom = 0x1234;
    (void)hc_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    (void)hc_grant_table_op(GNTTABOP_query_size, &query, 1);
    tap_ok(setup.status == GNTST_bad_domain && query.status == GNTST_bad_domain, "of a domain that is not");
    tap_is(hc_grant_table_op(GNTTABOP_get_version, &gv, 1), -XEN_ESRCH, "nor its version");
    gv.dom = DOMID_SELF;
    tap_ok(hc_grant_table_op(GNTTABOP_get_version, &gv, 1) == 0 && gv.version == 1, "version 1");
    tap_is(hc_grant_table_op(GNTTABOP_set_version, &sv, 1), 0, "may be set");
    sv.version = 2;
    tap_is(hc_grant_table_op(GNTTABOP_set_version, &sv, 1), -XEN_ENOSYS, "version 2 may not");
    sv.version = 3;
    tap_is(hc_grant_table_op(GNTTABOP_set_version, &sv, 1), -XEN_EINVAL, "version 3 is none");
    set_xen_guest_handle(sf.frame_list, (uint64_t *)frames);
    (void)hc_grant_table_op(GNTTABOP_get_status_frames, &sf, 1);
    tap_is(sf.status, GNTST_general_error, "status frames are of version 2");
    tap_is(hc_grant_table_op(GNTTABOP_setup_table, &setup, 2), -XEN_EINVAL, "one at a time");
    tap_is(hc_grant_table_op(GNTTABOP_setup_table, &setup, 0), -XEN_EINVAL, "not none");
    tap_is(hc_grant_table_op(GNTTABOP_cache_flush, &setup, 1), -XEN_EACCES, "cache_flush");
    tap_is(hc_grant_table_op(GNTTABOP_dump_table, &setup, 1), -XEN_EACCES, "dump_table");
    tap_is(hc_grant_table_op(13, &setup, 1), -XEN_ENOSYS, "operation 13");
}

static void test_map_errors(void)
{
    uint64_t addr = window << PAGE_SHIFT;
    domid_t self = domain_self();
    grant_ref_t odd;
    struct grant_entry_v1 *e;

    tap_is(map_status(0x1234, ref, GNTMAP_host_map, addr), GNTST_bad_domain, "of a domain that is not");
    tap_is(map_status(DOMID_XEN, ref, GNTMAP_host_map, addr), GNTST_bad_domain, "of DOMID_XEN");
    tap_is(map_status(self, ~0u, GNTMAP_host_map, addr), GNTST_bad_gntref, "reference ~0");
    tap_is(map_status(self, 512 * 64, GNTMAP_host_map, addr), GNTST_bad_gntref, "the first beyond");
    tap_ok(map_status(self, 511, GNTMAP_host_map, addr) < 0, "an entry that grants nothing");
    tap_ok(map_status(self, ref_ro, GNTMAP_host_map, addr) < 0, "a read-only one, to write");
    tap_ok(map_status(self, ref, 0, addr) < 0, "no kind of mapping");
    tap_ok(map_status(self, ref, GNTMAP_device_map, addr) < 0, "a device mapping");
    tap_ok(map_status(self, ref, GNTMAP_host_map | GNTMAP_contains_pte, addr) < 0, "a page table entry");
    tap_ok(map_status(self, ref, GNTMAP_host_map | GNTMAP_application_map, addr) < 0, "for applications");
    tap_ok(map_status(self, ref, 0xffffffff, addr) < 0, "all flags");
    tap_is(map_status(self, ref, GNTMAP_host_map, addr + 8), GNTST_bad_virt_addr, "in the middle of a page");
    tap_is(map_status(self, ref, GNTMAP_host_map, 1ul << 48), GNTST_bad_virt_addr, "out of range");
    tap_is(map_status(self, ref, GNTMAP_host_map, ~0xffful), GNTST_bad_virt_addr, "at the very end");
    (void)grant_give(self, virt_to_gfn(page), false, &odd);
    e = grant_entry(odd);
    e->domid = 0x1234;
    tap_ok(map_status(self, odd, GNTMAP_host_map, addr) < 0, "granted to somebody else");
    e->domid = self;
    e->frame = (uint32_t)window + 1;
    tap_ok(map_status(self, odd, GNTMAP_host_map, addr) < 0, "a frame without memory");
    e->frame = ~0u;
    tap_ok(map_status(self, odd, GNTMAP_host_map, addr) < 0, "frame ~0");
    e->frame = (uint32_t)virt_to_gfn(shared_info());
    tap_ok(map_status(self, odd, GNTMAP_host_map, addr) < 0, "the shared info page");
    e->frame = (uint32_t)virt_to_gfn(page);
    e->flags = GTF_accept_transfer;
    tap_ok(map_status(self, odd, GNTMAP_host_map, addr) < 0, "an offer of a transfer");
    e->flags = GTF_permit_access | GTF_sub_page;
    tap_ok(map_status(self, odd, GNTMAP_host_map, addr) < 0, "part of a page");
    e->flags = GTF_transitive;
    tap_ok(map_status(self, odd, GNTMAP_host_map, addr) < 0, "a transitive one");
    tap_ok((e->flags & USE_BITS) == 0, "no refused one is marked");
    e->flags = 0;
    (void)grant_take_back(odd);
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_grant_table_op(GNTTABOP_map_grant_ref, bad, 1)) +
           NOT_REFUSED(-XEN_EFAULT, hc_grant_table_op(GNTTABOP_unmap_grant_ref, bad, 1)) +
           NOT_REFUSED(-XEN_EFAULT, hc_grant_table_op(GNTTABOP_copy, bad, 1)), 0, "bad pointers");
    tap_is(hc_grant_table_op(GNTTABOP_map_grant_ref, NULL, 0), 0, "none at all");
    tap_is(hc_grant_table_op(GNTTABOP_map_grant_ref, page, 0x80000000u), -XEN_EINVAL, "2^31");
    tap_is(hc_grant_table_op(GNTTABOP_map_grant_ref, page, ~0u), -XEN_EINVAL, "2^32-1");
}

static void test_map(void)
{
    domid_t self = domain_self();
    uint64_t addr = window << PAGE_SHIFT;
    struct gnttab_map_grant_ref a = map_raw(self, ref, GNTMAP_host_map, addr), b;
    struct grant_entry_v1 *e = grant_entry(ref);
    volatile char *mapped = (volatile char *)addr;

    if (!tap_is(a.status, GNTST_okay, "map")) {
        return;
    }
    (void)mm_map(window, 1, MM_WRITE);
    page[0] = 'x';
    tap_ok(mapped[0] == 'x', "shows the page");
    mapped[1] = 'y';
    tap_ok(page[1] == 'y', "and writes it");
    tap_is(e->flags & USE_BITS, USE_BITS, "marked as read and written");
    tap_ok(map_status(self, ref, GNTMAP_host_map, addr) < 0, "a second mapping in its place");
    b = map_raw(self, ref, GNTMAP_host_map | GNTMAP_readonly, addr + PAGE_SIZE);
    tap_ok(b.status == GNTST_okay && b.handle != a.handle, "a second one elsewhere");
    tap_is(unmap_status(addr, 0, ~0u), GNTST_bad_handle, "handle ~0");
    tap_is(unmap_status(addr, 0, 32767), GNTST_bad_handle, "one that was never given");
    tap_is(unmap_status(addr + PAGE_SIZE, 0, a.handle), GNTST_bad_virt_addr, "the other's address");
    tap_is(unmap_status(addr, addr, a.handle), GNTST_bad_dev_addr, "a device address");
    mm_unmap(window, 1);
    tap_is(unmap_status(addr, 0, a.handle), GNTST_okay, "unmap the first");
    tap_is(unmap_status(addr, 0, a.handle), GNTST_bad_handle, "not twice");
    tap_is(e->flags & USE_BITS, GTF_reading, "still read, no longer written");
    tap_is(unmap_status(addr + PAGE_SIZE, 0, b.handle), GNTST_okay, "unmap the second");
    tap_is(e->flags & USE_BITS, 0, "not in use");
}

/* The entry is the guest's memory: what is written there later changes nothing of a mapping that is. */
static void test_entry_changes(void)
{
    domid_t self = domain_self();
    uint64_t addr = window << PAGE_SHIFT;
    struct grant_entry_v1 *e = grant_entry(ref);
    struct gnttab_map_grant_ref a = map_raw(self, ref, GNTMAP_host_map, addr);
    char *other = page_alloc(1);
    long before = current();
    xen_pfn_t gfn = virt_to_gfn(other);
    struct xen_memory_reservation give = { .nr_extents = 1, .domid = DOMID_SELF };
    grant_ref_t r;

    e->flags = 0;
    e->frame = (uint32_t)virt_to_gfn(other);
    e->domid = 0x1234;
    tap_is(unmap_status(addr, 0, a.handle), GNTST_okay, "an entry is overwritten while mapped");
    tap_is(e->flags, 0, "nothing is written into what it is now");
    e->domid = self;
    e->frame = (uint32_t)virt_to_gfn(page);
    e->flags = GTF_permit_access | USE_BITS;
    a = map_raw(self, ref, GNTMAP_host_map | GNTMAP_readonly, addr);
    tap_is(a.status, GNTST_okay, "marks that the guest made up");
    tap_is(unmap_status(addr, 0, a.handle), GNTST_okay, "do no harm");
    e->flags = GTF_permit_access;

    /* A page that is given back while it is mapped lives as long as the mapping. */
    (void)grant_give(self, gfn, false, &r);
    other[0] = 'k';
    a = map_raw(self, r, GNTMAP_host_map, addr);
    set_xen_guest_handle(give.extent_start, &gfn);
    tap_is(hc_memory_op(XENMEM_decrease_reservation, &give), 1, "a mapped page is given back");
    (void)mm_map(window, 1, MM_WRITE);
    tap_is(*(volatile char *)addr, 'k', "the mapping keeps it");
    mm_unmap(window, 1);
    tap_is(unmap_status(addr, 0, a.handle), GNTST_okay, "until it ends");
    tap_is(current(), before - 1, "then it is gone");
    tap_ok(map_status(self, r, GNTMAP_host_map, addr) < 0, "and cannot be mapped");
    tap_is(hc_memory_op(XENMEM_populate_physmap, &give), 1, "another takes its place");
    tap_ok(other[0] == 0, "which is clear");
    tap_is(current(), before, "the reservation is complete");
    (void)grant_take_back(r);
    page_free(other, 1);
}

static void test_over_memory(void)
{
    char *under = page_alloc(1);
    uint64_t addr = (uintptr_t)under;
    long before = current();
    xen_pfn_t gfn = virt_to_gfn(under);
    struct xen_memory_reservation take = { .nr_extents = 1, .domid = DOMID_SELF };
    struct gnttab_map_grant_ref a = map_raw(domain_self(), ref, GNTMAP_host_map, addr);

    set_xen_guest_handle(take.extent_start, &gfn);
    tap_is(a.status, GNTST_okay, "a mapping in place of memory");
    page[5] = 'z';
    tap_is(((volatile char *)under)[5], 'z', "shows the page");
    tap_is(current(), before - 1, "the memory is gone");
    tap_is(hc_memory_op(XENMEM_decrease_reservation, &take), 0, "a mapping is not memory to give back");
    tap_is(hc_memory_op(XENMEM_populate_physmap, &take), 0, "nor a place to take some");
    tap_is(unmap_status(addr, 0, a.handle), GNTST_okay, "unmap");
    tap_is(hc_memory_op(XENMEM_populate_physmap, &take), 1, "now it is");
    tap_is(current(), before, "the reservation is complete");
    page_free(under, 1);
}

static void test_batches(void)
{
    static struct gnttab_map_grant_ref ops[100];
    static struct gnttab_unmap_grant_ref undo[100];
    unsigned int wrong = 0;
    domid_t self = domain_self();

    for (unsigned int i = 0; i < 100; i++) {
        ops[i] = (struct gnttab_map_grant_ref){
            .host_addr = (window + i) << PAGE_SHIFT, .dom = i % 7 == 3 ? 0x1234 : self,
            .ref = i % 7 == 5 ? 100000 : ref, .flags = GNTMAP_host_map, .status = 99,
        };
    }
    tap_is(hc_grant_table_op(GNTTABOP_map_grant_ref, ops, 100), 0, "a hundred at once, some bad");
    for (unsigned int i = 0; i < 100; i++) {
        wrong += ops[i].status != (i % 7 == 3 ? GNTST_bad_domain : i % 7 == 5 ? GNTST_bad_gntref : 0);
        undo[i] = (struct gnttab_unmap_grant_ref){
            .host_addr = ops[i].host_addr, .handle = ops[i].status == 0 ? ops[i].handle : ~0u,
        };
    }
    tap_is(wrong, 0, "each has its own status");
    undo[99] = undo[0]; /* a second time in the same call */
    tap_is(hc_grant_table_op(GNTTABOP_unmap_grant_ref, undo, 100), 0, "undone at once");
    for (unsigned int i = 0; i < 99; i++) {
        wrong += undo[i].status != (i % 7 == 3 || i % 7 == 5 ? GNTST_bad_handle : 0);
    }
    tap_is(wrong, 0, "each has its own status");
    tap_is(undo[99].status, GNTST_bad_handle, "one that comes twice is undone once");
    tap_is(unmap_status(ops[99].host_addr, 0, ops[99].handle), GNTST_okay, "the one left out");
    tap_is(grant_entry(ref)->flags & USE_BITS, 0, "not in use");
}

static void test_exhaustion(void)
{
    static struct gnttab_map_grant_ref ops[512];
    static struct gnttab_unmap_grant_ref undo[512];
    static grant_handle_t handles[65536];
    unsigned int made = 0, full = 0, wrong = 0;

    while (made < 65536 && full == 0) {
        for (unsigned int i = 0; i < 512; i++) {
            ops[i] = (struct gnttab_map_grant_ref){
                .host_addr = (0x200000ul + made + i) << PAGE_SHIFT, .dom = domain_self(), .ref = ref,
                .flags = GNTMAP_host_map | GNTMAP_readonly,
            };
        }
        (void)hc_grant_table_op(GNTTABOP_map_grant_ref, ops, 512);
        for (unsigned int i = 0; i < 512; i++) {
            if (ops[i].status == GNTST_okay) {
                wrong += full != 0;
                handles[made++] = ops[i].handle;
            } else {
                wrong += ops[i].status != GNTST_no_space;
                full++;
            }
        }
    }
    tap_ok(full != 0 && wrong == 0, "after %u mappings there is no space", made);
    for (unsigned int i = 0; i < made; i += 512) {
        unsigned int n = made - i < 512 ? made - i : 512;

        for (unsigned int j = 0; j < n; j++) {
            undo[j] = (struct gnttab_unmap_grant_ref){
                .host_addr = (0x200000ul + i + j) << PAGE_SHIFT, .handle = handles[i + j],
            };
        }
        (void)hc_grant_table_op(GNTTABOP_unmap_grant_ref, undo, n);
        for (unsigned int j = 0; j < n; j++) {
            wrong += undo[j].status != 0;
        }
    }
    tap_is(wrong, 0, "all are undone");
    tap_is(grant_entry(ref)->flags & USE_BITS, 0, "not in use");
}

static void test_replace_and_swap(void)
{
    uint64_t addr = window << PAGE_SHIFT;
    struct gnttab_map_grant_ref a = map_raw(domain_self(), ref, GNTMAP_host_map, addr);
    struct gnttab_unmap_and_replace replace = { .host_addr = addr, .new_addr = addr, .handle = a.handle };
    struct gnttab_swap_grant_ref swap = { .ref_a = ref, .ref_b = ref_ro };
    struct gnttab_transfer transfer = { .mfn = virt_to_gfn(page), .domid = domain_self(), .ref = ref };

    (void)hc_grant_table_op(GNTTABOP_unmap_and_replace, &replace, 1);
    tap_ok(replace.status < 0, "unmap_and_replace is for page tables of PV guests");
    replace.handle = ~0u;
    (void)hc_grant_table_op(GNTTABOP_unmap_and_replace, &replace, 1);
    tap_is(replace.status, GNTST_bad_handle, "a bad handle");
    (void)hc_grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1);
    tap_is(swap.status, GNTST_eagain, "entries in use are not swapped");
    tap_is(unmap_status(addr, 0, a.handle), GNTST_okay, "unmap");
    (void)hc_grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1);
    tap_ok(swap.status == GNTST_okay && (grant_entry(ref)->flags & GTF_readonly) != 0 &&
           (grant_entry(ref_ro)->flags & GTF_readonly) == 0, "then they are");
    (void)hc_grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1);
    swap.ref_b = 1u << 30;
    (void)hc_grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1);
    tap_is(swap.status, GNTST_bad_gntref, "with one that is not");
    (void)hc_grant_table_op(GNTTABOP_transfer, &transfer, 1);
    tap_ok(transfer.status < 0, "a transfer to oneself, status %d", transfer.status);
    page[9] = 'm';
    tap_is(page[9], 'm', "the page is still there");
    transfer.domid = 0x1234;
    (void)hc_grant_table_op(GNTTABOP_transfer, &transfer, 1);
    tap_is(transfer.status, GNTST_bad_domain, "to a domain that is not");
}

void stub_main(void)
{
    long before = current();

    tap_plan(0);
    page = page_alloc(1);
    window = window_alloc(128);
    (void)grant_give(domain_self(), virt_to_gfn(page), false, &ref);
    (void)grant_give(domain_self(), virt_to_gfn(page), true, &ref_ro);
    test_table();
    test_map_errors();
    test_map();
    test_entry_changes();
    test_over_memory();
    test_batches();
    test_exhaustion();
    test_replace_and_swap();
    tap_is(current(), before, "after all this the reservation is what it was");
    tap_done();
}
