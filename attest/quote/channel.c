/* SPDX-License-Identifier: Apache-2.0 */
#include <attest/channel.h>

#include <errno.h>

#include <openssl/evp.h>

int channel_nonce(const uint8_t binding[CHANNEL_BINDING_SIZE], const struct bytes *nonce, uint8_t out[32])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int good = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
               EVP_DigestUpdate(ctx, CHANNEL_LABEL, sizeof(CHANNEL_LABEL)) == 1 &&
               EVP_DigestUpdate(ctx, binding, CHANNEL_BINDING_SIZE) == 1 &&
               EVP_DigestUpdate(ctx, nonce->data, nonce->size) == 1 &&
               EVP_DigestFinal_ex(ctx, out, NULL) == 1;

    EVP_MD_CTX_free(ctx);
    return good ? 0 : -EIO;
}
