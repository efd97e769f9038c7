/* SPDX-License-Identifier: Apache-2.0 */
/* Verifiers that come by network. */
#ifndef AGENT_LISTEN_H
#define AGENT_LISTEN_H

#include "conversation.h"

/**
 * TLS 1.3 on a TCP port, for clients with a certificate of the verifiers' authority; a process for each.
 * Serves nobody, for ever, when the host's description names no authority.
 * @return -errno with err
 */
int listen_tls(const struct network_config *config, struct attest_error *err);

#endif /* AGENT_LISTEN_H */
