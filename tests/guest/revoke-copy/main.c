/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page that is taken away while the hypervisor itself copies into it for other vCPUs, and rights that go in the midst of a
 * long batch.
 *
 * Source: <xen/revoke.h>, the grace period. Two vCPUs hold a granted page mapped and have pages copied into it, without an
 * end; a third maps and unmaps a hundred times in one call. vCPU 0 takes the right to map away, by a boolean and by its label. With a
 * correct hypervisor no byte of a copy reaches the granted page once the change has returned, even of one that was half done,
 * and within a batch nothing is granted any more after the first refusal. A broken one lets a copy finish that had found its
 * page before, or goes on with the label that the caller had when it began.
 */
#include "../change.h"
#include "../guest.h"

#include <runtime/grant.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>

#define CHANGES 24u
#define COPIES 32u
#define BATCH 100u
#define WORDS (PAGE_SIZE / sizeof(uint64_t))

static grant_ref_t ref, batch_ref;
static volatile uint64_t *page;
static char *pattern;

/* Odd: go on. The workers count themselves out when they have seen it even. */
static volatile unsigned int running, stop;
static volatile unsigned int active, copied, odd_answers, grown_back, cut_short;

static void count(volatile unsigned int *what)
{
    __atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* A pattern into the granted page, a whole page a time. After the first refusal in a batch there is nothing but refusals. */
static void copy_all(void)
{
    struct gnttab_copy op[COPIES];
    unsigned int n = 0;

    for (unsigned int i = 0; i < COPIES; i++) {
        op[i] = (struct gnttab_copy){ .len = PAGE_SIZE, .flags = GNTCOPY_dest_gref };
        op[i].source.domid = op[i].dest.domid = DOMID_SELF;
        op[i].source.u.gmfn = virt_to_gfn(pattern);
        op[i].dest.u.ref = ref;
    }
    if (hc_grant_table_op(GNTTABOP_copy, op, COPIES) != 0) {
        count(&odd_answers);
    }
    for (unsigned int i = 0; i < COPIES; i++) {
        if (op[i].status == GNTST_okay) {
            grown_back += n != i;
            n++;
        } else if (op[i].status != GNTST_permission_denied) {
            count(&odd_answers);
        }
    }
    copied += n == COPIES;
    cut_short += n > 0 && n < COPIES;
}

static void copier(void *arg)
{
    struct grant_map map;

    (void)arg;
    while (!stop) {
        if (!(running & 1)) {
            cpu_relax();
            continue;
        }
        if (grant_map(domain_self(), ref, false, &map) != 0) {
            continue; /* denied already */
        }
        count(&active);
        while (running & 1) {
            copy_all();
        }
        odd_answers += grant_unmap(&map) != 0;
        __atomic_fetch_sub(&active, 1, __ATOMIC_RELAXED);
    }
}

/* A copy that names the mapped frame as its own would have nobody wait for it. */
static int16_t copy_to_mapped(void)
{
    struct gnttab_copy op = { .len = PAGE_SIZE };
    struct grant_map map;

    op.source.domid = op.dest.domid = DOMID_SELF;
    op.source.u.gmfn = virt_to_gfn(pattern);
    if (grant_map(domain_self(), ref, false, &map) != 0) {
        return GNTST_general_error;
    }
    op.dest.u.gmfn = (xen_pfn_t)((uint64_t)map.page >> PAGE_SHIFT);
    (void)hc_grant_table_op(GNTTABOP_copy, &op, 1);
    (void)grant_unmap(&map);
    return op.status;
}

/* @return how many were mapped, in unmap[]; they come before all that were refused */
static unsigned int map_batch(xen_pfn_t window, struct gnttab_unmap_grant_ref *unmap)
{
    static struct gnttab_map_grant_ref map[BATCH];
    unsigned int n = 0;

    for (unsigned int i = 0; i < BATCH; i++) {
        map[i] = (struct gnttab_map_grant_ref){ .host_addr = (window + i) << PAGE_SHIFT, .dom = DOMID_SELF,
                                                .flags = GNTMAP_host_map, .ref = batch_ref };
    }
    odd_answers += hc_grant_table_op(GNTTABOP_map_grant_ref, map, BATCH) != 0;
    for (unsigned int i = 0; i < BATCH; i++) {
        if (map[i].status != GNTST_okay) {
            odd_answers += map[i].status != GNTST_permission_denied;
            continue;
        }
        grown_back += n != i;
        unmap[n++] = (struct gnttab_unmap_grant_ref){ .host_addr = map[i].host_addr, .handle = map[i].handle };
    }
    return n;
}

static void batcher(void *arg)
{
    static struct gnttab_unmap_grant_ref unmap[BATCH];
    xen_pfn_t window = (xen_pfn_t)(uintptr_t)arg;

    while (!stop) {
        unsigned int n;

        if (!(running & 1)) {
            cpu_relax();
            continue;
        }
        count(&active);
        n = map_batch(window, unmap);
        cut_short += n > 0 && n < BATCH;
        if (n > 0) {
            odd_answers += hc_grant_table_op(GNTTABOP_unmap_grant_ref, unmap, n) != 0;
        }
        __atomic_fetch_sub(&active, 1, __ATOMIC_RELAXED);
    }
}

static uint32_t usual_sid, lesser_sid;

static long change(bool label, bool take)
{
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_relabel, .how = BULKHEAD_REVOKE_drop,
                                        .domid = domain_self(), .sid = take ? lesser_sid : usual_sid };

    return label ? change_policy(&a) : boolean_set("may_map", !take, true);
}

static unsigned int words_wrong(uint64_t want)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < WORDS; i++) {
        n += page[i] != want;
    }
    return n;
}

static bool in_use(grant_ref_t which)
{
    return __atomic_load_n(&grant_entry(which)->flags, __ATOMIC_ACQUIRE) & (GTF_reading | GTF_writing);
}

/* The right has gone: what is written into the page now stays. @return whether it did */
static bool page_is_ours(uint64_t stamp)
{
    for (unsigned int i = 0; i < WORDS; i++) {
        page[i] = stamp;
    }
    time_delay_ns(30 * NS_PER_MS);
    return words_wrong(stamp) == 0;
}

void stub_main(void)
{
    unsigned int failed = 0, written = 0, held = 0, reached = 0;
    void *batch_page = page_alloc(1);
    xen_pfn_t window = window_alloc(BATCH);
    long pages;

    page = page_alloc(1);
    pattern = page_alloc(1);
    memset(pattern, 0x5a, PAGE_SIZE);
    usual_sid = label_sid("system_u:system_r:dom0_t");
    lesser_sid = label_sid("system_u:system_r:lesser_t");
    tap_ok(grant_give(domain_self(), virt_to_gfn((const void *)(uintptr_t)page), false, &ref) == 0 &&
               grant_give(domain_self(), virt_to_gfn(batch_page), false, &batch_ref) == 0, "pages are granted");
    failed += smp_start(1, copier, NULL) != 0;
    failed += smp_start(2, copier, NULL) != 0;
    failed += smp_start(3, batcher, (void *)(uintptr_t)window) != 0;
    tap_is(failed, 0, "three vCPUs are ready");
    tap_is(copy_to_mapped(), GNTST_bad_page, "a copy to a frame where it is mapped is refused");
    pages = 0;
    for (unsigned int i = 0; i < CHANGES; i++) {
        uint64_t end = time_now_ns() + 5000 * NS_PER_MS;
        unsigned int before = copied;

        running++;
        while ((active < 2 || copied - before < 4) && time_now_ns() < end) {
            cpu_relax();
        }
        reached += page[7] == 0x5a5a5a5a5a5a5a5aul;
        failed += change(i & 1, true) != 0;
        held += in_use(ref);
        written += !page_is_ours(0x1000 + i);
        held += in_use(ref) || in_use(batch_ref);
        running++;
        while (active != 0) {
            cpu_relax();
        }
        failed += change(i & 1, false) != 0;
        pages = i == 1 ? pages_now() : pages; /* what is populated once has been */
    }
    stop = 1;
    for (unsigned int i = 1; i < 4; i++) {
        smp_wait(i);
    }
    tap_note("%u changes, %u calls of copies, %u batches cut short", CHANGES, copied, cut_short);
    tap_is(reached, CHANGES, "before each change, copies reach the page");
    tap_is(failed, 0, "every change was made");
    tap_is(written, 0, "no copy reaches it afterwards");
    tap_is(held, 0, "nor is it, or that of the batch, in use");
    tap_is(grown_back, 0, "in no batch was anything granted after a refusal");
    tap_is(odd_answers, 0, "no answer but yes and no");
    tap_is(pages_now(), pages, "every page is back");
    tap_ok(grant_take_back(ref) == 0 && grant_take_back(batch_ref) == 0, "the entries are free");
    tap_done();
}
