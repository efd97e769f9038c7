/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XEN_SHA256_H
#define XEN_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA256_BLOCK 64

/* State of one running hash; plain data, may be copied to fork a hash. */
struct sha256 {
    uint32_t state[8];
    uint64_t length;             /* bytes taken so far */
    uint8_t block[SHA256_BLOCK]; /* the first length % 64 bytes are pending */
};

/**
 * Streaming SHA-256: init, any number of updates, one final.
 * final writes SHA256_SIZE bytes and wipes the state; init is needed before reuse.
 * Inputs up to 2^61 - 1 bytes in total. No vector registers, no allocation, cannot fail.
 * Source: FIPS 180-4, 6.2.
 */
void sha256_init(struct sha256 *ctx);
void sha256_update(struct sha256 *ctx, const void *data, size_t len);
void sha256_final(struct sha256 *ctx, uint8_t out[SHA256_SIZE]);

/** One call for a buffer that is at hand in full. */
void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE]);

#endif /* XEN_SHA256_H */
