/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quote itself. Only after all of its checks do the PCR values in the evidence mean anything.
 * Source: TPM 2.0 Library part 2, 10.12 (attestation structures).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <tss2/tss2_mu.h>

#include <attest/history.h>
#include <attest/utc.h>

#include "internal.h"

#define NAME "quote"

static bool signature_is_valid(EVP_PKEY *ak, const struct bytes *data, const TPMT_SIGNATURE *sig)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(sig->signature.ecdsa.signatureR.buffer,
                          sig->signature.ecdsa.signatureR.size, NULL);
    BIGNUM *s = BN_bin2bn(sig->signature.ecdsa.signatureS.buffer,
                          sig->signature.ecdsa.signatureS.size, NULL);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    int der_size = -1;
    bool ok = false;

    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* now the pair's */
        der_size = i2d_ECDSA_SIG(pair, &der);
    }
    if (der_size > 0 && md != NULL) {
        ok = EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, ak) == 1 &&
             EVP_DigestVerify(md, der, (size_t)der_size, data->data, data->size) == 1;
    }
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    EVP_MD_CTX_free(md);
    ERR_clear_error();
    return ok;
}

static bool check_signature(const struct verify_input *in, struct verdict *v)
{
    const struct evidence *e = in->evidence;
    TPMT_SIGNATURE sig;
    size_t at = 0;

    memset(&sig, 0, sizeof(sig));
    if (Tss2_MU_TPMT_SIGNATURE_Unmarshal(e->signature.data, e->signature.size, &at, &sig) != 0 ||
        at != e->signature.size || sig.sigAlg != TPM2_ALG_ECDSA ||
        sig.signature.ecdsa.hash != TPM2_ALG_SHA256 ||
        !signature_is_valid(in->ak, &e->quote, &sig)) {
        verdict_add(v, CODE_SIGNATURE, -1, CHECK, NAME, "signed by the attestation key",
                    "not signed by it");
        return false;
    }
    return true;
}

static uint32_t selection_mask(const TPML_PCR_SELECTION *select)
{
    uint32_t mask = 0;

    if (select->count != 1 || select->pcrSelections[0].hash != TPM2_ALG_SHA256) {
        return 0;
    }
    for (unsigned int i = 0; i < select->pcrSelections[0].sizeofSelect && i < 4; i++) {
        mask |= (uint32_t)select->pcrSelections[0].pcrSelect[i] << (8 * i);
    }
    return mask;
}

static bool unmarshal(const struct evidence *e, TPMS_ATTEST *a)
{
    size_t at = 0;

    memset(a, 0, sizeof(*a));
    return Tss2_MU_TPMS_ATTEST_Unmarshal(e->quote.data, e->quote.size, &at, a) == 0 &&
           at == e->quote.size && a->magic == TPM2_GENERATED_VALUE &&
           a->type == TPM2_ST_ATTEST_QUOTE;
}

static struct clock_info clock_of(const TPMS_ATTEST *a)
{
    return (struct clock_info){.clock = a->clockInfo.clock,
                               .reset = a->clockInfo.resetCount,
                               .restart = a->clockInfo.restartCount,
                               .safe = a->clockInfo.safe == TPM2_YES};
}

int verify_quote_clock(const struct evidence *e, struct clock_info *out)
{
    TPMS_ATTEST a;

    if (!unmarshal(e, &a)) {
        return -EINVAL;
    }
    *out = clock_of(&a);
    return 0;
}

/* Not the nonce asked with. The history may know whose it was. */
static void tell_nonce(const struct verify_input *in, const TPMS_ATTEST *a, struct verdict *v)
{
    const struct history *h = in->history;
    int64_t at = h == NULL ? 0 : history_nonce_at(h, a->extraData.buffer, a->extraData.size);
    char text[80], t[UTC_SIZE];

    if (h != NULL && history_knows_quote(h, &in->evidence->quote)) {
        verdict_add(v, CODE_QUOTE_REPLAYED, -1, CHECK, NAME, "a new quote",
                    "one that this host gave before");
    } else if (at != 0) {
        snprintf(text, sizeof(text), "a nonce issued at %s", utc_format(t, at));
        verdict_add(v, CODE_NONCE_STALE, -1, CHECK, NAME, "this question's nonce", text);
    } else {
        verdict_add(v, CODE_NONCE, -1, CHECK, NAME, "this verifier's nonce",
                    "another one: an old quote, or one for somebody else");
    }
}

static void check_clock(const struct verify_input *in, const TPMS_ATTEST *a, struct verdict *v)
{
    struct clock_info now = clock_of(a);
    char text[128];
    enum verify_code code = history_clock(in->history, &now, text);

    verdict_add(v, code, -1, CHECK, "tpm-clock",
                code == CODE_OK ? "" : "not behind the last quote, and safe", text);
}

bool check_quote(const struct verify_input *in, struct verdict *v)
{
    const struct evidence *e = in->evidence;
    uint8_t values[24 * 32], digest[32];
    size_t used = 0;
    TPMS_ATTEST a;
    char text[80];
    uint32_t mask;

    if (!check_signature(in, v)) {
        return false;
    }
    if (!unmarshal(e, &a)) {
        verdict_add(v, CODE_NOT_A_QUOTE, -1, CHECK, NAME, "a quote made by a TPM",
                    "something else that is signed");
        return false;
    }
    if (a.extraData.size != in->nonce->size ||
        memcmp(a.extraData.buffer, in->nonce->data, in->nonce->size) != 0) {
        tell_nonce(in, &a, v);
        return false;
    }
    mask = selection_mask(&a.attested.quote.pcrSelect);
    if (mask != VERIFY_PCR_MASK || e->pcr_mask != mask) {
        snprintf(text, sizeof(text), "0x%06x quoted, values of 0x%06x", mask, e->pcr_mask);
        verdict_add(v, CODE_PCR_SELECTION, -1, CHECK, NAME, "SHA-256 PCRs 0-9, 21, 22", text);
        return false;
    }
    for (unsigned int i = 0; i < 24; i++) {
        if (mask >> i & 1) {
            memcpy(values + used, e->pcr[i], 32);
            used += 32;
        }
    }
    if (EVP_Digest(values, used, digest, NULL, EVP_sha256(), NULL) != 1 ||
        a.attested.quote.pcrDigest.size != 32 ||
        memcmp(a.attested.quote.pcrDigest.buffer, digest, 32) != 0) {
        verdict_add(v, CODE_PCR_DIGEST, -1, CHECK, NAME, "digest of the PCR values sent",
                    "another digest is quoted");
        return false;
    }
    v->quote_believed = true;
    verdict_add(v, CODE_OK, -1, CHECK, NAME, "", "fresh, signed by the attestation key");
    if (in->history != NULL) {
        check_clock(in, &a, v);
    }
    return true;
}
