/* SPDX-License-Identifier: Apache-2.0 */
/* The policy engine's question for its CPU, answered inline: see <flask/env.h>. */
#ifndef ASM_XSM_ENV_H
#define ASM_XSM_ENV_H

#include <asm/cpu.h>

#define XSM_ENV_CPU_INLINE

static inline unsigned int xsm_env_cpu(void)
{
    return cpu_id();
}

#endif
