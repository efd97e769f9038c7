/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_SERVE_H
#define AGENT_SERVE_H

#include <attest/frame.h>

#include "tpm.h"

struct agent {
    struct agent_tpm *tpm; /* NULL: no TPM, tpm_error says why */
    const char *tpm_error;
    const char *log_path; /* NULL: from the hypervisor */
};

/** Answer requests until the stream ends. @return 0 at its end, else -errno */
int agent_serve(struct agent *agent, struct stream *stream);

#endif /* AGENT_SERVE_H */
