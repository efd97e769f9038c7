/* SPDX-License-Identifier: Apache-2.0 */
/* Where a startup IPI sends a CPU: real mode in a page below 1 MiB; goes straight to long mode on our tables. */
    .section .rodata
    .globl trampoline_start, trampoline_end, trampoline_root, trampoline_stack, trampoline_cpu
    .balign 16
trampoline_start:
    .code16
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    xorl %ebx, %ebx
    movw %ax, %bx
    shll $4, %ebx                       /* linear address of this page */
    leal (gdt - trampoline_start)(%ebx), %eax
    movl %eax, gdt_ptr - trampoline_start + 2
    leal (long_mode - trampoline_start)(%ebx), %eax
    movl %eax, far_target - trampoline_start
    lgdtl gdt_ptr - trampoline_start
    movl $0x20, %eax
    movl %eax, %cr4
    movl trampoline_root - trampoline_start, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx
    rdmsr
    orl $0x900, %eax
    wrmsr
    movl $0x80010033, %eax
    movl %eax, %cr0
    ljmpl *(far_target - trampoline_start)
    .code64
long_mode:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movq trampoline_stack(%rip), %rsp
    movl trampoline_cpu(%rip), %edi
    xorl %ebp, %ebp
    movabsq $smp_cpu_entry, %rax
    call *%rax
1:  hlt
    jmp 1b
    .balign 8
gdt:
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
gdt_ptr:
    .short gdt_ptr - gdt - 1
    .long 0
far_target:
    .long 0
    .short 8
    .balign 8
trampoline_root:
    .long 0
trampoline_cpu:
    .long 0
trampoline_stack:
    .quad 0
trampoline_end:
    .section .note.GNU-stack, "", @progbits
