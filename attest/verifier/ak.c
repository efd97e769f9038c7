/* SPDX-License-Identifier: Apache-2.0 */
/* The attestation key: its public area says whether a quote under it can be believed. */
#include <attest/trust.h>

#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <tss2/tss2_mu.h>

#include <attest/error.h>

static EVP_PKEY *key_from_point(const TPMS_ECC_POINT *point)
{
    uint8_t encoded[65] = {4};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;

    memcpy(encoded + 33 - point->x.size, point->x.buffer, point->x.size);
    memcpy(encoded + 65 - point->y.size, point->y.buffer, point->y.size);
    if (ctx != NULL && build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, encoded,
                                         sizeof(encoded))) {
        params = OSSL_PARAM_BLD_to_param(build);
    }
    if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL; /* also when the point is not on the curve */
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

int ak_verify(const struct bytes *ak_public, EVP_PKEY **key, uint8_t name[NAME_SIZE],
              struct attest_error *err)
{
    const TPMA_OBJECT must = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT |
                             TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                             TPMA_OBJECT_SENSITIVEDATAORIGIN;
    TPMT_PUBLIC pub;
    size_t at = 0;

    memset(&pub, 0, sizeof(pub));
    if (Tss2_MU_TPMT_PUBLIC_Unmarshal(ak_public->data, ak_public->size, &at, &pub) != 0 ||
        at != ak_public->size) {
        return attest_fail(err, -EINVAL, "attestation key: malformed public area");
    }
    if ((pub.objectAttributes & must) != must || (pub.objectAttributes & TPMA_OBJECT_DECRYPT)) {
        return attest_fail(err, -EINVAL,
                           "attestation key: attributes 0x%x, expected restricted, sign, fixedTPM, "
                           "fixedParent, sensitiveDataOrigin and not decrypt",
                           pub.objectAttributes);
    }
    if (pub.type != TPM2_ALG_ECC || pub.nameAlg != TPM2_ALG_SHA256 ||
        pub.parameters.eccDetail.curveID != TPM2_ECC_NIST_P256 ||
        pub.parameters.eccDetail.scheme.scheme != TPM2_ALG_ECDSA ||
        pub.parameters.eccDetail.scheme.details.ecdsa.hashAlg != TPM2_ALG_SHA256 ||
        pub.unique.ecc.x.size > 32 || pub.unique.ecc.y.size > 32) {
        return attest_fail(err, -EINVAL, "attestation key: expected ECDSA P-256 with SHA-256");
    }
    name[0] = TPM2_ALG_SHA256 >> 8;
    name[1] = TPM2_ALG_SHA256 & 0xff;
    if (EVP_Digest(ak_public->data, ak_public->size, name + 2, NULL, EVP_sha256(), NULL) != 1) {
        return attest_fail(err, -ENOMEM, "hash failure");
    }
    *key = key_from_point(&pub.unique.ecc);
    return *key != NULL ? 0 : attest_fail(err, -EINVAL, "attestation key: no point of P-256");
}
