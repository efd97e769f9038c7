/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XEN_SHA512_H
#define XEN_SHA512_H

#include <stddef.h>
#include <stdint.h>

#define SHA384_SIZE 48
#define SHA512_SIZE 64
#define SHA512_BLOCK 128

/* One state serves SHA-384 and SHA-512: they differ in start value and output length. */
struct sha512 {
    uint64_t state[8];
    uint64_t length;             /* bytes taken so far */
    uint8_t block[SHA512_BLOCK]; /* the first length % 128 bytes are pending */
};

/**
 * Streaming SHA-384 and SHA-512. A hash started by sha384_init() ends in sha384_final(), one
 * started by sha512_init() in sha512_final(); final wipes the state. Source: FIPS 180-4, 6.4
 * and 6.5.
 */
void sha384_init(struct sha512 *ctx);
void sha512_init(struct sha512 *ctx);
void sha512_update(struct sha512 *ctx, const void *data, size_t len);
void sha384_final(struct sha512 *ctx, uint8_t out[SHA384_SIZE]);
void sha512_final(struct sha512 *ctx, uint8_t out[SHA512_SIZE]);

#endif /* XEN_SHA512_H */
