/* SPDX-License-Identifier: Apache-2.0 */
/* Who is enrolled in a state folder, by the TPM that was pinned. A file is read again only when it is another one than before. */
#ifndef VERIFIER_ROSTER_H
#define VERIFIER_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <attest/history.h>

#include "session.h"

struct enrolled {
    char host[HISTORY_NAME_MAX + 1];
    struct stat file; /* that these were read from */
    bool readable;    /* a damaged file is nobody's */
    bool told;        /* what these say was given to a process that tells it; of the owner of the roster */
    char verdict[16]; /* the last one that could be read, as in the history */
    uint8_t ek[32];
    int64_t verdict_at, enrolled_at;
    uint8_t quote[32];  /* the last one that was believed */
    int64_t changed_ms; /* by stream_now_ms(): when these were seen to be others than before. Not by the time of the verdict: that is
                         * of a clock which may have been wrong */
};

struct roster {
    const char *folder;
    size_t count;
    struct enrolled *list; /* by name */
};

/** @return 0; -errno with err, and nothing has changed */
int roster_refresh(struct roster *r, struct attest_error *err);
void roster_free(struct roster *r);

/**
 * Whose TPM this is. The attestation key is not looked at: if it is another one, that is a finding about this host.
 * @return 0; -ENOENT nobody's, or the file cannot be read that has it: err says which; -EEXIST enrolled under two names, err has them
 */
int roster_find(const struct roster *r, const struct identity *id, const char **host, struct attest_error *err);

#endif /* VERIFIER_ROSTER_H */
