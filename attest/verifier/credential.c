/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MakeCredential without a TPM. A random seed goes to the endorsement key by RSA-OAEP with the
 * label "IDENTITY"; two keys derived from it encrypt the secret and authenticate it together with
 * the attestation key's name.
 */
#include <attest/trust.h>

#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <attest/error.h>

#define SEED_SIZE 32
#define HMAC_SIZE 32
#define AES_KEY_SIZE 16
#define LABEL "IDENTITY"

static bool hmac(const uint8_t *key, size_t key_size, const uint8_t *data, size_t size,
                 uint8_t out[HMAC_SIZE])
{
    size_t len = 0;

    return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_size, data, size, out, HMAC_SIZE,
                     &len) != NULL &&
           len == HMAC_SIZE;
}

/* KDFa for at most one hash block: HMAC(key, 1 || label || 0 || context || bits). Part
 * 1, 11.4.10.2. */
static bool kdfa(const uint8_t seed[SEED_SIZE], const char *label, const uint8_t *context,
                 size_t context_size, uint32_t bits, uint8_t *out)
{
    uint8_t msg[4 + 16 + NAME_SIZE + 4] = {0, 0, 0, 1}, block[HMAC_SIZE];
    size_t n = 4, label_size = strlen(label) + 1; /* with its NUL */

    memcpy(msg + n, label, label_size);
    n += label_size;
    if (context_size > 0) {
        memcpy(msg + n, context, context_size);
        n += context_size;
    }
    for (unsigned int i = 0; i < 4; i++) {
        msg[n++] = (uint8_t)(bits >> (24 - 8 * i));
    }
    if (!hmac(seed, SEED_SIZE, msg, n, block)) {
        return false;
    }
    memcpy(out, block, bits / 8);
    OPENSSL_cleanse(block, sizeof(block));
    return true;
}

static bool encrypt_identity(const uint8_t key[AES_KEY_SIZE], const uint8_t *in, size_t size,
                             uint8_t *out)
{
    static const uint8_t iv[16];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0, tail = 0;
    bool ok = ctx != NULL && EVP_EncryptInit_ex(ctx, EVP_aes_128_cfb128(), NULL, key, iv) == 1 &&
              EVP_EncryptUpdate(ctx, out, &len, in, (int)size) == 1 &&
              EVP_EncryptFinal_ex(ctx, out + len, &tail) == 1 && (size_t)(len + tail) == size;

    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

static bool encrypt_seed(EVP_PKEY *ek, const uint8_t seed[SEED_SIZE], uint8_t *out, size_t *size)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek, NULL);
    void *label = OPENSSL_memdup(LABEL, sizeof(LABEL)); /* the NUL belongs to it */
    bool ok = ctx != NULL && label != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
              EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1;

    if (ok && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, sizeof(LABEL)) == 1) {
        label = NULL; /* now the context's */
        ok = EVP_PKEY_encrypt(ctx, out, size, seed, SEED_SIZE) == 1;
    } else {
        ok = false;
    }
    OPENSSL_free(label);
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static void put16(uint8_t *p, size_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

int credential_make(EVP_PKEY *ek, const uint8_t name[NAME_SIZE], const uint8_t secret[SECRET_SIZE],
                    struct bytes *id_object, struct bytes *seed_out, struct attest_error *err)
{
    uint8_t seed[SEED_SIZE], aes[AES_KEY_SIZE], mac[HMAC_SIZE];
    uint8_t plain[2 + SECRET_SIZE];
    /* TPM2B_ID_OBJECT: size, TPM2B integrity, encrypted identity */
    uint8_t blob[2 + 2 + HMAC_SIZE + sizeof(plain)];
    uint8_t covered[sizeof(plain) + NAME_SIZE];
    uint8_t wrapped[2 + 512];
    size_t wrapped_size = sizeof(wrapped) - 2;
    int rc;

    put16(plain, SECRET_SIZE);
    memcpy(plain + 2, secret, SECRET_SIZE);
    if (RAND_bytes(seed, sizeof(seed)) != 1 || EVP_PKEY_get_size(ek) > 512 ||
        !kdfa(seed, "STORAGE", name, NAME_SIZE, 8 * AES_KEY_SIZE, aes) ||
        !encrypt_identity(aes, plain, sizeof(plain), covered) ||
        !kdfa(seed, "INTEGRITY", NULL, 0, 8 * HMAC_SIZE, mac) ||
        !encrypt_seed(ek, seed, wrapped + 2, &wrapped_size)) {
        rc = attest_fail(err, -EINVAL, "the credential cannot be encrypted to the endorsement key");
    } else {
        uint8_t key[HMAC_SIZE];

        memcpy(key, mac, sizeof(key));
        memcpy(covered + sizeof(plain), name, NAME_SIZE);
        put16(blob, sizeof(blob) - 2);
        put16(blob + 2, HMAC_SIZE);
        memcpy(blob + 4 + HMAC_SIZE, covered, sizeof(plain));
        put16(wrapped, wrapped_size);
        rc = hmac(key, sizeof(key), covered, sizeof(covered), blob + 4) ? 0 : -EINVAL;
        OPENSSL_cleanse(key, sizeof(key));
    }
    if (rc == 0) {
        rc = bytes_set(id_object, blob, sizeof(blob));
    }
    if (rc == 0) {
        rc = bytes_set(seed_out, wrapped, wrapped_size + 2);
    }
    OPENSSL_cleanse(seed, sizeof(seed));
    OPENSSL_cleanse(aes, sizeof(aes));
    OPENSSL_cleanse(mac, sizeof(mac));
    OPENSSL_cleanse(plain, sizeof(plain));
    return rc;
}
