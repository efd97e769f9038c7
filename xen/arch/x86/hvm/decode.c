/* SPDX-License-Identifier: Apache-2.0 */
#include <asm/decode.h>

#include <xen/errno.h>
#include <xen/lib.h>

#define OPERAND_SIZE 0x66
#define REX_W 8u
#define REX_R 4u

/* Bytes of ModRM, SIB and displacement; 0 when it is a register operand or runs past the end. */
static size_t modrm_length(const uint8_t *p, size_t room)
{
    unsigned mod, rm;
    size_t len = 1;

    if (!room) {
        return 0;
    }
    mod = p[0] >> 6;
    rm = p[0] & 7;
    if (mod == 3) {
        return 0;
    }
    if (rm == 4) {
        if (room < 2) {
            return 0;
        }
        len++;
        if (mod == 0 && (p[1] & 7) == 5) {
            len += 4;
        }
    } else if (mod == 0 && rm == 5) {
        len += 4;
    }
    len += mod == 1 ? 1 : mod == 2 ? 4 : 0;
    return len <= room ? len : 0;
}

static uint32_t immediate(const uint8_t *p, unsigned size)
{
    uint32_t value = 0;

    while (size-- > 0) {
        value = value << 8 | p[size];
    }
    return value;
}

static bool is_segment_prefix(uint8_t b)
{
    return b == 0x2e || b == 0x36 || b == 0x3e || b == 0x26 || b == 0x64 || b == 0x65;
}

static int finish(struct decoded *out, size_t length, size_t count)
{
    if (length > count || length > 15) {
        return -EINVAL;
    }
    out->length = (unsigned)length;
    return 0;
}

int decode_move(const uint8_t *bytes, size_t count, bool mode64, struct decoded *out)
{
    size_t at = 0, len;
    unsigned rex = 0;
    uint8_t op;

    *out = (struct decoded){ .size = 4 };
    while (at < count && (is_segment_prefix(bytes[at]) || bytes[at] == 0xf0 || bytes[at] == OPERAND_SIZE)) {
        out->size = bytes[at] == OPERAND_SIZE ? 2 : out->size;
        at++; /* LOCK is allowed with xchg; elsewhere the CPU had refused before */
    }
    if (mode64 && at < count && (bytes[at] & 0xf0) == 0x40) {
        rex = bytes[at++];
    }
    if (at >= count) {
        return -EINVAL;
    }
    op = bytes[at++];
    if (rex & REX_W) {
        return -EOPNOTSUPP;
    }
    if (op == 0xa1 || op == 0xa3) {
        out->write = op == 0xa3;
        return finish(out, at + (mode64 ? 8 : 4), count);
    }
    if (op == 0x88 || op == 0x8a || op == 0xc6) {
        op |= 1; /* the byte forms are the even opcodes */
        out->size = 1;
    }
    if (op != 0x89 && op != 0x8b && op != 0xc7 && (op != 0x87 || out->size != 4)) {
        return -EOPNOTSUPP;
    }
    len = modrm_length(bytes + at, count - at);
    if (!len) {
        return -EINVAL;
    }
    out->reg = (bytes[at] >> 3 & 7) | (rex & REX_R ? 8 : 0);
    out->write = op != 0x8b;
    out->exchange = op == 0x87;
    if (op != 0xc7 && out->size == 1 && rex == 0 && out->reg >= 4) {
        return -EOPNOTSUPP; /* AH to BH: nobody moves device registers through these */
    }
    at += len;
    if (op == 0xc7) {
        if (out->reg & 7) {
            return -EOPNOTSUPP;
        }
        if (at + out->size > count) {
            return -EINVAL;
        }
        out->immediate = true;
        out->value = immediate(bytes + at, out->size);
        at += out->size;
    }
    return finish(out, at, count);
}
