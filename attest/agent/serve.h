/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_SERVE_H
#define AGENT_SERVE_H

#include <stdbool.h>

#include <attest/frame.h>

#include "tpm.h"

#define AGENT_PACE_MS 100

struct agent {
    struct agent_tpm *tpm; /* NULL: no TPM, tpm_error says why */
    const char *tpm_error;
    const char *tcti;      /* to open it anew with; NULL: it is not */
    const char *log_path; /* NULL: from the hypervisor */
    const uint8_t *binding; /* of the TLS connection, CHANNEL_BINDING_SIZE bytes; NULL: a line of its own */
    bool paced;  /* requests take turns with those of others who lock pace_fd, one in AGENT_PACE_MS */
    unsigned int quotes; /* answered */
    int pace_fd; /* a file that only its lock is used of, opened before the connections parted */
};

/** Answer requests until the stream ends. @return 0 at its end, else -errno */
int agent_serve(struct agent *agent, struct stream *stream);

#endif /* AGENT_SERVE_H */
