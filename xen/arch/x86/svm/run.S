/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void svm_run(struct guest_regs *regs, paddr_t vmcb, paddr_t host)
 * Into the guest and out again, with the global interrupt flag clear on both sides. Host state that vmrun does not keep
 * (FS, GS, TR, LDTR, syscall MSRs) comes back by vmload from `host`.
 */
    .text
    .globl svm_run
    .balign 64
svm_run:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rdx                          /* host */
    pushq %rdi                          /* regs */
    pushq %rsi                          /* vmcb */
    movq %rsi, %rax
    movq 0(%rdi), %rbx
    movq 8(%rdi), %rcx
    movq 16(%rdi), %rdx
    movq 24(%rdi), %rsi
    movq 40(%rdi), %rbp
    movq 48(%rdi), %r8
    movq 56(%rdi), %r9
    movq 64(%rdi), %r10
    movq 72(%rdi), %r11
    movq 80(%rdi), %r12
    movq 88(%rdi), %r13
    movq 96(%rdi), %r14
    movq 104(%rdi), %r15
    movq 32(%rdi), %rdi
    vmload
    vmrun
    vmsave
    movq 16(%rsp), %rax
    vmload
    popq %rax
    popq %rax                           /* regs */
    movq %rbx, 0(%rax)
    movq %rcx, 8(%rax)
    movq %rdx, 16(%rax)
    movq %rsi, 24(%rax)
    movq %rdi, 32(%rax)
    movq %rbp, 40(%rax)
    movq %r8, 48(%rax)
    movq %r9, 56(%rax)
    movq %r10, 64(%rax)
    movq %r11, 72(%rax)
    movq %r12, 80(%rax)
    movq %r13, 88(%rax)
    movq %r14, 96(%rax)
    movq %r15, 104(%rax)
    popq %rdx
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    /* Nothing of the guest stays in registers that code below might use speculatively. */
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d
    ret
    .section .note.GNU-stack, "", @progbits
