/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the grant tables. Two parts, each with its own lock:
 *
 *   lock        the granting side: shared frames, one `grant_pin` beside each shared entry
 *   track_lock  the mapping side: one `grant_track` for each handle
 *
 * Order: lock of one table, then a track_lock, then p2m. Nobody holds the locks of two tables.
 *
 * A shared entry is the guest's memory: it is read once, whole, and changed by compare-exchange of
 * the whole. While a pin has users it holds a reference on the page, and what it says counts,
 * whatever the guest writes into the entry later.
 */
#ifndef GRANT_PRIVATE_H
#define GRANT_PRIVATE_H

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/grant.h>
#include <xen/hypercall_row.h>
#include <xen/p2m.h>

#include <public/grant_table.h>

#define GRANTS_PER_FRAME (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define GRANT_USERS_MAX 0x00ffffffu

/* A shared entry as one value. */
union grant_word {
    grant_entry_v1_t e;
    uint64_t raw;
};
BUILD_ASSERT(sizeof(union grant_word) == 8);

/* Use of one of our entries by others; zero while unused. */
struct grant_pin {
    struct page_info *page; /* counted reference while there are users */
    uint32_t readers, writers;
    domid_t domid;          /* the only domain that may use it */
    bool read_only;         /* page or entry allow no writing */
};

enum track_state {
    TRACK_FREE,
    TRACK_BUSY,    /* being made or taken apart by one CPU */
    TRACK_MAPPED,
    TRACK_PENDING, /* taken apart, waits for the TLB flush; on the caller's list */
    TRACK_REVOKED, /* taken away by policy; the handle waits for its unmap */
};

/* One mapping of a foreign page here. */
struct grant_track {
    struct domain *owner;   /* who granted; alive while the pin holds its page */
    struct page_info *page; /* borrowed from the pin; after a revocation the empty page, borrowed from the p2m */
    uint64_t gfn;           /* where it is mapped */
    uint32_t ref;
    uint32_t next;          /* free or pending list: handle + 1, 0 ends */
    uint8_t state;          /* enum track_state */
    bool write;
};

#define TRACKS_PER_CHUNK 64
#define TRACK_CHUNKS 512 /* 32768 mappings per domain */

struct grant_table {
    spinlock_t lock;
    bool closed;
    unsigned frame_count;
    struct page_info *frame[GRANT_MAX_FRAMES];   /* counted references */
    union grant_word *shared[GRANT_MAX_FRAMES];  /* their content */
    struct grant_pin *pin[GRANT_MAX_FRAMES];     /* owned */
    uint64_t frame_gfn[GRANT_MAX_FRAMES];        /* last known place, INVALID_FRAME unknown */

    spinlock_t track_lock;
    unsigned track_chunks;
    uint32_t track_free;                         /* handle + 1, 0 none */
    struct grant_track *track[TRACK_CHUNKS];     /* owned */
};

/* -- pin.c: the granting side ------------------------------------------------------------------ */

/**
 * Use entry ref of owner for user: the entry is checked, marked as in use, and pinned.
 *
 * @param write  GTF_writing is wanted too
 * @param out    page; the pin holds it until grant_unpin()
 * @return 0; -ESRCH table closed; -EINVAL no such entry; -EIO not granted to user for this use, or
 *         it keeps changing; -ENOENT no usable page behind it; -ENOSPC too many users
 */
int grant_pin(struct domain *owner, uint32_t ref, struct domain *user, bool write,
              struct page_info **out) must_check;
/** One user less; the last of its kind clears the mark in the entry. */
void grant_unpin(struct domain *owner, uint32_t ref, bool write);
/** Both sides of an entry, lock held; NULL when there is none. */
union grant_word *grant_entry(struct grant_table *gt, uint32_t ref, struct grant_pin **pin);
/**
 * Table lock held: frames 0..count-1 exist afterwards. @return 0; -ENOSPC limit; -ENOMEM; -ESRCH
 * closed
 */
int grant_grow(struct domain *d, unsigned count) must_check;

/* -- track.c: the mapping side ----------------------------------------------------------------- */

/** A fresh handle in state TRACK_BUSY; NULL when there is no room. */
struct grant_track *track_alloc(struct grant_table *gt, uint32_t *handle) must_check;
/**
 * Mapped or revoked handle, waited for while another CPU has it in hand, now TRACK_BUSY and the caller's alone; NULL when there is none. A revoked one
 * has no owner any more.
 */
struct grant_track *track_take(struct grant_table *gt, uint32_t handle) must_check;
void track_set(struct grant_table *gt, struct grant_track *t, enum track_state state);
void track_free(struct grant_table *gt, uint32_t handle);
/**
 * Any mapped handle from *handle on, taken as by track_take().
 * @param busy  out: NULL was returned because *handle is in another CPU's hands, who may give it back
 *              mapped, or has not flushed it from the TLBs yet; NULL: such ones are passed over
 */
struct grant_track *track_take_next(struct grant_table *gt, uint32_t *handle, bool *busy) must_check;
struct grant_track *track_at(struct grant_table *gt, uint32_t handle);

/* -- unmap.c ----------------------------------------------------------------------------------- */

/* What a batch of unmaps has to do after the flush. */
struct unmap_batch {
    struct p2m_batch p2m;
    uint32_t pending; /* handle + 1, list through grant_track.next */
};
BUILD_ASSERT(sizeof(struct unmap_batch) <= sizeof(((struct call *)0)->batch));

/** Take apart a mapping that the caller has taken; its pin goes with unmap_finish(). */
int track_unmap(struct domain *d, struct grant_track *t, uint32_t handle, struct unmap_batch *b)
    must_check;
void unmap_finish(struct domain *d, struct unmap_batch *b);

/** What mapping a granted page with these GNTMAP_* flags asks of class grant_op. */
static inline uint32_t grant_map_permissions(uint32_t flags)
{
    return GRANT_OP__MAP_READ | (flags & GNTMAP_readonly ? 0 : GRANT_OP__MAP_WRITE) |
           (flags & GNTMAP_host_map ? GRANT_OP__MAP_HOST : 0) |
           (flags & GNTMAP_device_map ? GRANT_OP__MAP_DEVICE : 0) |
           (flags & GNTMAP_application_map ? GRANT_OP__MAP_APPLICATION : 0) |
           (flags & GNTMAP_contains_pte ? GRANT_OP__MAP_PTE : 0);
}

/* -- status codes ------------------------------------------------------------------------------ */

/** GNTST_* of an internal error number. */
int16_t grant_status(long rc);

static inline struct p2m_batch *call_p2m_batch(struct call *c)
{
    return (struct p2m_batch *)(void *)c->batch;
}

/*
 * Batch hooks for operations that replace or remove p2m entries: one flush for all elements of a
 * chunk.
 */
void grant_batch_begin(struct call *c);
void grant_batch_end(struct call *c);

/* -- the handlers of the rows in rows.c -------------------------------------------------------- */
int map_decode(struct call *c);
long map_act(struct call *c);
void map_status(struct call *c, long rc);
void unmap_begin(struct call *c);
void unmap_end(struct call *c);
int unmap_decode(struct call *c);
long unmap_act(struct call *c);
void unmap_status(struct call *c, long rc);
int replace_decode(struct call *c);
long replace_act(struct call *c);
void replace_status(struct call *c, long rc);
int copy_decode(struct call *c);
long copy_act(struct call *c);
void copy_status(struct call *c, long rc);
int transfer_decode(struct call *c);
long transfer_act(struct call *c);
void transfer_status(struct call *c, long rc);
int setup_decode(struct call *c);
long setup_act(struct call *c);
void setup_status(struct call *c, long rc);
int query_size_decode(struct call *c);
long query_size_act(struct call *c);
void query_size_status(struct call *c, long rc);
int status_frames_decode(struct call *c);
long status_frames_act(struct call *c);
void status_frames_status(struct call *c, long rc);
int swap_decode(struct call *c);
long swap_act(struct call *c);
void swap_status(struct call *c, long rc);
int set_version_decode(struct call *c);
long set_version_act(struct call *c);
int get_version_decode(struct call *c);
long get_version_act(struct call *c);

#endif
