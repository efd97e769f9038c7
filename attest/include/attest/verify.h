/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_VERIFY_H
#define ATTEST_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include <attest/message.h>
#include <attest/reference.h>

/*
 * The judgement over one piece of evidence: a list of findings, one per component or check, and a
 * verdict. Nothing here talks to anybody; the same evidence gives the same verdict.
 */

/* PCRs that are quoted and must be explained by the log: 0 to 9, 21, 22. */
#define VERIFY_PCR_MASK 0x006003ffu

struct evidence {
    struct bytes quote;     /* TPMS_ATTEST */
    struct bytes signature; /* TPMT_SIGNATURE */
    struct bytes log;
    uint32_t pcr_mask;   /* PCRs whose values were sent */
    uint8_t pcr[24][32]; /* SHA-256 bank */
};

void evidence_free(struct evidence *e);
/** From the agent's reply to "quote". @return 0 or -EINVAL, -ENOMEM */
int evidence_parse(struct evidence *e, json_object *reply, struct attest_error *err);

/* Reason codes. Those up to CODE_RESTARTED do not fail a host. Words: verify_code_name(). */
enum verify_code {
    CODE_OK,
    CODE_RECORDED,           /* no reference value: reported only */
    CODE_RESTARTED,          /* a domain started again, with the same digest */
    CODE_UNMEASURED_ALLOWED, /* hypervisor unmeasured, and the caller allows it */
    CODE_NO_TPM,             /* host has no TPM or runs with tpm=none */
    CODE_EK_INVALID,         /* not an endorsement certificate */
    CODE_EK_UNTRUSTED,       /* no chain to a given authority */
    CODE_AK_INVALID,         /* attributes or type of the attestation key */
    CODE_AK_NOT_ACTIVATED,   /* the TPM with the endorsement key does not hold it */
    CODE_SIGNATURE,          /* quote not signed by the attestation key */
    CODE_NOT_A_QUOTE,        /* signed, but no quote made by a TPM */
    CODE_NONCE,              /* quote for another nonce: replayed */
    CODE_PCR_SELECTION,      /* other PCRs quoted than asked for */
    CODE_PCR_DIGEST,         /* PCR values sent are not those quoted */
    CODE_LOG_MALFORMED,
    CODE_LOG_REPLAY,  /* log does not explain a PCR */
    CODE_LOG_FULL,    /* the hypervisor lost events */
    CODE_TEXT_DIGEST, /* text of an event is not what was extended */
    CODE_DIFFERS,     /* component has another digest */
    CODE_MISSING,     /* component expected, not found */
    CODE_UNEXPECTED,  /* something measured that no reference names */
    CODE_PERMISSIVE,  /* policy not enforced */
    CODE_UNPROTECTED, /* a protection the reference asks for is off */
    CODE_UNMEASURED,  /* nothing measured the hypervisor itself */
    CODE_REFERENCE_EMPTY,
    CODE_EVIDENCE, /* the host's answer is malformed or an error */
};

const char *verify_code_name(enum verify_code code);
/** Whether a finding with this code fails the host. */
bool verify_code_is_failure(enum verify_code code);

struct finding {
    enum verify_code code;
    int pcr;  /* -1: none */
    int kind; /* enum reference_kind, -1: a check */
    char *component;
    char *expected; /* "" when there is nothing to say */
    char *found;
};

struct verdict {
    size_t count;
    struct finding *finding;
    bool no_memory; /* a finding was lost: fails */
};

struct verify_input {
    const struct evidence *evidence;
    const struct bytes *nonce;
    EVP_PKEY *ak; /* as trusted through ek_verify, ak_verify and activation */
    const struct reference *reference;
    bool allow_unmeasured; /* accept a hypervisor that nothing measured */
};

/** Add all findings about the evidence to the verdict. */
void verify_evidence(const struct verify_input *in, struct verdict *verdict);

/** Add one finding; strings are copied and made printable, expected and found may be NULL. */
void verdict_add(struct verdict *v, enum verify_code code, int pcr, int kind, const char *component,
                 const char *expected, const char *found);
bool verdict_passes(const struct verdict *v);
void verdict_free(struct verdict *v);

#endif /* ATTEST_VERIFY_H */
