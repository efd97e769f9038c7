/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the policy engine asks of its CPU on the way of a hit: see <xsm/avc_hit.h>. Alone, so that the engine sees nothing
 * else of the architecture; xen/common/xsm_env.c asserts the offsets.
 */
#ifndef ASM_XSM_ENV_H
#define ASM_XSM_ENV_H

#define XSM_ENV_AVC_INLINE
/* In struct cpu, to which %gs points. */
#define XSM_ENV_AVC_OFFSET 8
#define XSM_ENV_AVC_HITS_OFFSET 16

static inline void *xsm_env_avc_at(unsigned long offset)
{
    __asm__ volatile("addq %%gs:%c1, %0" : "+r"(offset) : "i"(XSM_ENV_AVC_OFFSET) : "cc");
    return (void *)offset;
}

static inline void xsm_env_avc_count(void)
{
    __asm__ volatile("incq %%gs:%c0" : : "i"(XSM_ENV_AVC_HITS_OFFSET) : "cc", "memory");
}

#endif
