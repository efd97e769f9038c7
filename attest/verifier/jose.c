/* SPDX-License-Identifier: Apache-2.0 */
/* JWS with OpenSSL's EVP: two algorithms, one header form, strict base64url. */
#include <attest/jose.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <attest/error.h>

#define SIGNATURE_SIZE 64 /* of both algorithms: r and s, or R and S */
#define HEADER_MAX 1024

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* -- base64url without padding ---------------------------------------------------------------- */
static size_t encode(char *out, const uint8_t *in, size_t n)
{
    char *p = out;

    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                     (left > 2 ? in[i + 2] : 0);

        *p++ = alphabet[v >> 18];
        *p++ = alphabet[v >> 12 & 63];
        if (left > 1) {
            *p++ = alphabet[v >> 6 & 63];
        }
        if (left > 2) {
            *p++ = alphabet[v & 63];
        }
    }
    *p = '\0';
    return (size_t)(p - out);
}

/* One text for each value: other letters, a length of 4n+1 and unused bits that are set are no. */
static int decode(const char *in, size_t n, struct bytes *out)
{
    uint8_t *buf = malloc(n / 4 * 3 + 4);
    uint32_t v = 0;
    unsigned int bits = 0;
    size_t used = 0;

    if (buf == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        const char *at = in[i] == '\0' ? NULL : strchr(alphabet, in[i]);

        if (at == NULL) {
            free(buf);
            return -EINVAL;
        }
        v = v << 6 | (uint32_t)(at - alphabet);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf[used++] = (uint8_t)(v >> bits);
            v &= (1u << bits) - 1;
        }
    }
    if (n % 4 == 1 || v != 0) {
        free(buf);
        return -EINVAL;
    }
    buf[used] = '\0';
    *out = (struct bytes){buf, used};
    return 0;
}

/* -- keys --------------------------------------------------------------------------------------- */
const char *key_algorithm(EVP_PKEY *key)
{
    char group[32] = "";

    if (EVP_PKEY_is_a(key, "ED25519")) {
        return "EdDSA";
    }
    if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
        strcmp(group, "prime256v1") == 0) {
        return "ES256";
    }
    return NULL;
}

/* Keys without a password: there is nobody to ask. */
static int no_password(char *buf, int size, int write, void *arg)
{
    (void)buf;
    (void)size;
    (void)write;
    (void)arg;
    return -1;
}

static EVP_PKEY *checked(EVP_PKEY *key, const char *path, struct attest_error *err)
{
    ERR_clear_error();
    if (key == NULL) {
        attest_fail(err, -EINVAL, "%s: no such key in PEM form without a password", path);
    } else if (key_algorithm(key) == NULL) {
        attest_fail(err, -EINVAL, "%s: expected a key of P-256 or Ed25519", path);
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

EVP_PKEY *key_read_private(const char *path, struct attest_error *err)
{
    BIO *in = BIO_new_file(path, "r");
    EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);

    BIO_free(in);
    return checked(key, path, err);
}

EVP_PKEY *key_read_public(const char *path, struct attest_error *err)
{
    BIO *in = BIO_new_file(path, "r");
    EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PUBKEY(in, NULL, no_password, NULL);

    if (key == NULL && in != NULL && BIO_seek(in, 0) == 0) {
        X509 *cert = PEM_read_bio_X509(in, NULL, no_password, NULL);

        key = cert == NULL ? NULL : X509_get_pubkey(cert);
        X509_free(cert);
    }
    if (key == NULL && in != NULL && BIO_seek(in, 0) == 0) {
        key = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
    }
    BIO_free(in);
    return checked(key, path, err);
}

int key_id(EVP_PKEY *key, char out[KEY_ID_SIZE])
{
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    uint8_t digest[32];
    bool ok =
        size > 0 && EVP_Digest(der, (size_t)size, digest, NULL, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    if (ok) {
        hex_encode(out, digest, sizeof(digest));
    }
    return ok ? 0 : -EINVAL;
}

/* -- signatures --------------------------------------------------------------------------------- */
static const EVP_MD *digest_of(const char *alg)
{
    return strcmp(alg, "ES256") == 0 ? EVP_sha256() : NULL;
}

/* r and s of 32 bytes each, out of the DER form that OpenSSL makes; and back. */
static bool raw_from_der(uint8_t raw[SIGNATURE_SIZE], const uint8_t *der, size_t size)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
    bool ok = pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32) == 32 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32) == 32;

    ECDSA_SIG_free(pair);
    return ok;
}

static int der_from_raw(unsigned char **der, const uint8_t raw[SIGNATURE_SIZE])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, 32, NULL), *s = BN_bin2bn(raw + 32, 32, NULL);
    int size = -1;

    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* now the pair's */
        size = i2d_ECDSA_SIG(pair, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return size;
}

static bool sign(EVP_PKEY *key, const char *alg, const char *text, size_t size,
                 uint8_t raw[SIGNATURE_SIZE])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t buf[256];
    size_t used = sizeof(buf);
    bool ok = md != NULL && EVP_DigestSignInit(md, NULL, digest_of(alg), NULL, key) == 1 &&
              EVP_DigestSign(md, buf, &used, (const uint8_t *)text, size) == 1;

    EVP_MD_CTX_free(md);
    if (ok && digest_of(alg) != NULL) {
        ok = raw_from_der(raw, buf, used);
    } else if (ok) {
        ok = used == SIGNATURE_SIZE;
        memcpy(raw, buf, SIGNATURE_SIZE);
    }
    ERR_clear_error();
    return ok;
}

static bool signed_by(EVP_PKEY *key, const char *alg, const char *text, size_t size,
                      const uint8_t raw[SIGNATURE_SIZE])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    const uint8_t *signature = raw;
    int n = SIGNATURE_SIZE;
    bool ok;

    if (digest_of(alg) != NULL) {
        n = der_from_raw(&der, raw);
        signature = der;
    }
    ok = md != NULL && n > 0 && EVP_DigestVerifyInit(md, NULL, digest_of(alg), NULL, key) == 1 &&
         EVP_DigestVerify(md, signature, (size_t)n, (const uint8_t *)text, size) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(md);
    ERR_clear_error();
    return ok;
}

int jws_sign(EVP_PKEY *key, const char *type, const void *payload, size_t size, char **out,
             struct attest_error *err)
{
    const char *alg = key_algorithm(key);
    char kid[KEY_ID_SIZE], header[256], *text;
    uint8_t raw[SIGNATURE_SIZE];
    size_t used;
    int n;

    if (alg == NULL || key_id(key, kid) != 0 || size > JWS_MAX / 2) {
        return attest_fail(err, -EINVAL, "this key or text cannot be signed with");
    }
    n = snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"%s\"}", alg, kid,
                 type);
    text = malloc((size_t)n * 2 + size / 3 * 4 + 256);
    if (text == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    used = encode(text, (const uint8_t *)header, (size_t)n);
    text[used++] = '.';
    used += encode(text + used, payload, size);
    if (!sign(key, alg, text, used, raw)) {
        free(text);
        return attest_fail(err, -EINVAL, "signing failed");
    }
    text[used++] = '.';
    encode(text + used, raw, sizeof(raw));
    *out = text;
    return 0;
}

/* The three parts of a JWS; one newline may follow. */
struct parts {
    const char *header, *payload, *signature;
    size_t header_size, payload_size, signature_size, signed_size;
};

static bool split(const char *jws, size_t size, struct parts *p)
{
    const char *first = memchr(jws, '.', size), *second;

    if (first == NULL || size > JWS_MAX) {
        return false;
    }
    size -= size > 0 && jws[size - 1] == '\n';
    second = memchr(first + 1, '.', size - (size_t)(first + 1 - jws));
    if (second == NULL) {
        return false;
    }
    p->header = jws;
    p->header_size = (size_t)(first - jws);
    p->payload = first + 1;
    p->payload_size = (size_t)(second - first - 1);
    p->signature = second + 1;
    p->signature_size = size - (size_t)(second + 1 - jws);
    p->signed_size = (size_t)(second - jws);
    return p->header_size <= HEADER_MAX;
}

/* The algorithm, when the header is of the one form allowed and of this type. */
static bool header_is(const struct parts *p, const char *type, char alg[8])
{
    struct bytes text = {NULL, 0};
    json_object *o = NULL;
    const char *a, *t;
    bool ok = false;

    if (decode(p->header, p->header_size, &text) == 0) {
        o = message_parse(text.data, text.size, NULL);
    }
    if (o != NULL && json_object_object_length(o) == 3 && message_string(o, "kid") != NULL) {
        a = message_string(o, "alg");
        t = message_string(o, "typ");
        ok = a != NULL && t != NULL && strcmp(t, type) == 0 && strlen(a) < 8;
        if (ok) {
            strcpy(alg, a);
        }
    }
    json_object_put(o);
    bytes_free(&text);
    return ok;
}

int jws_verify(const char *jws, size_t size, const char *type, EVP_PKEY *const *keys,
               size_t key_count, struct bytes *payload, size_t *signer, struct attest_error *err)
{
    struct bytes raw = {NULL, 0};
    struct parts p;
    char alg[8];
    int rc = -EACCES;

    if (!split(jws, size, &p) || !header_is(&p, type, alg) ||
        decode(p.signature, p.signature_size, &raw) != 0 || raw.size != SIGNATURE_SIZE) {
        bytes_free(&raw);
        return attest_fail(err, -EINVAL, "no signed text of type %s", type);
    }
    for (size_t i = 0; rc != 0 && i < key_count; i++) {
        const char *own = key_algorithm(keys[i]);

        if (own != NULL && strcmp(own, alg) == 0 &&
            signed_by(keys[i], own, jws, p.signed_size, raw.data)) {
            rc = 0;
            if (signer != NULL) {
                *signer = i;
            }
        }
    }
    bytes_free(&raw);
    if (rc != 0) {
        return attest_fail(err, rc, key_count == 0 ? "signed, but no signer is given to check it"
                                                   : "not signed by a given signer");
    }
    if (payload != NULL && decode(p.payload, p.payload_size, payload) != 0) {
        return attest_fail(err, -EINVAL, "the payload is no base64url");
    }
    return 0;
}

int jws_payload(const char *jws, size_t size, struct bytes *payload, struct attest_error *err)
{
    struct parts p;

    if (!split(jws, size, &p) || decode(p.payload, p.payload_size, payload) != 0) {
        return attest_fail(err, -EINVAL, "no signed text");
    }
    return 0;
}
