/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_TPM_H
#define AGENT_TPM_H

#include <stdint.h>

#include <attest/message.h>

/*
 * What the agent asks of the TPM, at locality 0. The attestation key is a primary ECC P-256
 * restricted signing key of the owner hierarchy: made from a fixed template, so it is the same key
 * at each boot and nothing needs to be stored.
 *
 * All return -EIO when the TPM refuses, and -ENXIO when the connection with it broke, as when a command was cut off: close it and
 * open anew.
 */
struct agent_tpm;

struct agent_quote {
    struct bytes attest;    /* TPMS_ATTEST as signed */
    struct bytes signature; /* TPMT_SIGNATURE */
    uint8_t pcr[24][32];    /* SHA-256 values, those selected */
};

/**
 * @param tcti  "device:PATH" or "swtpm:ARGUMENTS" (host=…,port=… or path=…)
 * @return 0 or -EIO with err
 */
int agent_tpm_open(struct agent_tpm **out, const char *tcti, struct attest_error *err);
void agent_tpm_close(struct agent_tpm *tpm);

/** DER certificate of the RSA endorsement key, NV index 0x01c00002. */
int agent_tpm_ek_certificate(struct agent_tpm *tpm, struct bytes *cert, struct attest_error *err);
/** TPMT_PUBLIC of the attestation key. */
int agent_tpm_ak_public(struct agent_tpm *tpm, struct bytes *pub, struct attest_error *err);
/**
 * TPM2_ActivateCredential with attestation and endorsement key.
 * @param id_object,secret  TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET with their size fields
 */
int agent_tpm_activate(struct agent_tpm *tpm, const struct bytes *id_object,
                       const struct bytes *secret, struct bytes *out, struct attest_error *err);
/** TPM2_Quote over the SHA-256 bank, nonce of at most 32 bytes, and the values quoted. */
int agent_tpm_quote(struct agent_tpm *tpm, const struct bytes *nonce, uint32_t pcr_mask,
                    struct agent_quote *quote, struct attest_error *err);

#endif /* AGENT_TPM_H */
