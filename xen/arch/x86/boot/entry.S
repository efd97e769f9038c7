/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry from the loader: multiboot 1 and 2 in 32-bit protected mode, multiboot 2 in 64-bit mode under UEFI with boot
 * services. All ways meet in boot_high with our first page tables: low 4 GiB one to one and at the direct map, low
 * 1 GiB at HV_BASE.
 * Sources: Multiboot Specification 0.6.96; Multiboot2 Specification 2.0, 3.1 and 3.2.
 */
#define HV_BASE 0xffffffff80000000
#define MB2_MAGIC 0xe85250d6

    .section .boot.header, "ax", @progbits
    .balign 8
mb1_header:
    .long 0x1badb002
    .long 0x00000003                    /* modules on page boundaries, memory information */
    .long -(0x1badb002 + 0x00000003)
    .balign 8
mb2_header:
    .long MB2_MAGIC
    .long 0
    .long mb2_end - mb2_header
    .long -(MB2_MAGIC + (mb2_end - mb2_header))
    .balign 8                           /* information request: memory map, modules */
    .short 1, 0
    .long 16
    .long 3, 6
    .balign 8                           /* modules page aligned */
    .short 6, 0
    .long 8
    .balign 8                           /* keep EFI boot services */
    .short 7, 0
    .long 8
    .balign 8                           /* EFI amd64 entry; optional for BIOS loaders */
    .short 9, 1
    .long 12
    .long entry_efi64
    .balign 8
    .short 0, 0
    .long 8
mb2_end:

    .section .boot.text, "ax", @progbits
    .code32
    .globl entry32
entry32:
    cli
    cld
    movl %eax, %esi                     /* magic */
    movl %ebx, %edi                     /* information */
    movl $boot_stack_top, %esp
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb no_long_mode
    movl $0x80000001, %eax
    cpuid
    btl $29, %edx
    jnc no_long_mode
    btl $20, %edx
    jnc no_long_mode
    call fill_tables
    movl %cr4, %eax
    orl $0x20, %eax                     /* PAE */
    movl %eax, %cr4
    movl $boot_pml4, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx
    rdmsr
    orl $0x900, %eax                    /* LME, NXE */
    wrmsr
    movl $0x80010033, %eax              /* PG WP NE ET MP PE */
    movl %eax, %cr0
    lgdt boot_gdt_ptr
    ljmp $8, $boot64

no_long_mode:
    movl $no_long_mode_text, %esi
    movw $0x3f8, %dx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  hlt
    jmp 2b

/* Fill the page directories: 2048 entries of 2 MiB. The top-level tables are static. */
fill_tables:
    movl $boot_pd, %eax
    movl $0x83, %ecx
1:  movl %ecx, (%eax)
    movl $0, 4(%eax)
    addl $0x200000, %ecx
    addl $8, %eax
    cmpl $boot_pd + 4 * 4096, %eax
    jb 1b
    ret

    .code64
boot64:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movl %edi, %edi
    movl %esi, %esi
    movabsq $boot_high, %rax
    jmpq *%rax

/* UEFI: eax = magic, ebx = information; the loader's stack, its tables, boot services alive. */
    .globl entry_efi64
entry_efi64:
    cld
    movl %eax, %r12d
    movl %ebx, %r13d
    andq $-16, %rsp
    movl %ebx, %edi
    call efi_boot                       /* leaves boot services; what it learnt is in efi_boot_info */
    cli
    movl $boot_pd, %eax
    movl $0x83, %ecx
1:  movq %rcx, (%rax)
    addq $0x200000, %rcx
    addq $8, %rax
    cmpq $boot_pd + 4 * 4096, %rax
    jb 1b
    movl $0xc0000080, %ecx
    rdmsr
    orl $0x900, %eax
    wrmsr
    movl $boot_pml4, %eax
    movq %rax, %cr3
    movl $0x80010033, %eax
    movq %rax, %cr0
    movl $boot_stack_top, %esp
    lgdt boot_gdt_ptr
    pushq $8
    pushq $1f
    lretq
1:  movl %r12d, %esi
    movl %r13d, %edi
    jmp boot64

    .section .boot.data, "aw", @progbits
no_long_mode_text:
    .asciz "Bulkhead needs a 64-bit processor with NX.\r\n"
    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
boot_gdt_ptr:
    .short boot_gdt_ptr - boot_gdt - 1
    .quad boot_gdt
    .balign 4096
    .globl boot_pml4
boot_pml4:
    .quad boot_pdpt + 3
    .skip 255 * 8
    .quad boot_pdpt + 3                 /* direct map, slot 256 */
    .skip 254 * 8
    .quad boot_pdpt_high + 3            /* HV_BASE, slot 511 */
boot_pdpt:
    .quad boot_pd + 0x0003
    .quad boot_pd + 0x1003
    .quad boot_pd + 0x2003
    .quad boot_pd + 0x3003
    .skip 508 * 8
boot_pdpt_high:
    .skip 510 * 8
    .quad boot_pd + 3
    .skip 8
boot_pd:
    .skip 4 * 4096
boot_stack:
    .skip 8192
boot_stack_top:

    .text
boot_high:
    movabsq $boot_cpu_stack_top, %rsp
    xorl %ebp, %ebp
    /* rdi = information, rsi = magic */
    call boot_main
1:  hlt
    jmp 1b

    .bss
    .balign 16
    .skip 16384
boot_cpu_stack_top:
    .section .note.GNU-stack, "", @progbits
