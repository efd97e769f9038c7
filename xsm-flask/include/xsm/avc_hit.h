/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The access vector cache as far as a hit reads it, and the hit itself, inline: a call of its own would cost a third
 * as much again. The engine alone writes here, but for the count.
 *
 * A cache belongs to one CPU. An entry answers for one (source, target, class) under one policy stamp.
 */
#ifndef XSM_AVC_HIT_H
#define XSM_AVC_HIT_H

#include <xen/types.h>

#include <xsm/xsm.h>

#define XSM_AVC_SLOTS 512U       /* a power of two */

struct xsm_avc_entry {
    uint64_t pair;               /* source | target << 32 */
    uint64_t tag;                /* xsm_policy_stamp | class; 0 never valid */
    uint32_t loud;               /* refused, to be logged when granted, or not looked up yet */
    uint32_t allowed;
    uint32_t audited;            /* to be logged, as granted or refused */
    uint32_t decided;            /* looked up; the others are 0 in `allowed` */
};
_Static_assert(sizeof(struct xsm_avc_entry) == 32, "an entry is half a cache line");

/* The entries of one CPU, and more behind them that is the engine's alone. */
struct xsm_avc {
    struct xsm_avc_entry entry[XSM_AVC_SLOTS];
};

/* The cache before xsm_init(): empty. Afterwards that of the first CPU. */
extern struct xsm_avc *const xsm_avc_boot;

/*
 * Of the CPU that executes: the address of byte `offset` of its cache, which is what xsm_env_avc_set() was last given
 * (<flask/env.h>), xsm_avc_boot before; and one more hit. An architecture that can do both in an instruction each has
 * them in <asm/xsm_env.h> and defines XSM_ENV_AVC_INLINE.
 */
#if __has_include(<asm/xsm_env.h>)
#include <asm/xsm_env.h>
#endif
#ifndef XSM_ENV_AVC_INLINE
void *xsm_env_avc_at(uint64_t offset);
void xsm_env_avc_count(void);
#endif

/* What a class adds to the place of an entry, in bytes, so that nothing is left to scale at run time. */
#define XSM_AVC_CLASS_OFFSET(tclass) \
    ((tclass) * 0x4fU % XSM_AVC_SLOTS * (uint32_t)sizeof(struct xsm_avc_entry))

/* Fibonacci hashing: the bits from 30 up have been mixed by all of a small source and the low bits of the target. */
static inline struct xsm_avc_entry *xsm_avc_place(uint64_t pair, uint32_t class_offset)
{
    uint32_t mask = (XSM_AVC_SLOTS - 1) * (uint32_t)sizeof(struct xsm_avc_entry);
    uint32_t offset = ((uint32_t)(pair * (uint64_t)-0x61c88647LL >> 25) ^ class_offset) & mask;

    return xsm_env_avc_at(offset);
}

static inline uint64_t xsm_avc_pair(xsm_sid_t ssid, xsm_sid_t tsid)
{
    return ssid | (uint64_t)tsid << 32;
}

/**
 * Is it known, without more ado, that the policy grants all of `requested` and wants no line about it? Then it is
 * counted as a hit and done; else xsm_check() has the answer.
 *
 * @param tag           class; what exceeds 16 bits makes the answer no, for callers that note things there
 * @param class_offset  XSM_AVC_CLASS_OFFSET(class); a wrong one makes the answer no
 * @param requested     permission bits, at least one: the caller sees to that
 */
static inline bool xsm_avc_hit(xsm_sid_t ssid, xsm_sid_t tsid, uint32_t tag, uint32_t class_offset,
                               uint32_t requested)
{
    uint64_t pair = xsm_avc_pair(ssid, tsid);
    const struct xsm_avc_entry *e = xsm_avc_place(pair, class_offset);

    if (unlikely(e->pair != pair || e->tag != (*(const volatile uint64_t *)&xsm_policy_stamp | tag) ||
                 (e->loud & requested) != 0)) {
        return false;
    }
    xsm_env_avc_count();
    return true;
}

#endif
