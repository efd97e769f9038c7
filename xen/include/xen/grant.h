/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grant tables v1. A domain's shared frames are pages of its own; the hypervisor keeps, beside
 * them, an active entry per reference in use (who maps it, how often, which frame pinned). The
 * mapping side keeps a map-track entry per handle.
 */
#ifndef XEN_GRANT_H
#define XEN_GRANT_H

#include <xen/domain.h>

#define GRANT_MAX_FRAMES 64 /* 512 entries each */

int grant_init(struct domain *d) must_check;
/** Undo d's mappings of others' pages. @return 0; -ERESTART preempted, or another CPU has one in hand */
int grant_release_mappings(struct domain *d) must_check;
/**
 * Close d's own table: nothing can be granted any more and the shared frames go. What others have
 * mapped stays theirs until they let go, so the table itself stays until grant_free(). May be
 * called again.
 */
void grant_destroy(struct domain *d);
/** Free the table with d's structure, when no page of d is left with anybody. */
void grant_free(struct domain *d);
/** Fill a reserved entry at launch: remote may map gfn read-write. */
int grant_seed(struct domain *d, uint32_t ref, domid_t remote, gfn_t gfn) must_check;
/**
 * Frame number idx of the shared table for XENMAPSPACE_grant_table, grown as needed; a reference is
 * taken.
 */
int grant_get_frame(struct domain *d, unsigned idx, struct page_info **out) must_check;
/** The domain sees frame idx at gfn now (what GNTTABOP_setup_table reports). */
void grant_note_frame(struct domain *d, unsigned idx, gfn_t gfn);

#endif
