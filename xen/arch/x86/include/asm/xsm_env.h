/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy engine's question for its CPU, answered inline: see <flask/env.h>. Alone, so that the engine sees nothing
 * else of the architecture; xen/common/xsm_env.c asserts the offset.
 */
#ifndef ASM_XSM_ENV_H
#define ASM_XSM_ENV_H

#define XSM_ENV_CPU_INLINE
#define XSM_ENV_CPU_ID_OFFSET 16 /* of id in struct cpu, to which %gs points */

/* As wide as an index is: the move has cleared the upper half, which the compiler cannot know of a narrower one. */
static inline unsigned long xsm_env_cpu(void)
{
    unsigned long id;

    __asm__ volatile("movl %%gs:%c1, %k0" : "=r"(id) : "i"(XSM_ENV_CPU_ID_OFFSET));
    return id;
}

#endif
