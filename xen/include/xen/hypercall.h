/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls: from the exit handler into the one table. */
#ifndef XEN_HYPERCALL_H
#define XEN_HYPERCALL_H

#include <xen/types.h>

#define HYPERCALL_ARGS 6

/*
 * One hypercall of the running vCPU. nr and arg[] are the guest's registers (rax; rdi rsi rdx r10 r8 r9). When the result is
 * -ERESTART the caller leaves the instruction pointer at the hypercall instruction and writes arg[] (and nr) back
 * to the registers, so that the guest issues the rest of the work later; otherwise only rax changes.
 */
struct hypercall {
    uint64_t nr;
    uint64_t arg[HYPERCALL_ARGS];
};

long hypercall_dispatch(struct hypercall *hc);

#endif
