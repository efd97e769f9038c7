/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants of the domain to itself: map, unmap, copy. A granted page that has been mapped is not used
 * again: Xen moves the frame of a domain that maps its own grant, and the old address is then void.
 */
#include "measure.h"

#include <runtime/grant.h>
#include <runtime/hypercall.h>
#include <runtime/mm.h>
#include <string.h>

#define BATCH 32u
#define MAP_ROUNDS 5u

static struct gnttab_map_grant_ref maps[BATCH];
static struct gnttab_unmap_grant_ref unmaps[BATCH];
static struct gnttab_copy copies[BATCH];
static grant_ref_t copy_refs[BATCH];
static uint8_t *targets[BATCH];

static bool prepare(unsigned int count, domid_t self, xen_pfn_t window)
{
    for (unsigned int i = 0; i < count; i++) {
        void *page = page_alloc(1);
        grant_ref_t ref = 0;

        if (page == NULL || grant_give(self, virt_to_gfn(page), false, &ref) != 0) {
            return false;
        }
        maps[i] = (struct gnttab_map_grant_ref){
            .host_addr = (window + i) << PAGE_SHIFT, .flags = GNTMAP_host_map,
            .ref = ref, .dom = self,
        };
    }
    return true;
}

static long map_status(unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        if (maps[i].status != GNTST_okay) {
            return maps[i].status;
        }
        unmaps[i] = (struct gnttab_unmap_grant_ref){
            .host_addr = maps[i].host_addr, .handle = maps[i].handle,
        };
    }
    return GNTST_okay;
}

static void bench_map(const char *map_name, const char *unmap_name, unsigned int count)
{
    uint64_t map_ticks[MAP_ROUNDS + 1], unmap_ticks[MAP_ROUNDS + 1];
    xen_pfn_t window = window_alloc(count);
    domid_t self = domain_self();

    for (unsigned int i = 0; i < MAP_ROUNDS + 1; i++) {
        uint64_t start;
        long rc;

        if (window == 0 || !prepare(count, self, window)) {
            measure_fail(map_name, -XEN_ENOMEM);
            return;
        }
        start = ticks();
        rc = hc_grant_table_op(GNTTABOP_map_grant_ref, maps, count);
        map_ticks[i] = ticks() - start - measure_overhead();
        rc = rc != 0 ? rc : map_status(count);
        if (rc != 0) {
            measure_fail(map_name, rc);
            return;
        }
        start = ticks();
        rc = hc_grant_table_op(GNTTABOP_unmap_grant_ref, unmaps, count);
        unmap_ticks[i] = ticks() - start - measure_overhead();
        if (rc != 0 || unmaps[count - 1].status != GNTST_okay) {
            measure_fail(unmap_name, rc != 0 ? rc : unmaps[count - 1].status);
            return;
        }
    }
    measure_report(map_name, map_ticks + 1, MAP_ROUNDS, count);
    measure_report(unmap_name, unmap_ticks + 1, MAP_ROUNDS, count);
}

static bool run_copy(unsigned int batch, unsigned int count, uint16_t length)
{
    for (unsigned int i = 0; i < count; i++) {
        if (hc_grant_table_op(GNTTABOP_copy, copies, batch) != 0) {
            return false;
        }
    }
    for (unsigned int i = 0; i < batch; i++) {
        if (copies[i].status != GNTST_okay || targets[i][length - 1] != (uint8_t)(0x5a + i)) {
            return false;
        }
    }
    return true;
}

static void set_length(uint16_t length)
{
    for (unsigned int i = 0; i < BATCH; i++) {
        copies[i].len = length;
        memset(targets[i], 0, PAGE_SIZE);
    }
}

static bool run_copy4096_x1(unsigned int count)
{
    return run_copy(1, count, 4096);
}

static bool run_copy4096_x32(unsigned int count)
{
    return run_copy(BATCH, count, 4096);
}

static bool run_copy8_x1(unsigned int count)
{
    return run_copy(1, count, 8);
}

static bool run_copy8_x32(unsigned int count)
{
    return run_copy(BATCH, count, 8);
}

static void bench_copy(void)
{
    domid_t self = domain_self();

    for (unsigned int i = 0; i < BATCH; i++) {
        uint8_t *source = page_alloc(1);

        targets[i] = page_alloc(1);
        if (source == NULL || targets[i] == NULL ||
            grant_give(self, virt_to_gfn(source), true, &copy_refs[i]) != 0) {
            measure_fail("grant_copy", -XEN_ENOMEM);
            return;
        }
        memset(source, (int)(0x5a + i), PAGE_SIZE);
        copies[i].source.u.ref = copy_refs[i];
        copies[i].source.domid = self;
        copies[i].dest.u.gmfn = virt_to_gfn(targets[i]);
        copies[i].dest.domid = DOMID_SELF;
        copies[i].flags = GNTCOPY_source_gref;
    }
    set_length(4096);
    measure("grant_copy4096_x1", run_copy4096_x1, 10, 1);
    measure("grant_copy4096_x32", run_copy4096_x32, 2, BATCH);
    set_length(8);
    measure("grant_copy8_x1", run_copy8_x1, 10, 1);
    measure("grant_copy8_x32", run_copy8_x32, 2, BATCH);
}

static bool run_query(unsigned int count)
{
    struct gnttab_query_size query = { .dom = DOMID_SELF };
    long sum = 0;

    for (unsigned int i = 0; i < count; i++) {
        sum |= hc_grant_table_op(GNTTABOP_query_size, &query, 1);
    }
    return sum == 0 && query.status == GNTST_okay;
}

void bench_grants(void)
{
    measure("grant_query_size", run_query, 100, 1);
    bench_copy();
    bench_map("grant_map_x1", "grant_unmap_x1", 1);
    bench_map("grant_map_x32", "grant_unmap_x32", BATCH);
}
