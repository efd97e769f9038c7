/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies between the hypervisor and the memory of the running vCPU, by its own virtual addresses, with its own
 * access rights. Each call walks the guest's tables afresh and holds the p2m lock for reading meanwhile.
 */
#ifndef XEN_GUEST_ACCESS_H
#define XEN_GUEST_ACCESS_H

#include <xen/types.h>

/** @return 0; -EFAULT when any byte is not accessible (what came before may have been copied). */
int copy_from_guest(void *dst, vaddr_t src, size_t size) must_check;
int copy_to_guest(vaddr_t dst, const void *src, size_t size) must_check;
/** Same by guest physical address of any domain (launch code, emulation). */
struct domain;
int copy_from_gaddr(struct domain *d, void *dst, gaddr_t src, size_t size) must_check;
int copy_to_gaddr(struct domain *d, gaddr_t dst, const void *src, size_t size) must_check;
/** Fetch instruction bytes of the running vCPU at its linear address; fewer than asked when the walk ends. */
size_t fetch_from_guest(void *dst, vaddr_t src, size_t size);

#endif
