/* SPDX-License-Identifier: Apache-2.0 */
/* Decoder for the moves that reach emulated device memory; pure, host-tested. Source: AMD APM vol. 3, chapter 1. */
#ifndef ASM_DECODE_H
#define ASM_DECODE_H

#include <xen/types.h>

struct decoded {
    bool write;       /* register or immediate to memory */
    bool exchange;    /* xchg: both ways */
    bool immediate;
    unsigned size;    /* of the operand: 1, 2 or 4 bytes */
    unsigned reg;     /* 0..15 when not immediate */
    uint32_t value;   /* immediate */
    unsigned length;  /* bytes of the instruction */
};

/**
 * Decode an 8-, 16- or 32-bit mov, or a 32-bit xchg, between memory and a register, or of an immediate to memory.
 * @param mode64  long mode; else 32-bit protected mode
 * @return 0; -EOPNOTSUPP another instruction, another operand size; -EINVAL bytes end too early
 */
int decode_move(const uint8_t *bytes, size_t count, bool mode64, struct decoded *out);

#endif
