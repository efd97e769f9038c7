/* SPDX-License-Identifier: Apache-2.0 */
/* Endorsement key certificates. Source: TCG EK Credential Profile 2.5, 3.2. */
#include <attest/trust.h>

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <attest/error.h>

#define OID_EK_CERTIFICATE "2.23.133.8.1"

static int store_add(X509_STORE *store, const char *path, struct attest_error *err)
{
    BIO *in = BIO_new_file(path, "r");
    unsigned int count = 0;
    X509 *cert;

    if (in == NULL) {
        ERR_clear_error();
        return attest_fail(err, -ENOENT, "%s: cannot be read", path);
    }
    while ((cert = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
        count += X509_STORE_add_cert(store, cert) == 1;
        X509_free(cert);
    }
    ERR_clear_error();
    BIO_free(in);
    return count > 0 ? 0 : attest_fail(err, -ENOENT, "%s: no PEM certificate in it", path);
}

static bool has_ek_usage(X509 *cert)
{
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
    bool found = false;

    for (int i = 0; usage != NULL && i < sk_ASN1_OBJECT_num(usage); i++) {
        char oid[64];

        OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(usage, i), 1);
        found |= strcmp(oid, OID_EK_CERTIFICATE) == 0;
    }
    EXTENDED_KEY_USAGE_free(usage);
    return found;
}

static int check_chain(X509_STORE *store, X509 *cert, struct attest_error *err)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int rc = -ENOMEM;

    if (ctx != NULL && X509_STORE_CTX_init(ctx, store, cert, NULL) == 1) {
        X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN);
        if (X509_verify_cert(ctx) == 1) {
            rc = 0;
        } else {
            int why = X509_STORE_CTX_get_error(ctx);
            bool time = why == X509_V_ERR_CERT_HAS_EXPIRED || why == X509_V_ERR_CERT_NOT_YET_VALID;

            rc = attest_fail(err, time ? -EKEYEXPIRED : -EACCES, "endorsement certificate: %s%s",
                             X509_verify_cert_error_string(why),
                             X509_STORE_CTX_get_error_depth(ctx) > 0 ? " (its authority)" : "");
        }
    }
    X509_STORE_CTX_free(ctx);
    ERR_clear_error();
    return rc;
}

int ek_verify(const struct bytes *der, const char *const *ca, size_t ca_count, EVP_PKEY **key,
              struct attest_error *err)
{
    const unsigned char *p = der->data;
    X509_STORE *store = X509_STORE_new();
    X509 *cert = d2i_X509(NULL, &p, (long)der->size);
    EVP_PKEY *found = NULL;
    int rc = 0;

    ERR_clear_error();
    if (store == NULL) {
        rc = attest_fail(err, -ENOMEM, "no memory");
    } else if (cert == NULL) {
        rc = attest_fail(err, -EINVAL, "endorsement certificate is no X.509");
    }
    for (size_t i = 0; rc == 0 && i < ca_count; i++) {
        rc = store_add(store, ca[i], err);
    }
    if (rc == 0 && (!has_ek_usage(cert) || X509_check_ca(cert) != 0)) {
        rc = attest_fail(err, -EINVAL, "certificate is not one of an endorsement key");
    }
    if (rc == 0) {
        rc = check_chain(store, cert, err);
    }
    if (rc == 0) {
        found = X509_get_pubkey(cert);
        if (found == NULL || !EVP_PKEY_is_a(found, "RSA") || EVP_PKEY_get_bits(found) != 2048) {
            EVP_PKEY_free(found);
            rc = attest_fail(err, -EINVAL, "endorsement key is not RSA of 2048 bits");
        } else {
            *key = found;
        }
    }
    X509_free(cert);
    X509_STORE_free(store);
    return rc;
}

int ek_fingerprint(EVP_PKEY *key, uint8_t out[32])
{
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    bool ok = size > 0 && EVP_Digest(der, (size_t)size, out, NULL, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    return ok ? 0 : -EINVAL;
}
