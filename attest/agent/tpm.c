/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM commands through tpm2-tss. TCTIs are linked, not loaded, so that the ramdisk needs no
 * plug-ins. Source: TPM 2.0 Library part 3; TCG EK Credential Profile 2.5 (template L-1, NV
 * 0x01c00002).
 */
#include "tpm.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tcti_device.h>
#include <tss2/tss2_tcti_swtpm.h>

#include <attest/error.h>

#define EK_CERT_NV 0x01c00002u
#define EK_PERSISTENT 0x81010001u
#define CERT_MAX 8192u

struct agent_tpm {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    ESYS_TR ak;
    ESYS_TR ek;
    bool ek_transient;
    TPM2B_PUBLIC ak_public;
};

static int tpm_fail(struct attest_error *err, const char *what, TSS2_RC rc)
{
    /* Not the TPM's answer: from a layer between it and us, which is not to be trusted any more. */
    int code = (rc & TSS2_RC_LAYER_MASK) != 0 ? -ENXIO : -EIO;

    return attest_fail(err, code, "TPM: %s failed with 0x%x", what, rc);
}

static int tcti_open(TSS2_TCTI_CONTEXT **out, const char *conf, struct attest_error *err)
{
    TSS2_RC (*init)(TSS2_TCTI_CONTEXT *, size_t *, const char *);
    const char *colon = strchr(conf, ':');
    size_t size = 0, name = colon == NULL ? 0 : (size_t)(colon - conf);
    TSS2_RC rc;

    if (name == 6 && strncmp(conf, "device", 6) == 0) {
        init = Tss2_Tcti_Device_Init;
    } else if (name == 5 && strncmp(conf, "swtpm", 5) == 0) {
        init = Tss2_Tcti_Swtpm_Init;
    } else {
        return attest_fail(err, -EINVAL, "--tcti %s: expected device:PATH or swtpm:ARGUMENTS",
                           conf);
    }
    rc = init(NULL, &size, NULL);
    if (rc != TSS2_RC_SUCCESS) {
        return tpm_fail(err, "transport", rc);
    }
    *out = calloc(1, size);
    if (*out == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    rc = init(*out, &size, colon + 1);
    if (rc != TSS2_RC_SUCCESS) {
        free(*out);
        *out = NULL;
        return attest_fail(err, -EIO, "TPM: %s cannot be opened (0x%x)", conf, rc);
    }
    return 0;
}

static const TPM2B_SENSITIVE_CREATE no_sensitive;
static const TPM2B_DATA no_data;
static const TPML_PCR_SELECTION no_pcr;

static int make_primary(struct agent_tpm *tpm, ESYS_TR hierarchy, const TPM2B_PUBLIC *template,
                        ESYS_TR *handle, TPM2B_PUBLIC *public, const char *what,
                        struct attest_error *err)
{
    TPM2B_PUBLIC *out = NULL;
    TSS2_RC rc = Esys_CreatePrimary(tpm->esys, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &no_sensitive, template, &no_data, &no_pcr,
                                    handle, &out, NULL, NULL, NULL);

    if (rc != TSS2_RC_SUCCESS) {
        return tpm_fail(err, what, rc);
    }
    if (public != NULL) {
        *public = *out;
    }
    Esys_Free(out);
    return 0;
}

static int make_ak(struct agent_tpm *tpm, struct attest_error *err)
{
    const TPM2B_PUBLIC template = {
        .publicArea =
            {
                .type = TPM2_ALG_ECC,
                .nameAlg = TPM2_ALG_SHA256,
                .objectAttributes = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT |
                                    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                                    TPMA_OBJECT_NODA,
                .parameters.eccDetail =
                    {
                        .symmetric.algorithm = TPM2_ALG_NULL,
                        .scheme = {.scheme = TPM2_ALG_ECDSA,
                                   .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
                        .curveID = TPM2_ECC_NIST_P256,
                        .kdf.scheme = TPM2_ALG_NULL,
                    },
            },
    };

    return make_primary(tpm, ESYS_TR_RH_OWNER, &template, &tpm->ak, &tpm->ak_public,
                        "making the attestation key", err);
}

/* The persistent key of the manufacturer when it is there, else made from the profile's template
 * L-1. */
static int find_ek(struct agent_tpm *tpm, struct attest_error *err)
{
    TPM2B_PUBLIC template = {
        .publicArea =
            {
                .type = TPM2_ALG_RSA,
                .nameAlg = TPM2_ALG_SHA256,
                .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY |
                                    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
                .authPolicy = {.size = 32,
                               .buffer = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8,
                                          0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
                                          0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64,
                                          0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa}},
                .parameters.rsaDetail =
                    {
                        .symmetric = {.algorithm = TPM2_ALG_AES,
                                      .keyBits.aes = 128,
                                      .mode.aes = TPM2_ALG_CFB},
                        .scheme.scheme = TPM2_ALG_NULL,
                        .keyBits = 2048,
                    },
                .unique.rsa.size = 256,
            },
    };

    if (Esys_TR_FromTPMPublic(tpm->esys, EK_PERSISTENT, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                              &tpm->ek) == TSS2_RC_SUCCESS) {
        return 0;
    }
    tpm->ek_transient = true;
    return make_primary(tpm, ESYS_TR_RH_ENDORSEMENT, &template, &tpm->ek, NULL,
                        "making the endorsement key", err);
}

int agent_tpm_open(struct agent_tpm **out, const char *tcti, struct attest_error *err)
{
    struct agent_tpm *tpm = calloc(1, sizeof(*tpm));
    TSS2_RC rc;
    int ret;

    if (tpm == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    tpm->ak = tpm->ek = ESYS_TR_NONE;
    ret = tcti_open(&tpm->tcti, tcti, err);
    if (ret == 0) {
        rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
        ret = rc == TSS2_RC_SUCCESS ? 0 : tpm_fail(err, "start of tpm2-tss", rc);
    }
    if (ret == 0) {
        ret = make_ak(tpm, err);
    }
    if (ret != 0) {
        agent_tpm_close(tpm);
        return ret;
    }
    *out = tpm;
    return 0;
}

void agent_tpm_close(struct agent_tpm *tpm)
{
    if (tpm == NULL) {
        return;
    }
    if (tpm->esys != NULL) {
        if (tpm->ak != ESYS_TR_NONE) {
            Esys_FlushContext(tpm->esys, tpm->ak);
        }
        if (tpm->ek != ESYS_TR_NONE && tpm->ek_transient) {
            Esys_FlushContext(tpm->esys, tpm->ek);
        }
        Esys_Finalize(&tpm->esys);
    }
    if (tpm->tcti != NULL) {
        Tss2_Tcti_Finalize(tpm->tcti);
        free(tpm->tcti);
    }
    free(tpm);
}

int agent_tpm_ek_certificate(struct agent_tpm *tpm, struct bytes *cert, struct attest_error *err)
{
    ESYS_TR nv = ESYS_TR_NONE;
    TPM2B_NV_PUBLIC *public = NULL;
    uint8_t buf[CERT_MAX];
    uint16_t size = 0, at = 0;
    TSS2_RC rc =
        Esys_TR_FromTPMPublic(tpm->esys, EK_CERT_NV, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &nv);

    if (rc == TSS2_RC_SUCCESS) {
        rc = Esys_NV_ReadPublic(tpm->esys, nv, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public,
                                NULL);
    }
    if (rc == TSS2_RC_SUCCESS) {
        size = public->nvPublic.dataSize;
        Esys_Free(public);
        if (size > sizeof(buf)) {
            Esys_TR_Close(tpm->esys, &nv);
            return attest_fail(err, -EIO, "TPM: endorsement certificate of %u bytes", size);
        }
    }
    while (rc == TSS2_RC_SUCCESS && at < size) {
        TPM2B_MAX_NV_BUFFER *part = NULL;
        uint16_t want = (uint16_t)(size - at > 512 ? 512 : size - at);

        rc = Esys_NV_Read(tpm->esys, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, want, at,
                          &part);
        if (rc == TSS2_RC_SUCCESS) {
            if (part->size > want || part->size == 0) {
                Esys_Free(part);
                Esys_TR_Close(tpm->esys, &nv);
                return attest_fail(err, -EIO, "TPM: NV read of wrong size");
            }
            memcpy(buf + at, part->buffer, part->size);
            at = (uint16_t)(at + part->size);
            Esys_Free(part);
        }
    }
    if (nv != ESYS_TR_NONE) {
        Esys_TR_Close(tpm->esys, &nv);
    }
    if (rc != TSS2_RC_SUCCESS) {
        return tpm_fail(err, "reading the endorsement certificate", rc);
    }
    return bytes_set(cert, buf, size);
}

int agent_tpm_ak_public(struct agent_tpm *tpm, struct bytes *pub, struct attest_error *err)
{
    uint8_t buf[sizeof(TPMT_PUBLIC)];
    size_t size = 0;
    TSS2_RC rc = Tss2_MU_TPMT_PUBLIC_Marshal(&tpm->ak_public.publicArea, buf, sizeof(buf), &size);

    return rc == TSS2_RC_SUCCESS ? bytes_set(pub, buf, size)
                                 : tpm_fail(err, "marshalling the attestation key", rc);
}

/* A policy session satisfied as the endorsement key's template asks: PolicySecret(endorsement). */
static TSS2_RC ek_session(struct agent_tpm *tpm, ESYS_TR *session)
{
    const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
    TSS2_RC rc =
        Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, session);

    if (rc == TSS2_RC_SUCCESS) {
        rc = Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, *session, ESYS_TR_PASSWORD,
                               ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL);
        if (rc != TSS2_RC_SUCCESS) {
            Esys_FlushContext(tpm->esys, *session);
        }
    }
    return rc;
}

int agent_tpm_activate(struct agent_tpm *tpm, const struct bytes *id_object,
                       const struct bytes *secret, struct bytes *out, struct attest_error *err)
{
    TPM2B_ID_OBJECT blob = {.size = 0};
    TPM2B_ENCRYPTED_SECRET seed = {.size = 0};
    TPM2B_DIGEST *credential = NULL;
    ESYS_TR session = ESYS_TR_NONE;
    size_t at = 0, at2 = 0;
    TSS2_RC rc;
    int ret = 0;

    if (Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(id_object->data, id_object->size, &at, &blob) != 0 ||
        Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(secret->data, secret->size, &at2, &seed) != 0 ||
        at != id_object->size || at2 != secret->size) {
        return attest_fail(err, -EINVAL, "malformed credential");
    }
    if (tpm->ek == ESYS_TR_NONE) {
        ret = find_ek(tpm, err);
        if (ret != 0) {
            return ret;
        }
    }
    rc = ek_session(tpm, &session);
    if (rc != TSS2_RC_SUCCESS) {
        return tpm_fail(err, "endorsement policy session", rc);
    }
    rc = Esys_ActivateCredential(tpm->esys, tpm->ak, tpm->ek, ESYS_TR_PASSWORD, session,
                                 ESYS_TR_NONE, &blob, &seed, &credential);
    if (rc != TSS2_RC_SUCCESS) {
        Esys_FlushContext(tpm->esys, session);
        return tpm_fail(err, "ActivateCredential", rc);
    }
    Esys_FlushContext(tpm->esys, session); /* fails harmlessly when the command ended it */
    ret = bytes_set(out, credential->buffer, credential->size);
    Esys_Free(credential);
    return ret;
}

/* TPM2_PCR_Read gives up to eight values a call and says which. */
static int read_pcrs(struct agent_tpm *tpm, uint32_t mask, uint8_t pcr[24][32],
                     struct attest_error *err)
{
    while (mask != 0) {
        TPML_PCR_SELECTION want = {.count = 1}, *got = NULL;
        TPML_DIGEST *values = NULL;
        uint32_t next = 0, before = mask;
        TSS2_RC rc;

        want.pcrSelections[0] = (TPMS_PCR_SELECTION){
            .hash = TPM2_ALG_SHA256,
            .sizeofSelect = 3,
            .pcrSelect = {(uint8_t)mask, (uint8_t)(mask >> 8), (uint8_t)(mask >> 16)},
        };
        rc = Esys_PCR_Read(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &want, NULL, &got,
                           &values);
        if (rc != TSS2_RC_SUCCESS) {
            return tpm_fail(err, "PCR_Read", rc);
        }
        for (unsigned int i = 0; i < 24 && got->count == 1 && next < values->count; i++) {
            if ((got->pcrSelections[0].pcrSelect[i / 8] >> (i % 8) & 1) &&
                values->digests[next].size == 32) {
                memcpy(pcr[i], values->digests[next++].buffer, 32);
                mask &= ~(1u << i);
            }
        }
        Esys_Free(got);
        Esys_Free(values);
        if (mask == before) {
            return attest_fail(err, -EIO, "TPM: the SHA-256 PCR bank is not active");
        }
    }
    return 0;
}

int agent_tpm_quote(struct agent_tpm *tpm, const struct bytes *nonce, uint32_t pcr_mask,
                    struct agent_quote *quote, struct attest_error *err)
{
    const TPMT_SIG_SCHEME key_scheme = {.scheme = TPM2_ALG_NULL};
    TPML_PCR_SELECTION select = {.count = 1};
    TPM2B_DATA data = {.size = 0};
    TPM2B_ATTEST *attest = NULL;
    TPMT_SIGNATURE *signature = NULL;
    uint8_t buf[sizeof(TPMT_SIGNATURE)];
    size_t size = 0;
    TSS2_RC rc;
    int ret;

    if (nonce->size < 8 || nonce->size > 32 || pcr_mask == 0 || pcr_mask >> 24 != 0) {
        return attest_fail(err, -EINVAL, "nonce of 8 to 32 bytes and PCRs 0 to 23 expected");
    }
    data.size = (uint16_t)nonce->size;
    memcpy(data.buffer, nonce->data, nonce->size);
    select.pcrSelections[0] = (TPMS_PCR_SELECTION){
        .hash = TPM2_ALG_SHA256,
        .sizeofSelect = 3,
        .pcrSelect = {(uint8_t)pcr_mask, (uint8_t)(pcr_mask >> 8), (uint8_t)(pcr_mask >> 16)},
    };
    rc = Esys_Quote(tpm->esys, tpm->ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data,
                    &key_scheme, &select, &attest, &signature);
    if (rc != TSS2_RC_SUCCESS) {
        return tpm_fail(err, "Quote", rc);
    }
    rc = Tss2_MU_TPMT_SIGNATURE_Marshal(signature, buf, sizeof(buf), &size);
    ret = rc != TSS2_RC_SUCCESS ? tpm_fail(err, "marshalling the signature", rc)
                                : bytes_set(&quote->signature, buf, size);
    if (ret == 0) {
        ret = bytes_set(&quote->attest, attest->attestationData, attest->size);
    }
    Esys_Free(attest);
    Esys_Free(signature);
    return ret != 0 ? ret : read_pcrs(tpm, pcr_mask, quote->pcr, err);
}
