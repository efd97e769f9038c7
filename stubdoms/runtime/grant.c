/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grant table, version 1. Frames are put into the window one by one as references run out.
 * Free references form a list in private memory: nothing read back from the shared table is
 * trusted, but for the use bits that the hypervisor keeps there.
 */
#include <runtime/grant.h>

#include <runtime/console.h>
#include <runtime/hypercall.h>
#include <runtime/mm.h>
#include <runtime/smp.h>

#include <public/memory.h>

#include "internal.h"

#define FRAME_LIMIT 32u
#define ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define REF_LIMIT (FRAME_LIMIT * ENTRIES_PER_FRAME)
#define REF_NONE 0u

static struct grant_entry_v1 *table;
static xen_pfn_t table_gfn;
static unsigned int frame_count, frame_max;
static uint32_t next_free[REF_LIMIT];
static uint32_t free_head;
static struct spinlock lock;

static bool grow(void)
{
    grant_ref_t first = (grant_ref_t)(frame_count * ENTRIES_PER_FRAME);

    if (frame_count == frame_max ||
        mm_map_space(XENMAPSPACE_grant_table, frame_count, table_gfn + frame_count) != 0) {
        return false;
    }
    frame_count++;
    for (grant_ref_t ref = first + (grant_ref_t)ENTRIES_PER_FRAME; ref-- > first;) {
        if (ref >= GNTTAB_NR_RESERVED_ENTRIES) {
            next_free[ref] = free_head;
            free_head = ref;
        }
    }
    return true;
}

void grant_init(void)
{
    struct gnttab_query_size query = { .dom = DOMID_SELF };

    if (hc_grant_table_op(GNTTABOP_query_size, &query, 1) != 0 || query.status != GNTST_okay) {
        return;
    }
    frame_max = query.max_nr_frames < FRAME_LIMIT ? query.max_nr_frames : FRAME_LIMIT;
    table_gfn = window_alloc(FRAME_LIMIT);
    if (table_gfn == 0 || !grow()) {
        frame_max = 0;
        return;
    }
    table = (struct grant_entry_v1 *)(table_gfn << PAGE_SHIFT);
}

struct grant_entry_v1 *grant_entry(grant_ref_t ref)
{
    return ref < frame_count * ENTRIES_PER_FRAME ? &table[ref] : NULL;
}

int grant_give(domid_t domid, xen_pfn_t gfn, bool readonly, grant_ref_t *ref)
{
    struct grant_entry_v1 *entry;

    if (table == NULL) {
        return -XEN_ENOSYS;
    }
    spin_lock(&lock);
    if (free_head == REF_NONE && !grow()) {
        spin_unlock(&lock);
        return -XEN_ENOSPC;
    }
    *ref = free_head;
    free_head = next_free[*ref];
    spin_unlock(&lock);
    entry = &table[*ref];
    entry->frame = (uint32_t)gfn;
    entry->domid = domid;
    smp_wmb();
    WRITE_ONCE(entry->flags, (uint16_t)(GTF_permit_access | (readonly ? GTF_readonly : 0)));
    return 0;
}

int grant_take_back(grant_ref_t ref)
{
    struct grant_entry_v1 *entry = grant_entry(ref);
    uint16_t flags;

    if (entry == NULL || ref < GNTTAB_NR_RESERVED_ENTRIES) {
        return -XEN_EINVAL;
    }
    flags = READ_ONCE(entry->flags);
    do {
        if ((flags & (GTF_reading | GTF_writing)) != 0) {
            return -XEN_EBUSY;
        }
    } while (!__atomic_compare_exchange_n(&entry->flags, &flags, 0, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
    spin_lock(&lock);
    next_free[ref] = free_head;
    free_head = ref;
    spin_unlock(&lock);
    return 0;
}

int grant_map(domid_t domid, grant_ref_t ref, bool readonly, struct grant_map *map)
{
    xen_pfn_t gfn = window_alloc(1);
    struct gnttab_map_grant_ref op = {
        .host_addr = gfn << PAGE_SHIFT, .dom = domid, .ref = ref,
        .flags = GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0u),
    };
    long rc;

    map->page = NULL;
    map->status = GNTST_general_error;
    if (gfn == 0) {
        return -XEN_ENOMEM;
    }
    rc = hc_grant_table_op(GNTTABOP_map_grant_ref, &op, 1);
    map->status = op.status;
    if (rc != 0 || op.status != GNTST_okay) {
        window_free(gfn, 1);
        return rc != 0 ? (int)rc : -XEN_EIO;
    }
    map->handle = op.handle;
    map->page = (void *)(gfn << PAGE_SHIFT);
    rc = mm_map(gfn, 1, readonly ? 0 : MM_WRITE);
    if (rc != 0) {
        (void)grant_unmap(map);
    }
    return (int)rc;
}

int grant_unmap(struct grant_map *map)
{
    xen_pfn_t gfn = virt_to_gfn(map->page);
    struct gnttab_unmap_grant_ref op = {
        .host_addr = gfn << PAGE_SHIFT, .handle = map->handle,
    };
    long rc;

    mm_unmap(gfn, 1);
    rc = hc_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1);
    map->status = op.status;
    if (rc != 0 || op.status != GNTST_okay) {
        /* The frame may still be theirs: never use this part of the window again. */
        return rc != 0 ? (int)rc : -XEN_EIO;
    }
    window_free(gfn, 1);
    map->page = NULL;
    return 0;
}
