/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-384 and SHA-512: event texts for the PCR banks of those names. Texts are short, so this is
 * the plain form with loops, small rather than fast. Source: FIPS 180-4, 6.4 and 6.5.
 */
#include <xen/sha512.h>

#include <xen/lib.h>

static const uint64_t round_constant[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static inline uint64_t ror64(uint64_t x, unsigned int n)
{
    return (x >> n) | (x << (64 - n));
}

static void sha512_block(uint64_t state[8], const uint8_t *p)
{
    uint64_t s[8], w[16];

    memcpy(s, state, sizeof(s));
    for (unsigned int i = 0; i < 80; i++) {
        uint64_t t1, t2;

        if (i < 16) {
            memcpy(&t1, p + 8 * i, sizeof(t1));
            w[i] = __builtin_bswap64(t1);
        } else {
            uint64_t w1 = w[(i + 1) & 15], w14 = w[(i + 14) & 15];

            w[i & 15] += (ror64(w1, 1) ^ ror64(w1, 8) ^ (w1 >> 7)) + w[(i + 9) & 15] +
                         (ror64(w14, 19) ^ ror64(w14, 61) ^ (w14 >> 6));
        }
        t1 = s[7] + (ror64(s[4], 14) ^ ror64(s[4], 18) ^ ror64(s[4], 41)) +
             (s[6] ^ (s[4] & (s[5] ^ s[6]))) + round_constant[i] + w[i & 15];
        t2 = (ror64(s[0], 28) ^ ror64(s[0], 34) ^ ror64(s[0], 39)) +
             ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof(s[0]));
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (unsigned int i = 0; i < 8; i++) {
        state[i] += s[i];
    }
}

void sha384_init(struct sha512 *ctx)
{
    static const uint64_t start[8] = {
        0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
        0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
    };

    memset(ctx, 0, sizeof(*ctx));
    memcpy(ctx->state, start, sizeof(start));
}

void sha512_init(struct sha512 *ctx)
{
    static const uint64_t start[8] = {
        0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
        0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
    };

    memset(ctx, 0, sizeof(*ctx));
    memcpy(ctx->state, start, sizeof(start));
}

void sha512_update(struct sha512 *ctx, const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len > 0) {
        size_t pending = ctx->length % SHA512_BLOCK;
        size_t take = min(len, SHA512_BLOCK - pending);

        memcpy(ctx->block + pending, p, take);
        ctx->length += take;
        p += take;
        len -= take;
        if (pending + take == SHA512_BLOCK) {
            sha512_block(ctx->state, ctx->block);
        }
    }
}

static void finish(struct sha512 *ctx, uint8_t *out, size_t words)
{
    size_t pending = ctx->length % SHA512_BLOCK;
    uint64_t bits = __builtin_bswap64(ctx->length * 8);

    ctx->block[pending++] = 0x80;
    memset(ctx->block + pending, 0, SHA512_BLOCK - pending);
    if (pending > SHA512_BLOCK - 16) {
        sha512_block(ctx->state, ctx->block);
        memset(ctx->block, 0, SHA512_BLOCK);
    }
    memcpy(ctx->block + SHA512_BLOCK - sizeof(bits), &bits, sizeof(bits));
    sha512_block(ctx->state, ctx->block);
    for (size_t i = 0; i < words; i++) {
        uint64_t v = __builtin_bswap64(ctx->state[i]);

        memcpy(out + 8 * i, &v, sizeof(v));
    }
    memset(ctx, 0, sizeof(*ctx));
}

void sha384_final(struct sha512 *ctx, uint8_t out[SHA384_SIZE])
{
    finish(ctx, out, SHA384_SIZE / 8);
}

void sha512_final(struct sha512 *ctx, uint8_t out[SHA512_SIZE])
{
    finish(ctx, out, SHA512_SIZE / 8);
}
