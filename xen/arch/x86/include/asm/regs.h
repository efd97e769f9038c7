/* SPDX-License-Identifier: Apache-2.0 */
/* General registers of a guest, or of an interrupted context, as the entry code saves them. */
#ifndef ASM_REGS_H
#define ASM_REGS_H

#include <xen/types.h>

struct cpu_regs {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

#endif
