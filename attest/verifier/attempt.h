/* SPDX-License-Identifier: Apache-2.0 */
/* One verification as an operator asks for it: sets from files, memory from a folder, a host. */
#ifndef VERIFIER_ATTEMPT_H
#define VERIFIER_ATTEMPT_H

#include <attest/refset.h>
#include <attest/verify.h>

#include "client.h"

struct identity;

struct attempt {
    struct client_way way;
    struct client *caller; /* a host that came by itself, instead of a way to it; its greeting is over, */
    const struct identity *identity; /* and this is who it proved to be */
    const char *host, *state; /* both or neither: without them nothing is remembered */
    const char *const *reference;
    size_t reference_count;
    const char *const *signer; /* PEM files */
    size_t signer_count;
    const char *const *ca;
    size_t ca_count;
    bool allow_unsigned, allow_unmeasured, allow_no_history;
    int wait_s, timeout_s;
};

struct outcome {
    struct verdict verdict;
    struct evidence evidence;
    uint8_t nonce[32];
    int64_t at;  /* when it was judged */
    char *codes; /* failures now, as the history has them; "" without history */
};

/** Public keys out of PEM files. @return 0; -EINVAL with err */
int signers_read(const char *const *path, size_t count, EVP_PKEY ***keys, struct attest_error *err);
void signers_free(EVP_PKEY **keys, size_t count);

/**
 * @param out  to be freed with outcome_free(), whatever is returned
 * @return 0 judged; -ETIMEDOUT the host did not answer, which its history knows; -EINVAL a local file
 *         or option: err says which
 */
int attempt_run(const struct attempt *a, struct outcome *out, struct attest_error *err);
void outcome_free(struct outcome *o);

/**
 * A host that was to come by itself and did not: its history knows.
 * @param since   the time from which on nothing was heard of it; a later verdict makes this a mistake
 * @param end_ms  by stream_now_ms(): until when to wait for a verifier that has the host
 * @return 0; 1 there is a later verdict, or the last one said the same; -EBUSY a verifier has it; -EINVAL
 */
int attempt_silence(const struct attempt *a, int64_t since, int64_t end_ms, struct outcome *out, struct attest_error *err);

/**
 * Pin the host's TPM under its name.
 * @param replace  also when the name is taken; what was remembered is then forgotten, but for sets and their ends
 * @param forget_sets  also those, when the file that has them cannot be read
 * @return 0; 1 the host proved nothing: the verdict says why; -EEXIST the name is taken; -ETIMEDOUT;
 *         -EINVAL
 */
int attempt_enroll(const struct attempt *a, bool replace, bool forget_sets, struct outcome *out,
                   struct attest_error *err);

#endif /* VERIFIER_ATTEMPT_H */
