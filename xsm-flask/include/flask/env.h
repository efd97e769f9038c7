/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the policy engine needs from the place it runs in. The hypervisor implements these in
 * xen/, host programs link xsm-flask/host/env.c. Nothing else outside xsm-flask/ is called,
 * except for the plain functions of <xen/lib.h>.
 */
#ifndef FLASK_ENV_H
#define FLASK_ENV_H

#include <xen/types.h>

/**
 * Allocate memory, aligned to 16 bytes; the content is undefined.
 *
 * @param size  bytes; the engine asks for up to 4 MiB at once, mostly for less than 64 KiB
 * @return the memory, NULL when there is none. Owner: the engine, until xsm_env_free().
 * Called with the policy lock held or not; never from interrupt context.
 */
void *xsm_env_alloc(size_t size);

/** Free what xsm_env_alloc() returned; NULL is ignored. */
void xsm_env_free(void *ptr);

/**
 * The policy lock: one for the machine, not recursive, may be a spinlock. The engine holds it while
 * it answers an AVC miss (a few thousand instructions) and while it swaps policies.
 * Order: taken after any domain, grant or event channel lock, before the allocator's lock.
 */
void xsm_env_lock(void);
void xsm_env_unlock(void);

/** Nanoseconds since any fixed point, monotonic; for the rate limit of audit lines. */
uint64_t xsm_env_now_ns(void);

/**
 * Emit one audit or status line.
 *
 * @param line  text without prefix and without newline; the sink adds both. Borrowed for the call.
 * Called without the policy lock.
 */
void xsm_env_audit(const char *line);

/** Number of the CPU that executes, below the count given to xsm_init(). */
unsigned int xsm_env_cpu(void);

struct xsm_avc;

/**
 * Where the cache of a CPU is from now on, for xsm_env_avc_at() of <xsm/avc_hit.h>; its count of hits begins at 0.
 * xsm_init() calls it for every CPU, before any of them asks.
 */
void xsm_env_avc_set(unsigned int cpu, struct xsm_avc *avc);

/** The count of a CPU's hits. */
uint64_t xsm_env_avc_hits(unsigned int cpu);

#endif
