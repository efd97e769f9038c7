/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The assembly of the runtime: PVH entry and the way to long mode, exception and interrupt stubs,
 * the hypercall instruction, trap_try()'s jump, and the first instructions of further vCPUs.
 */
#include <public/elfnote.h>

#define CR0_PE_MP_WP_PG 0x80010003
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME_NXE 0x900
#define SEL_CODE 0x08
#define SEL_DATA 0x10

        .macro elfnote type, desc:vararg
        .pushsection .note.Xen, "a", @note
        .balign 4
        .long 4
        .long 2f - 1f
        .long \type
        .asciz "Xen"
1:      \desc
2:      .balign 4
        .popsection
        .endm

        elfnote XEN_ELFNOTE_GUEST_OS, .asciz "bulkhead-stubdom"
        elfnote XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
        elfnote XEN_ELFNOTE_PHYS32_ENTRY, .quad rt_pvh_entry

/*
 * 32-bit protected mode, paging off, flat segments, ebx = start info. The first page tables map the
 * first GiB read-write-execute with 2 MiB pages; mm_init() replaces them by W^X ones.
 */
        .section .text.entry, "ax", @progbits
        .code32
        .globl rt_pvh_entry
rt_pvh_entry:
        cld
        cli
        movl $__stack_top, %esp
        movl $boot_pml4, %edi
        movl $boot_pdpt, %eax
        orl $3, %eax
        movl %eax, (%edi)
        movl $boot_pd, %eax
        orl $3, %eax
        movl %eax, boot_pdpt
        movl $boot_pd, %edi
        movl $0x83, %eax
        movl $512, %ecx
1:      movl %eax, (%edi)
        addl $0x200000, %eax
        addl $8, %edi
        decl %ecx
        jnz 1b

        movl %ebx, %esi
        movl %cr4, %eax
        orl $CR4_PAE, %eax
        movl %eax, %cr4
        movl $boot_pml4, %eax
        movl %eax, %cr3
        movl $MSR_EFER, %ecx
        rdmsr
        orl $EFER_LME_NXE, %eax
        wrmsr
        movl $CR0_PE_MP_WP_PG, %eax
        movl %eax, %cr0
        lgdt boot_gdt_ptr
        ljmp $SEL_CODE, $entry64
        .code64
entry64:
        movl $SEL_DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        xorl %eax, %eax
        movl %eax, %fs
        movl %eax, %gs
        movq $__stack_top, %rsp
        xorl %ebp, %ebp
        movl %esi, %edi
        call rt_start
        ud2

        .section .rodata, "a", @progbits
        .balign 8
boot_gdt:
        .quad 0
        .quad 0x00af9b000000ffff
        .quad 0x00cf93000000ffff
boot_gdt_ptr:
        .word boot_gdt_ptr - boot_gdt - 1
        .long boot_gdt
        .long 0

        .section .bss.page_aligned, "aw", @nobits
        .balign 4096
boot_pml4:
        .skip 4096
boot_pdpt:
        .skip 4096
boot_pd:
        .skip 4096

/*
 * One 16-byte stub per vector; those without an error code push 0 in its place.
 */
        .text
        .code64
        .balign 16
        .globl trap_stubs
trap_stubs:
        .set vector, 0
        .rept 256
        .balign 16
        .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
              vector == 29 || vector == 30)
        pushq $0
        .endif
        pushq $vector
        jmp trap_common
        .set vector, vector + 1
        .endr

        .balign 16
trap_common:
        pushq %rax
        pushq %rbx
        pushq %rcx
        pushq %rdx
        pushq %rsi
        pushq %rdi
        pushq %rbp
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        cld
        movq %rsp, %rdi
        movq %rsp, %rbp
        andq $-16, %rsp
        call trap_dispatch
        movq %rbp, %rsp
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rbp
        popq %rdi
        popq %rsi
        popq %rdx
        popq %rcx
        popq %rbx
        popq %rax
        addq $16, %rsp
        iretq

/* long hypercall_raw(nr, a1, a2, a3, a4, a5) */
        .balign 16
        .globl hypercall_raw
hypercall_raw:
        movq %rdi, %rax
        movq %rsi, %rdi
        movq %rdx, %rsi
        movq %rcx, %rdx
        movq %r8, %r10
        movq %r9, %r8
        cmpb $0, hypercall_use_vmcall(%rip)
        jne 1f
        vmmcall
        ret
1:      vmcall
        ret

        .data
        .globl hypercall_use_vmcall
hypercall_use_vmcall:
        .byte 0

/* int trap_enter(struct trap_jump *): 0 the first time, 1 when trap_leave() comes back here. */
        .text
        .globl trap_enter
trap_enter:
        movq %rbx, 0(%rdi)
        movq %rbp, 8(%rdi)
        movq %r12, 16(%rdi)
        movq %r13, 24(%rdi)
        movq %r14, 32(%rdi)
        movq %r15, 40(%rdi)
        leaq 8(%rsp), %rax
        movq %rax, 48(%rdi)
        movq (%rsp), %rax
        movq %rax, 56(%rdi)
        xorl %eax, %eax
        ret

        .globl trap_leave
trap_leave:
        movq 0(%rdi), %rbx
        movq 8(%rdi), %rbp
        movq 16(%rdi), %r12
        movq 24(%rdi), %r13
        movq 32(%rdi), %r14
        movq 40(%rdi), %r15
        movq 48(%rdi), %rsp
        movl $1, %eax
        jmp *56(%rdi)

/*
 * Further vCPUs start here in real mode, copied to a page below 1 MiB at CS:0. The copier fills in
 * the page tables, the address of the GDT and of the far jumps (all below 4 GiB).
 */
        .section .rodata, "a", @progbits
        .balign 16
        .globl ap_trampoline_start, ap_trampoline_end, ap_trampoline_cr3, ap_trampoline_gdt
        .globl ap_trampoline_gdt_base, ap_trampoline_ljmp, ap_trampoline_prot
        .code16
ap_trampoline_start:
        cli
        movw %cs, %ax
        movw %ax, %ds
        lgdtl ap_gdt_ptr - ap_trampoline_start
        movl $1, %eax
        movl %eax, %cr0
        ljmpl *(ap_trampoline_ljmp - ap_trampoline_start)
        .code32
ap_trampoline_prot:
        movl $SEL_DATA, %eax
        movl %eax, %ds
        movl %eax, %ss
        movl $CR4_PAE, %eax
        movl %eax, %cr4
        .byte 0xb8                      /* movl $imm32, %eax */
ap_trampoline_cr3:
        .long 0
        movl %eax, %cr3
        movl $MSR_EFER, %ecx
        rdmsr
        orl $EFER_LME_NXE, %eax
        wrmsr
        movl $CR0_PE_MP_WP_PG, %eax
        movl %eax, %cr0
        ljmp $0x18, $ap_entry64
        .balign 8
ap_trampoline_gdt:
        .quad 0
        .quad 0x00cf9b000000ffff        /* 0x08: 32-bit code */
        .quad 0x00cf93000000ffff        /* 0x10: data */
        .quad 0x00af9b000000ffff        /* 0x18: 64-bit code */
ap_gdt_ptr:
        .word ap_gdt_ptr - ap_trampoline_gdt - 1
ap_trampoline_gdt_base:
        .long 0
ap_trampoline_ljmp:
        .long 0
        .word 0x08
ap_trampoline_end:

        .text
        .code64
ap_entry64:
        movl $SEL_DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        movq ap_stack(%rip), %rsp
        xorl %ebp, %ebp
        call ap_main
        ud2
