/* SPDX-License-Identifier: Apache-2.0 */
/* One attestation: trust, evidence, verdict. */
#ifndef VERIFIER_SESSION_H
#define VERIFIER_SESSION_H

#include <attest/history.h>
#include <attest/refset.h>
#include <attest/trust.h>
#include <attest/verify.h>

#include "client.h"

struct session {
    const char *const *ca; /* PEM files */
    size_t ca_count;
    const struct refset_list *sets; /* judged: refset_list_judge() */
    const struct history *history;  /* of the host; NULL: none kept, nothing is pinned */
    const struct bytes *nonce;      /* unpredictable, and used for this question only */
    bool allow_unmeasured;
    bool allow_no_history; /* judge also when nothing is pinned */
    int timeout_s; /* for each answer */
};

/* Which TPM it is, once it has proved to hold the attestation key. */
struct identity {
    uint8_t ek[32];
    uint8_t ak[NAME_SIZE];
    EVP_PKEY *key; /* owned: the attestation key, to be freed with EVP_PKEY_free() */
};

/**
 * The first half: certificate, key, and that one TPM holds both.
 * @return 0; -ENOENT a local file; -ETIMEDOUT an answer was not there in time; -EACCES it is not proved, and the verdict says why
 */
int session_identify(const struct session *s, struct client *c, struct identity *id,
                     struct verdict *v, struct attest_error *err);

/**
 * The second: is it the TPM that the history says, and what does it sign? Whatever else goes wrong on the host's side is a finding.
 *
 * @param evidence  out: kept for saving; freed by the caller
 * @return 0 the verdict is complete; -ENOENT a local file is missing (err says which); -ETIMEDOUT an answer was not there in time:
 *         whatever it said, it is no answer, and there is no verdict
 */
int session_judge(const struct session *s, struct client *c, const struct identity *id, struct evidence *evidence,
                  struct verdict *v, struct attest_error *err);

/** Both over an open client. @return as session_judge() */
int session_run(const struct session *s, struct client *c, struct evidence *evidence,
                struct verdict *v, struct attest_error *err);

#endif /* VERIFIER_SESSION_H */
