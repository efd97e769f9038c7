/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent may send: frames in a stream, JSON in them; keys and certificates, quotes and values in that. The signature of a quote is
 * made good, as a TPM would that signs whatever it is given, so that what is behind the signature is reached.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <tss2/tss2_mu.h>

#include <attest/frame.h>
#include <attest/history.h>
#include <attest/message.h>
#include <attest/trust.h>
#include <attest/verify.h>

#include "../../attest/verifier/internal.h"
#include "manifest_elf_runner.h"

bool fuzz_seed_accepted;

static const uint8_t nonce_bytes[32] = {1, 2, 3, 4};
static const struct bytes nonce = {(uint8_t *)(uintptr_t)nonce_bytes, sizeof(nonce_bytes)};

struct memory {
    const uint8_t *data;
    size_t left;
};

static int memory_read(void *context, uint8_t *buf, size_t n, int64_t end_ms)
{
    struct memory *m = context;

    (void)end_ms;
    n = n < m->left ? n : m->left;
    if (n == 0) {
        return -EPIPE;
    }
    memcpy(buf, m->data, n);
    m->data += n;
    m->left -= n;
    return (int)n;
}

static int memory_write(void *context, const uint8_t *buf, size_t n, int64_t end_ms)
{
    struct memory *m = context;

    (void)end_ms;
    if (m->left + n > 65536) {
        return -ENOSPC;
    }
    memcpy((uint8_t *)(uintptr_t)m->data + m->left, buf, n);
    m->left += n;
    return 0;
}

static EVP_PKEY *attestation_key(void)
{
    static EVP_PKEY *key;

    return key != NULL ? key : (key = EVP_EC_gen("P-256"));
}

/* -- a good answer ---------------------------------------------------------------------------------- */
static void put_quote(json_object *o)
{
    TPMS_ATTEST a = {.magic = TPM2_GENERATED_VALUE, .type = TPM2_ST_ATTEST_QUOTE};
    TPML_PCR_SELECTION *select = &a.attested.quote.pcrSelect;
    uint8_t buf[1024], zero[12 * 32] = {0};
    json_object *pcrs = json_object_new_object();
    size_t used = 0;

    a.qualifiedSigner.size = 34;
    a.extraData.size = sizeof(nonce_bytes);
    memcpy(a.extraData.buffer, nonce_bytes, sizeof(nonce_bytes));
    a.clockInfo = (TPMS_CLOCK_INFO){.clock = 1000, .resetCount = 1, .restartCount = 1, .safe = TPM2_YES};
    select->count = 1;
    select->pcrSelections[0] = (TPMS_PCR_SELECTION){.hash = TPM2_ALG_SHA256, .sizeofSelect = 3, .pcrSelect = {0xff, 0x03, 0x60}};
    a.attested.quote.pcrDigest.size = 32;
    EVP_Digest(zero, sizeof(zero), a.attested.quote.pcrDigest.buffer, NULL, EVP_sha256(), NULL);
    if (Tss2_MU_TPMS_ATTEST_Marshal(&a, buf, sizeof(buf), &used) != 0) {
        abort();
    }
    message_add_bytes(o, "quote", buf, used);
    message_add_bytes(o, "signature", buf, 8);
    message_add_bytes(o, "log", buf, 4);
    for (int i = 0; i < 24; i++) {
        static const char digits[] = "0000000000000000000000000000000000000000000000000000000000000000";
        char key[4];

        if (VERIFY_PCR_MASK >> i & 1) {
            snprintf(key, sizeof(key), "%d", i);
            json_object_object_add(pcrs, key, json_object_new_string(digits));
        }
    }
    json_object_object_add(o, "pcrs", pcrs);
}

static void put_keys(json_object *o)
{
    TPMT_PUBLIC ak = {.type = TPM2_ALG_ECC, .nameAlg = TPM2_ALG_SHA256};
    uint8_t buf[1024], point[65];
    size_t used = 0, n = sizeof(point);

    if (EVP_PKEY_get_octet_string_param(attestation_key(), "pub", point, sizeof(point), &n) != 1 || n != 65) {
        abort();
    }
    ak.objectAttributes = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                          TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH;
    ak.parameters.eccDetail = (TPMS_ECC_PARMS){.symmetric.algorithm = TPM2_ALG_NULL, .scheme.scheme = TPM2_ALG_ECDSA,
                                               .scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256, .curveID = TPM2_ECC_NIST_P256,
                                               .kdf.scheme = TPM2_ALG_NULL};
    ak.unique.ecc.x.size = ak.unique.ecc.y.size = 32;
    memcpy(ak.unique.ecc.x.buffer, point + 1, 32);
    memcpy(ak.unique.ecc.y.buffer, point + 33, 32);
    if (Tss2_MU_TPMT_PUBLIC_Marshal(&ak, buf, sizeof(buf), &used) != 0) {
        abort();
    }
    message_add_bytes(o, "ak_public", buf, used);
    /* the first bytes of a certificate: the rest is the fuzzer's and OpenSSL's */
    message_add_bytes(o, "ek_certificate", "\x30\x82\x01\x00\x30\x81\xf0\xa0\x03\x02\x01\x02", 12);
}

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    struct memory m = {buf, 0};
    struct stream out = {.context = &m, .write = memory_write};

    for (int i = 0; i < 2; i++) {
        json_object *o = json_object_new_object();

        (i == 0 ? put_keys : put_quote)(o);
        if (message_send(&out, o) != 0 || m.left > max) {
            abort();
        }
        json_object_put(o);
    }
    return m.left;
}

/* -- the entry -------------------------------------------------------------------------------------- */
static void sign_again(struct evidence *e)
{
    TPMT_SIGNATURE sig = {.sigAlg = TPM2_ALG_ECDSA, .signature.ecdsa.hash = TPM2_ALG_SHA256};
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t der[80], buf[256];
    const uint8_t *at = der;
    size_t n = sizeof(der), used = 0;
    ECDSA_SIG *pair;

    if (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, attestation_key()) != 1 ||
        EVP_DigestSign(md, der, &n, e->quote.data, e->quote.size) != 1 || (pair = d2i_ECDSA_SIG(NULL, &at, (long)n)) == NULL) {
        abort();
    }
    sig.signature.ecdsa.signatureR.size = sig.signature.ecdsa.signatureS.size = 32;
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), sig.signature.ecdsa.signatureR.buffer, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), sig.signature.ecdsa.signatureS.buffer, 32);
    if (Tss2_MU_TPMT_SIGNATURE_Marshal(&sig, buf, sizeof(buf), &used) != 0 || bytes_set(&e->signature, buf, used) != 0) {
        abort();
    }
    ECDSA_SIG_free(pair);
    EVP_MD_CTX_free(md);
}

static void judge_quote(struct evidence *e)
{
    struct clock_info clock;
    struct verdict v = {.count = 0};
    struct verify_input in = {.evidence = e, .nonce = &nonce, .ak = attestation_key()};

    if (check_quote(&in, &v)) {
        abort(); /* its signature is nobody's */
    }
    sign_again(e);
    if (check_quote(&in, &v)) {
        fuzz_seed_accepted = true;
        if (verify_quote_clock(e, &clock) != 0 || e->pcr_mask != VERIFY_PCR_MASK) {
            abort();
        }
    }
    verdict_free(&v);
}

static void judge_keys(const struct bytes *cert, const struct bytes *pub)
{
    struct attest_error err;
    EVP_PKEY *key = NULL;
    uint8_t name[NAME_SIZE];

    if (cert->size != 0 && ek_verify(cert, NULL, 0, &key, &err) == 0) {
        abort(); /* nobody is trusted to certify it */
    }
    if (pub->size != 0 && ak_verify(pub, &key, name, &err) == 0) {
        EVP_PKEY_free(key);
    }
}

static void judge_message(json_object *o)
{
    struct bytes cert = {NULL, 0}, pub = {NULL, 0};
    struct attest_error err;
    struct evidence e;

    (void)message_bytes(o, "ek_certificate", 8192, &cert, &err);
    (void)message_bytes(o, "ak_public", 1024, &pub, &err);
    judge_keys(&cert, &pub);
    bytes_free(&cert);
    bytes_free(&pub);
    if (evidence_parse(&e, o, &err) == 0) {
        judge_quote(&e);
        evidence_free(&e);
    }
}

static void judge_field(const uint8_t *data, size_t size)
{
    struct bytes field = {(uint8_t *)(uintptr_t)data, size};
    struct evidence e = {.pcr_mask = VERIFY_PCR_MASK};

    judge_keys(&field, &field);
    if (bytes_set(&e.quote, data, size) != 0) {
        abort();
    }
    judge_quote(&e);
    evidence_free(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory m = {data, size};
    struct stream in = {.context = &m, .read = memory_read};
    struct attest_error err;
    uint8_t *frame;
    size_t n;
    int rc;

    (void)setenv("TSS2_LOG", "all+NONE", 0); /* which has a line for each malformed structure */
    if (size != 0 && data[0] != 'B') {
        judge_field(data, size);
        return 0;
    }
    while ((rc = frame_receive(&in, &frame, &n, -1)) == 0 || rc == -EMSGSIZE) {
        json_object *o = rc == 0 ? message_parse(frame, n, &err) : NULL;

        if (o != NULL) {
            judge_message(o);
            json_object_put(o);
        }
        if (rc == 0) {
            free(frame);
        }
    }
    return 0;
}
