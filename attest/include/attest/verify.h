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
    int64_t asked_at;    /* when its nonce was sent: no part of it is older; 0: nothing was */
};

void evidence_free(struct evidence *e);
/** From the agent's reply to "quote". @return 0 or -EINVAL, -ENOMEM */
int evidence_parse(struct evidence *e, json_object *reply, struct attest_error *err);

/* Reason codes. Those up to CODE_UNSIGNED_ALLOWED do not fail a host. Words: verify_code_name(). */
enum verify_code {
    CODE_OK,
    CODE_RECORDED,           /* no reference value: reported only */
    CODE_RESTARTED,          /* a domain started again, with the same digest */
    CODE_NOT_IN_FORCE,       /* a set whose time is not now, while another explains the host */
    CODE_CLOCK_UNSAFE,       /* the TPM lost power without warning: its clock may repeat */
    CODE_NO_HISTORY_ALLOWED, /* asked without a host's name, and the caller allows it */
    CODE_UNMEASURED_ALLOWED, /* hypervisor unmeasured, and the caller allows it */
    CODE_UNSIGNED_ALLOWED,   /* a set that nobody signed, and the caller allows it */
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
    CODE_FIRMWARE_LOG, /* not the log that the hypervisor found, or PCR 0 to 9 extended after that */
    CODE_LOG_FULL,    /* the hypervisor lost events */
    CODE_TEXT_DIGEST, /* text of an event is not what was extended */
    CODE_DIFFERS,     /* component has another digest */
    CODE_MISSING,     /* component expected, not found */
    CODE_UNEXPECTED,  /* something measured that no reference names */
    CODE_PERMISSIVE,  /* policy not enforced */
    CODE_DEBUG,       /* a debug build of the hypervisor */
    CODE_UNPROTECTED, /* a protection the reference asks for is off */
    CODE_UNMEASURED,  /* nothing measured the hypervisor itself */
    CODE_REFERENCE_EMPTY,
    CODE_EVIDENCE,                /* the host's answer is malformed or an error */
    CODE_EK_EXPIRED,              /* the endorsement certificate, or one above it, is out of its time */
    CODE_EK_NOT_ENROLLED,         /* another TPM than the one enrolled */
    CODE_AK_NOT_ENROLLED,         /* another attestation key than the one enrolled */
    CODE_NOT_ENROLLED,            /* a host by this name was never enrolled */
    CODE_NO_HISTORY,              /* asked without a host's name: nothing to compare the TPM with */
    CODE_QUOTE_REPLAYED,          /* this very quote was seen before */
    CODE_NONCE_STALE,             /* quote over a nonce of an earlier question */
    CODE_CLOCK_RESET,             /* the TPM's clock or counters are behind what they were */
    CODE_VERIFIER_CLOCK,          /* this verifier's own clock is behind its last verdict */
    CODE_REFERENCE_UNSIGNED,      /* nobody signed the set */
    CODE_REFERENCE_SIGNATURE,     /* no given signer signed it */
    CODE_REFERENCE_MALFORMED,     /* signed by a given signer, but no reference set */
    CODE_REFERENCE_CONFLICT,      /* two different sets under one name */
    CODE_REFERENCE_EXPIRED,       /* after its not-after */
    CODE_REFERENCE_NOT_YET_VALID, /* before its not-before */
    CODE_REFERENCE_SUPERSEDED,    /* the overlap with the set that replaces it is over */
    CODE_REFERENCE_MIXTURE,       /* each component is of some set, but not all of one */
    CODE_COUNT,
};

const char *verify_code_name(enum verify_code code);
/** Whether a finding with this code fails the host. */
bool verify_code_is_failure(enum verify_code code);

/* A host's events may be megabytes; a set's texts are REFERENCE_DETAIL_MAX at most, and shown with a digest before them. */
#define FINDING_NAME_MAX 128
#define FINDING_TEXT_MAX (REFERENCE_DETAIL_MAX + 104)

struct finding {
    enum verify_code code;
    int pcr;  /* -1: none */
    int kind; /* enum reference_kind, -1: a check */
    char *component;
    char *expected; /* "" when there is nothing to say */
    char *found;
    int64_t since; /* since when it is so, as far as verdicts tell; 0 unknown */
};

struct verdict {
    size_t count;
    struct finding *finding;
    bool no_memory; /* a finding was lost: fails */
    bool quote_believed;  /* signed by the trusted key, over this nonce */
    char explained_by[65]; /* the reference set that all components are of, or "" */
};

struct history;
struct refset_list;

struct verify_input {
    const struct evidence *evidence;
    const struct bytes *nonce;
    EVP_PKEY *ak; /* as trusted through ek_verify, ak_verify and activation */
    const struct reference *reference;
    bool allow_unmeasured; /* accept a hypervisor that nothing measured */
    const struct history *history; /* of this host; NULL: none kept */
};

/** Add all findings about the evidence, compared with in->reference, to the verdict. */
void verify_evidence(const struct verify_input *in, struct verdict *verdict);

/**
 * The same against several sets, of which one must explain the host as a whole; in->reference is
 * not looked at. Findings about components are those of that set, else of the nearest one.
 */
void verify_sets(const struct verify_input *in, const struct refset_list *sets,
                 struct verdict *verdict);

struct clock_info;
/** The clock of a quote. @return 0; -EINVAL no quote */
int verify_quote_clock(const struct evidence *e, struct clock_info *out);

/** Add one finding; strings are copied, cut to the lengths above with a mark, and made printable; expected and found may be NULL. */
void verdict_add(struct verdict *v, enum verify_code code, int pcr, int kind, const char *component,
                 const char *expected, const char *found);
/** Whether a finding fails the host; a verdict without any may still not pass. */
bool verify_has_failure(const struct verdict *v);
bool verdict_passes(const struct verdict *v);
void verdict_free(struct verdict *v);

#endif /* ATTEST_VERIFY_H */
