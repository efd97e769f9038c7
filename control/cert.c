/* SPDX-License-Identifier: Apache-2.0 */
#include <control/cert.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <control/protocol.h>

#define PEM_MAX (16u * 1024u)
#define SERIAL_BYTES 16
#define BACKDATE_S (-300) /* clocks of two machines differ */

static const struct {
    const char *constraints, *key_usage, *extended;
} uses[] = {
    [CERT_AUTHORITY] = { "critical,CA:TRUE,pathlen:0", "critical,keyCertSign", NULL },
    [CERT_OPERATOR] = { "critical,CA:FALSE", "critical,digitalSignature", "clientAuth" },
    [CERT_HOST] = { "critical,CA:FALSE", "critical,digitalSignature", "serverAuth" },
};

static int fail(struct attest_error *err, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    ERR_clear_error();
    return attest_fail(err, -EIO, "%s: %s", what, reason != NULL ? reason : "failed");
}

EVP_PKEY *cert_key_new(struct attest_error *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    if (key == NULL) {
        fail(err, "a new key");
    }
    return key;
}

int cert_key_write(EVP_PKEY *key, const char *path, struct attest_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    int rc;

    if (f == NULL) {
        return attest_fail(err, -errno, "%s: %s", path, strerror(errno));
    }
    rc = PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1 ? 0 : fail(err, path);
    if (fclose(f) != 0 && rc == 0) {
        rc = attest_fail(err, -errno, "%s: %s", path, strerror(errno));
    }
    return rc;
}

static BIO *file_bio(const char *path, uint8_t **data, struct attest_error *err)
{
    size_t size;

    return file_read(path, PEM_MAX, data, &size, err) != 0 ? NULL : BIO_new_mem_buf(*data, (int)size);
}

/* No pass phrase is asked for: a daemon has nobody to ask. */
static int no_phrase(char *buf, int size, int rw, void *arg)
{
    (void)buf;
    (void)size;
    (void)rw;
    (void)arg;
    return -1;
}

EVP_PKEY *cert_key_read(const char *path, struct attest_error *err)
{
    uint8_t *data = NULL;
    BIO *bio = file_bio(path, &data, err);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL) : NULL;

    if (bio != NULL && key == NULL) {
        fail(err, path);
    }
    BIO_free(bio);
    free(data);
    return key;
}

int cert_write(X509 *cert, const char *path, struct attest_error *err)
{
    char *text = cert_text(cert, err), *part = NULL;
    FILE *f = NULL;
    int rc = text == NULL || asprintf(&part, "%s.new", path) < 0 ? -ENOMEM : 0;

    if (rc == 0) {
        f = fopen(part, "we");
        rc = f == NULL || fputs(text, f) < 0 ? -errno : 0;
        if (f != NULL && fclose(f) != 0) {
            rc = -errno;
        }
        if (rc == 0 && rename(part, path) != 0) {
            rc = -errno;
        }
        if (rc != 0) {
            attest_fail(err, rc, "%s: %s", path, strerror(-rc));
        }
    }
    free(part);
    free(text);
    return rc;
}

X509 *cert_read(const char *path, struct attest_error *err)
{
    uint8_t *data = NULL;
    BIO *bio = file_bio(path, &data, err);
    X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, no_phrase, NULL) : NULL;

    if (bio != NULL && cert == NULL) {
        fail(err, path);
    }
    BIO_free(bio);
    free(data);
    return cert;
}

static int add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;
    int good;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    good = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return good;
}

static int set_serial(X509 *cert)
{
    uint8_t bytes[SERIAL_BYTES];
    BIGNUM *n = RAND_bytes(bytes, sizeof(bytes)) == 1 ? BN_bin2bn(bytes, sizeof(bytes), NULL) : NULL;
    int good = n != NULL && BN_set_bit(n, 0) == 1 && BN_clear_bit(n, SERIAL_BYTES * 8 - 1) >= 0
               && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;

    BN_free(n);
    return good;
}

static int set_name(X509_NAME *to, const char *name)
{
    return X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) == 1;
}

X509 *cert_sign(EVP_PKEY *key, const char *name, enum cert_use use, X509 *issuer, EVP_PKEY *issuer_key, int days,
                struct attest_error *err)
{
    X509 *cert = X509_new(), *by = issuer != NULL ? issuer : cert;
    char alternative[CONTROL_WORD_MAX + 8];
    int good = cert != NULL && control_word_is_good(name) && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert)
               && X509_gmtime_adj(X509_getm_notBefore(cert), BACKDATE_S) != NULL
               && X509_time_adj_ex(X509_getm_notAfter(cert), days, 0, NULL) != NULL && X509_set_pubkey(cert, key) == 1
               && set_name(X509_get_subject_name(cert), name)
               && X509_set_issuer_name(cert, X509_get_subject_name(by)) == 1
               && add_extension(cert, by, NID_basic_constraints, uses[use].constraints)
               && add_extension(cert, by, NID_key_usage, uses[use].key_usage)
               && add_extension(cert, by, NID_subject_key_identifier, "hash")
               && (use == CERT_AUTHORITY || add_extension(cert, by, NID_authority_key_identifier, "keyid:always"))
               && (uses[use].extended == NULL || add_extension(cert, by, NID_ext_key_usage, uses[use].extended));

    if (good && use == CERT_HOST) {
        snprintf(alternative, sizeof(alternative), "DNS:%s", name);
        good = add_extension(cert, by, NID_subject_alt_name, alternative);
    }
    if (!good || X509_sign(cert, issuer_key != NULL ? issuer_key : key, EVP_sha256()) == 0) {
        fail(err, "signing a certificate");
        X509_free(cert);
        return NULL;
    }
    return cert;
}

static char *bio_text(BIO *bio)
{
    char *data;
    long size = BIO_get_mem_data(bio, &data);

    return size < 0 ? NULL : strndup(data, (size_t)size);
}

char *cert_request(EVP_PKEY *key, const char *name, struct attest_error *err)
{
    X509_REQ *req = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (req != NULL && bio != NULL && X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1
        && set_name(X509_REQ_get_subject_name(req), name) && X509_REQ_set_pubkey(req, key) == 1
        && X509_REQ_sign(req, key, EVP_sha256()) != 0 && PEM_write_bio_X509_REQ(bio, req) == 1) {
        text = bio_text(bio);
    }
    if (text == NULL) {
        fail(err, "a certificate request");
    }
    BIO_free(bio);
    X509_REQ_free(req);
    return text;
}

EVP_PKEY *cert_request_key(const char *pem, struct attest_error *err)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509_REQ *req = bio != NULL ? PEM_read_bio_X509_REQ(bio, NULL, no_phrase, NULL) : NULL;
    EVP_PKEY *key = req != NULL ? X509_REQ_get_pubkey(req) : NULL;

    if (key == NULL || X509_REQ_verify(req, key) != 1) {
        fail(err, "the host's certificate request");
        EVP_PKEY_free(key);
        key = NULL;
    }
    X509_REQ_free(req);
    BIO_free(bio);
    return key;
}

char *cert_text(X509 *cert, struct attest_error *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = bio != NULL && PEM_write_bio_X509(bio, cert) == 1 ? bio_text(bio) : NULL;

    if (text == NULL) {
        fail(err, "writing a certificate");
    }
    BIO_free(bio);
    return text;
}

X509 *cert_from_text(const char *pem, struct attest_error *err)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, no_phrase, NULL) : NULL;

    if (cert == NULL) {
        fail(err, "reading a certificate");
    }
    BIO_free(bio);
    return cert;
}

int cert_check(X509 *cert, X509 *authority, enum cert_use use, struct attest_error *err)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int rc = -EACCES;

    if (store != NULL && ctx != NULL && X509_STORE_add_cert(store, authority) == 1
        && X509_STORE_CTX_init(ctx, store, cert, NULL) == 1
        && X509_STORE_CTX_set_purpose(ctx, use == CERT_HOST ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT) == 1) {
        X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
        rc = X509_verify_cert(ctx) == 1 ? 0
             : attest_fail(err, -EACCES, "the certificate: %s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return rc;
}

int cert_name(X509 *cert, char *name, size_t size)
{
    X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    unsigned char *text = NULL;
    int rc = -EINVAL, len;

    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
        return -EINVAL;
    }
    len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (len > 0 && (size_t)len < size && strlen((const char *)text) == (size_t)len
        && control_word_is_good((const char *)text)) {
        memcpy(name, text, (size_t)len + 1);
        rc = 0;
    }
    OPENSSL_free(text);
    return rc;
}
