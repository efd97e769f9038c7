/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 in general registers. All rounds are written out so that the eight working variables stay
 * in registers and never move: instead of shifting them, each round is called with the names
 * rotated by one. The majority function reuses a ^ b of one round as b ^ c of the next. Source:
 * FIPS 180-4, 6.2.
 */
#include <xen/sha256.h>

#include <xen/lib.h>

static inline uint32_t ror32(uint32_t x, unsigned int n)
{
    return (x >> n) | (x << (32 - n));
}

/* The three rotations of each sum, nested: ror(ror(ror(x, 14) ^ x, 5) ^ x, 6) is the sum of 6,
 * 11, 25. */
#define SUM0(x) ror32(ror32(ror32(x, 9) ^ (x), 11) ^ (x), 2)
#define SUM1(x) ror32(ror32(ror32(x, 14) ^ (x), 5) ^ (x), 6)
#define SIGMA0(x) (ror32(ror32(x, 11) ^ (x), 7) ^ ((x) >> 3))
#define SIGMA1(x) (ror32(ror32(x, 2) ^ (x), 17) ^ ((x) >> 10))

/* On entry `bc` is b ^ c; on exit `ab` is a ^ b, which is the next round's b ^ c. */
#define ROUND(a, b, d, e, f, g, h, ab, bc, k, w)                                                   \
    do {                                                                                           \
        h += (w) + (uint32_t)(k) + SUM1(e) + (g ^ (e & (f ^ g)));                                  \
        d += h;                                                                                    \
        ab = a ^ b;                                                                                \
        h += SUM0(a) + (b ^ (bc & ab));                                                            \
    } while (0)

#define LOAD(i) (w[i] = load_be32(p + 4 * (i)))
#define NEXT(i)                                                                                    \
    (w[(i)&15] += SIGMA1(w[((i) + 14) & 15]) + w[((i) + 9) & 15] + SIGMA0(w[((i) + 1) & 15]))

#define EIGHT(W, i, k0, k1, k2, k3, k4, k5, k6, k7)                                                \
    ROUND(a, b, d, e, f, g, h, x, y, k0, W((i) + 0));                                              \
    ROUND(h, a, c, d, e, f, g, y, x, k1, W((i) + 1));                                              \
    ROUND(g, h, b, c, d, e, f, x, y, k2, W((i) + 2));                                              \
    ROUND(f, g, a, b, c, d, e, y, x, k3, W((i) + 3));                                              \
    ROUND(e, f, h, a, b, c, d, x, y, k4, W((i) + 4));                                              \
    ROUND(d, e, g, h, a, b, c, y, x, k5, W((i) + 5));                                              \
    ROUND(c, d, f, g, h, a, b, x, y, k6, W((i) + 6));                                              \
    ROUND(b, c, e, f, g, h, a, y, x, k7, W((i) + 7))

static inline uint32_t load_be32(const uint8_t *p)
{
    uint32_t v;

    __builtin_memcpy(&v, p, sizeof(v));
    return __builtin_bswap32(v);
}

static void sha256_blocks(uint32_t state[8], const uint8_t *p, size_t count)
{
    uint32_t w[16];

    for (; count > 0; count--, p += SHA256_BLOCK) {
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        uint32_t x, y = b ^ c;

        EIGHT(LOAD, 0, 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
              0x923f82a4, 0xab1c5ed5);
        EIGHT(LOAD, 8, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
              0x9bdc06a7, 0xc19bf174);
        EIGHT(NEXT, 16, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
              0x5cb0a9dc, 0x76f988da);
        EIGHT(NEXT, 24, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
              0x06ca6351, 0x14292967);
        EIGHT(NEXT, 32, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb,
              0x81c2c92e, 0x92722c85);
        EIGHT(NEXT, 40, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624,
              0xf40e3585, 0x106aa070);
        EIGHT(NEXT, 48, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
              0x5b9cca4f, 0x682e6ff3);
        EIGHT(NEXT, 56, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb,
              0xbef9a3f7, 0xc67178f2);

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }
}

void sha256_init(struct sha256 *ctx)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    memset(ctx, 0, sizeof(*ctx));
    memcpy(ctx->state, start, sizeof(start));
}

void sha256_update(struct sha256 *ctx, const void *data, size_t len)
{
    const uint8_t *p = data;
    size_t pending = ctx->length % SHA256_BLOCK;

    ctx->length += len;
    if (pending != 0) {
        size_t take = min(len, SHA256_BLOCK - pending);

        memcpy(ctx->block + pending, p, take);
        if (pending + take < SHA256_BLOCK) {
            return;
        }
        sha256_blocks(ctx->state, ctx->block, 1);
        p += take;
        len -= take;
    }
    sha256_blocks(ctx->state, p, len / SHA256_BLOCK);
    if (len % SHA256_BLOCK != 0) {
        memcpy(ctx->block, p + (len - len % SHA256_BLOCK), len % SHA256_BLOCK);
    }
}

void sha256_final(struct sha256 *ctx, uint8_t out[SHA256_SIZE])
{
    size_t pending = ctx->length % SHA256_BLOCK;
    uint64_t bits = __builtin_bswap64(ctx->length * 8);

    ctx->block[pending++] = 0x80;
    memset(ctx->block + pending, 0, SHA256_BLOCK - pending);
    if (pending > SHA256_BLOCK - sizeof(bits)) {
        sha256_blocks(ctx->state, ctx->block, 1);
        memset(ctx->block, 0, SHA256_BLOCK);
    }
    memcpy(ctx->block + SHA256_BLOCK - sizeof(bits), &bits, sizeof(bits));
    sha256_blocks(ctx->state, ctx->block, 1);
    for (unsigned int i = 0; i < 8; i++) {
        uint32_t v = __builtin_bswap32(ctx->state[i]);

        memcpy(out + 4 * i, &v, sizeof(v));
    }
    memset(ctx, 0, sizeof(*ctx));
}

void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
    struct sha256 ctx;

    sha256_init(&ctx);
    sha256_update(&ctx, data, len);
    sha256_final(&ctx, out);
}
