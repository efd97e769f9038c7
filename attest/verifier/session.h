/* SPDX-License-Identifier: Apache-2.0 */
/* One attestation: trust, evidence, verdict. */
#ifndef VERIFIER_SESSION_H
#define VERIFIER_SESSION_H

#include <attest/verify.h>

#include "client.h"

struct session {
    const char *const *ca; /* PEM files */
    size_t ca_count;
    const struct reference *reference;
    bool allow_unmeasured;
    int timeout_s; /* for each answer */
};

/**
 * Enrol, challenge and judge over an open client. Whatever goes wrong on the host's side is a
 * finding.
 *
 * @param evidence  out: kept for saving; freed by the caller
 * @return 0 the verdict is complete; -ENOENT a local file is missing (err says which)
 */
int session_run(const struct session *s, struct client *c, struct evidence *evidence,
                struct verdict *v, struct attest_error *err);

#endif /* VERIFIER_SESSION_H */
