/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of legacy mode, compiled from policy/legacy.cil, carried in the hypervisor's image. */
    .section .rodata.builtin_policy, "a", @progbits
    .balign 16
    .globl builtin_policy, builtin_policy_end
builtin_policy:
    .incbin BUILTIN_POLICY_FILE
builtin_policy_end:
    .byte 0
    .section .note.GNU-stack, "", @progbits
