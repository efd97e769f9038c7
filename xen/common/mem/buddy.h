/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buddy allocator over the frame table: blocks of 2^order frames, order 0..MAX_ORDER, aligned to
 * their size. Private to this folder.
 *
 * A free block is one on the list of its order, headed by its lowest frame: state PAGE_FREE with
 * PAGE_F_HEAD set and `order` valid. The other frames of the block are PAGE_FREE without
 * PAGE_F_HEAD. PAGE_F_CLEAN on any free frame says that its memory is all zero.
 */
#ifndef MEM_BUDDY_H
#define MEM_BUDDY_H

#include <xen/mm.h>

#define PAGE_F_HEAD 0x0001  /* free: first frame of a block */
#define PAGE_F_CLEAN 0x0002 /* free: content is zero */
#define PAGE_F_LARGE 0x0004 /* hypervisor: head of a large heap object, `order` valid */
#define PAGE_F_RESIDENT 0x0010 /* domain: lives as long as the owner's structure */
#define PAGE_F_SLAB 0x0008  /* hypervisor: page of small heap objects */

/**
 * Take a block out of the allocator. Frames come back with state `state`, refcount 0, flags reduced
 * to PAGE_F_CLEAN.
 * @return head frame or NULL
 */
struct page_info *buddy_alloc(unsigned order, enum page_state state) must_check;

/**
 * Give a block back; its frames must be allocated (any state but PAGE_FREE) with refcount 0. Keeps
 * PAGE_F_CLEAN of each.
 */
void buddy_free(struct page_info *head, unsigned order);

/**
 * Make the frames of an allocated block zero where they are not known to be, and forget
 * PAGE_F_CLEAN.
 */
void page_scrub_dirty(struct page_info *head, uint64_t count);
/** Zero one frame. */
void page_zero(struct page_info *pg);

#endif
