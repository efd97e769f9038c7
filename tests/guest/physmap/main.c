/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XENMEM_add_to_physmap, _add_to_physmap_batch, _remove_from_physmap: pages put and moved in the physical map.
 *
 * Source: public/memory.h. A correct hypervisor moves exactly the page that is named, counts none twice, refuses frames and
 * spaces that are not, and when the call returns no vCPU sees what was there before. A broken one loses or doubles
 * pages, or leaves another vCPU with a translation that is gone.
 */
#include "../guest.h"

#include <runtime/evtchn.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include <public/memory.h>

static long current(void)
{
    struct xen_memory_domain arg = { .domid = DOMID_SELF };

    return hc_memory_op(XENMEM_current_reservation, &arg);
}

static long populate(xen_pfn_t gfn)
{
    struct xen_memory_reservation arg = { .nr_extents = 1, .domid = DOMID_SELF };

    set_xen_guest_handle(arg.extent_start, &gfn);
    return hc_memory_op(XENMEM_populate_physmap, &arg);
}

static long place(unsigned int space, uint64_t idx, xen_pfn_t gfn, unsigned int size)
{
    struct xen_add_to_physmap arg = {
        .domid = DOMID_SELF, .size = (uint16_t)size, .space = space, .idx = idx, .gpfn = gfn,
    };

    return hc_memory_op(XENMEM_add_to_physmap, &arg);
}

static long remove(xen_pfn_t gfn)
{
    struct xen_remove_from_physmap arg = { .domid = DOMID_SELF, .gpfn = gfn };

    return hc_memory_op(XENMEM_remove_from_physmap, &arg);
}

static void test_physmap(void)
{
    xen_pfn_t gfn = window_alloc(16);
    struct shared_info *other = (struct shared_info *)(gfn << PAGE_SHIFT);
    struct xen_add_to_physmap arg = { .domid = 0x1234 };
    char *page = page_alloc(8);
    long before = current();

    tap_is(mm_map_space(XENMAPSPACE_shared_info, 0, gfn), 0, "shared info at a second place");
    other->arch.nmi_reason = 0x77;
    tap_is((long)shared_info()->arch.nmi_reason, 0x77, "both are the same page");
    tap_is(remove(gfn), 0, "it is removed there");
    mm_unmap(gfn, 1);
    tap_is((long)shared_info()->arch.nmi_reason, 0x77, "the first place keeps it");
    tap_ok(remove(gfn) < 0, "what is not there cannot be removed");
    tap_ok(remove(1ul << 36) < 0 && remove(~0ul) < 0, "nor frames out of range");
    tap_is(current(), before, "none of it is the domain's memory");

    memcpy(page, "moved", 6);
    tap_is(place(XENMAPSPACE_gmfn, virt_to_gfn(page), gfn, 0), 0, "a page moves");
    tap_is(mm_map(gfn, 1, MM_WRITE), 0, "is mapped");
    tap_ok(strcmp((char *)(gfn << PAGE_SHIFT), "moved") == 0, "and shows what was in it");
    tap_ok(place(XENMAPSPACE_gmfn, virt_to_gfn(page), gfn, 0) < 0, "where it was, there is none");
    tap_is(place(XENMAPSPACE_gmfn, gfn, virt_to_gfn(page), 0), 0, "and back");
    mm_unmap(gfn, 1);
    tap_ok(strcmp(page, "moved") == 0, "unharmed");
    tap_is(place(XENMAPSPACE_gmfn, virt_to_gfn(page), virt_to_gfn(page), 0), 0, "onto itself");
    tap_ok(strcmp(page, "moved") == 0 && current() == before, "nothing is lost");
    for (unsigned int i = 0; i < 8; i++) {
        page[i * PAGE_SIZE] = (char)i;
    }
    tap_is(place(XENMAPSPACE_gmfn_range, virt_to_gfn(page), gfn, 8), 0, "eight pages move");
    tap_is(place(XENMAPSPACE_gmfn_range, gfn, virt_to_gfn(page), 8), 0, "and back");
    for (int i = 0; i < 8; i++) {
        if (page[(size_t)i * PAGE_SIZE] != i) {
            tap_ok(false, "page %d is another", i);
        }
    }
    tap_ok(place(XENMAPSPACE_gmfn_range, virt_to_gfn(page), (1ul << 36) - 2, 8) < 0,
           "a range beyond the end");
    (void)place(XENMAPSPACE_gmfn_range, (1ul << 36) - 2, virt_to_gfn(page), 2);
    tap_is(current(), before, "the reservation is what it was");

    tap_is(place(XENMAPSPACE_shared_info, 1, gfn, 0), -XEN_EINVAL, "there is one shared info page");
    tap_is(place(XENMAPSPACE_grant_table, 64, gfn, 0), -XEN_EINVAL, "grant frames have a limit");
    tap_is(place(XENMAPSPACE_grant_table, 0x80000000ul, gfn, 0), -XEN_EINVAL, "no status frames");
    tap_is(place(XENMAPSPACE_grant_table, ~0ul, gfn, 0), -XEN_EINVAL, "nor frame ~0");
    tap_is(place(XENMAPSPACE_shared_info, 0, ~0ul, 0), -XEN_EINVAL, "nor guest frame ~0");
    tap_is(place(99, 0, gfn, 0), -XEN_EINVAL, "an unknown space");
    tap_is(place(XENMAPSPACE_gmfn_foreign, 0, gfn, 0), -XEN_ENOSYS, "foreign pages by batch only");
    tap_is(place(XENMAPSPACE_gmfn, ~0ul, gfn, 0), -XEN_EINVAL, "a frame that is not");
    tap_is(hc_memory_op(XENMEM_add_to_physmap, &arg), -XEN_ESRCH, "of a domain that is not");
    window_free(gfn, 16);
    page_free(page, 8);
}

static void test_batch(void)
{
    char *page = page_alloc(3);
    xen_pfn_t window = window_alloc(3), gfns[3] = { window, window + 1, window + 2 };
    xen_ulong_t idxs[3] = { virt_to_gfn(page), 0x70000, virt_to_gfn(page) + 2 };
    int errs[3] = { 7, 7, 7 };
    struct xen_add_to_physmap_batch arg = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn, .size = 3,
    };
    long before = current();

    set_xen_guest_handle(arg.idxs, idxs);
    set_xen_guest_handle(arg.gpfns, gfns);
    set_xen_guest_handle(arg.errs, errs);
    tap_is(hc_memory_op(XENMEM_add_to_physmap_batch, &arg), 0, "a batch with one bad element");
    tap_ok(errs[0] == 0 && errs[1] < 0 && errs[2] == 0, "its errors: %d %d %d", errs[0], errs[1], errs[2]);
    for (unsigned int i = 0; i < 3; i += 2) {
        (void)place(XENMAPSPACE_gmfn, gfns[i], virt_to_gfn(page) + i, 0);
    }
    tap_is(current(), before, "the reservation is what it was");
    tap_is(NOT_REFUSED(-XEN_EFAULT, ({ set_xen_guest_handle(arg.errs, bad); idxs[0] = 0x70000;
                                       hc_memory_op(XENMEM_add_to_physmap_batch, &arg); })), 0,
           "no place for errors");
    tap_is(NOT_REFUSED(-XEN_EFAULT, ({ set_xen_guest_handle(arg.idxs, bad);
                                       hc_memory_op(XENMEM_add_to_physmap_batch, &arg); })), 0,
           "no list of frames");
    arg.space = XENMAPSPACE_gmfn_foreign;
    arg.u.foreign_domid = DOMID_SELF;
    tap_ok(hc_memory_op(XENMEM_add_to_physmap_batch, &arg) < 0, "one's own pages are not foreign");
    arg.u.foreign_domid = 0x1234;
    tap_is(hc_memory_op(XENMEM_add_to_physmap_batch, &arg), -XEN_ESRCH, "of a domain that is not");
    arg.space = XENMAPSPACE_gmfn_range;
    tap_is(hc_memory_op(XENMEM_add_to_physmap_batch, &arg), -XEN_EINVAL, "no ranges in a batch");
    tap_is(current(), before, "the reservation is what it was");
    window_free(window, 3);
    page_free(page, 3);
}

/* -- a vCPU that reads a frame while another puts a different page there -------------------------- */

static volatile unsigned int stop, seen_old_after, phase;
static volatile uint64_t *watched;

static void watch(void *arg)
{
    (void)arg;
    while (!stop) {
        unsigned int p = phase;
        uint64_t value;

        compiler_barrier();
        value = *watched;
        compiler_barrier();
        /* The phase number is in the page; a page of an earlier phase after the call returned is stale. */
        if (value < p) {
            seen_old_after++;
        }
    }
}

static void test_stale(void)
{
    uint64_t *home = page_alloc(1), *spare;
    long before = current();
    unsigned int failed = 0;

    if (smp_cpu_count() < 2) {
        tap_skip("one vCPU only");
        return;
    }
    watched = home;
    *home = 1;
    phase = 1;
    tap_is(smp_start(1, watch, NULL), 0, "vCPU 1 reads a page all the time");
    for (unsigned int i = 2; i < 400; i++) {
        xen_pfn_t gfn;

        spare = page_alloc(1);
        gfn = virt_to_gfn(spare);
        *spare = i;
        failed += place(XENMAPSPACE_gmfn, gfn, virt_to_gfn(home), 0) != 0;
        phase = i;
        failed += *home != i;
        failed += populate(gfn) != 1;
        page_free(spare, 1);
    }
    stop = 1;
    smp_wait(1);
    tap_is(failed, 0, "398 times another page is put there");
    tap_is(seen_old_after, 0, "a page that is gone is never seen again");
    tap_is(current(), before, "the reservation is what it was");
}

void stub_main(void)
{
    tap_plan(0);
    test_physmap();
    test_batch();
    test_stale();
    tap_done();
}
