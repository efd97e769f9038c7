/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XEN_SHA1_H
#define XEN_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_SIZE 20
#define SHA1_BLOCK 64

struct sha1 {
    uint32_t state[5];
    uint64_t length;           /* bytes taken so far */
    uint8_t block[SHA1_BLOCK]; /* the first length % 64 bytes are pending */
};

/**
 * Streaming SHA-1, for TPMs whose SHA-1 PCR bank is active and nothing else: no decision rests on
 * it. Source: FIPS 180-4, 6.1.
 */
void sha1_init(struct sha1 *ctx);
void sha1_update(struct sha1 *ctx, const void *data, size_t len);
void sha1_final(struct sha1 *ctx, uint8_t out[SHA1_SIZE]);

#endif /* XEN_SHA1_H */
