/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walk of the running vCPU's own page tables in software: from its linear address to its guest
 * physical address, with the rights the processor would check. Private to this folder.
 */
#ifndef X86_MM_GUEST_WALK_H
#define X86_MM_GUEST_WALK_H

#include "p2m_entry.h"

#include <xen/vcpu.h>

#define WALK_READ 0u
#define WALK_WRITE 1u
#define WALK_FETCH 2u

/**
 * Translate va for an access; sets accessed and dirty bits as the processor does.
 *
 * @param gp      state of the vCPU
 * @param access  WALK_*
 * @param out     guest physical address
 * @param writable  out: a write there is known to be allowed, and marked, too
 * @return whether the access is allowed
 */
bool guest_walk(const struct p2m *p2m, const struct guest_paging *gp, vaddr_t va, unsigned access,
                gaddr_t *out, bool *writable) must_check;

#endif
