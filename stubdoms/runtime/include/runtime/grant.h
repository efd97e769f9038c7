/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants, version 1: sharing own pages, and mapping those of others into the window.
 */
#ifndef RUNTIME_GRANT_H
#define RUNTIME_GRANT_H

#include <runtime/xen.h>
#include <public/grant_table.h>

/**
 * Let @domid map frame @gfn.
 *
 * @param ref  out: the reference; 8 and above, the lower ones are reserved
 * @return 0, -XEN_ENOSPC when the table is full, -XEN_ENOSYS without grant tables
 */
int grant_give(domid_t domid, xen_pfn_t gfn, bool readonly, grant_ref_t *ref);

/**
 * End a grant and free the reference.
 *
 * @return 0, -XEN_EBUSY while the other domain has it mapped (the grant then stays)
 */
int grant_take_back(grant_ref_t ref);

/** Direct access to entry @ref, NULL past the end: for tests. */
struct grant_entry_v1 *grant_entry(grant_ref_t ref);

/** A mapping of somebody else's page. */
struct grant_map {
    void *page;              /* where it is, NULL when not mapped */
    grant_handle_t handle;
    int16_t status;          /* GNTST_* of the last operation */
};

/**
 * Map grant @ref of @domid.
 *
 * @return 0, -XEN_ENOMEM when the window is full, -XEN_EIO when the hypervisor refused
 *         (map->status says why), or the error of the hypercall
 */
int grant_map(domid_t domid, grant_ref_t ref, bool readonly, struct grant_map *map);

/** Undo grant_map(); 0 or -XEN_EIO with map->status. */
int grant_unmap(struct grant_map *map);

#endif
