/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-1, only because a TPM may have its SHA-1 bank active, and a bank that is left alone reads
 * as if nothing had been measured.
 * Source: FIPS 180-4, 6.1.
 */
#include <xen/sha1.h>

#include <xen/lib.h>

static inline uint32_t rol32(uint32_t x, unsigned int n)
{
    return (x << n) | (x >> (32 - n));
}

static uint32_t mix(unsigned int round, uint32_t b, uint32_t c, uint32_t d)
{
    switch (round / 20) {
    case 0:
        return (d ^ (b & (c ^ d))) + 0x5a827999u;
    case 1:
        return (b ^ c ^ d) + 0x6ed9eba1u;
    case 2:
        return ((b & c) | (d & (b | c))) + 0x8f1bbcdcu;
    default:
        return (b ^ c ^ d) + 0xca62c1d6u;
    }
}

static void sha1_block(uint32_t state[5], const uint8_t *p)
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    uint32_t w[16];

    for (unsigned int i = 0; i < 80; i++) {
        uint32_t t;

        if (i < 16) {
            memcpy(&t, p + 4 * i, sizeof(t));
            w[i] = __builtin_bswap32(t);
        } else {
            w[i & 15] = rol32(w[(i + 13) & 15] ^ w[(i + 8) & 15] ^ w[(i + 2) & 15] ^ w[i & 15], 1);
        }
        t = rol32(a, 5) + mix(i, b, c, d) + e + w[i & 15];
        e = d;
        d = c;
        c = rol32(b, 30);
        b = a;
        a = t;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

void sha1_init(struct sha1 *ctx)
{
    static const uint32_t start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

    memset(ctx, 0, sizeof(*ctx));
    memcpy(ctx->state, start, sizeof(start));
}

void sha1_update(struct sha1 *ctx, const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len > 0) {
        size_t pending = ctx->length % SHA1_BLOCK;
        size_t take = min(len, SHA1_BLOCK - pending);

        memcpy(ctx->block + pending, p, take);
        ctx->length += take;
        p += take;
        len -= take;
        if (pending + take == SHA1_BLOCK) {
            sha1_block(ctx->state, ctx->block);
        }
    }
}

void sha1_final(struct sha1 *ctx, uint8_t out[SHA1_SIZE])
{
    size_t pending = ctx->length % SHA1_BLOCK;
    uint64_t bits = __builtin_bswap64(ctx->length * 8);

    ctx->block[pending++] = 0x80;
    memset(ctx->block + pending, 0, SHA1_BLOCK - pending);
    if (pending > SHA1_BLOCK - sizeof(bits)) {
        sha1_block(ctx->state, ctx->block);
        memset(ctx->block, 0, SHA1_BLOCK);
    }
    memcpy(ctx->block + SHA1_BLOCK - sizeof(bits), &bits, sizeof(bits));
    sha1_block(ctx->state, ctx->block);
    for (unsigned int i = 0; i < 5; i++) {
        uint32_t v = __builtin_bswap32(ctx->state[i]);

        memcpy(out + 4 * i, &v, sizeof(v));
    }
    memset(ctx, 0, sizeof(*ctx));
}
