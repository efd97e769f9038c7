/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_CHANNEL_H
#define ATTEST_CHANNEL_H

#include <stdint.h>

#include <attest/message.h>

/*
 * Evidence over TLS. The agent's certificate is one that it made itself a moment ago and proves nothing; the TPM does: what it signs is
 * not the verifier's nonce but a digest of that and of the connection's own secret (exporter, RFC 8446, 7.5). A quote that another
 * connection got, such as that of somebody in the middle, is an answer to another question.
 */
#define CHANNEL_LABEL "EXPORTER-bulkhead-attest-1"
#define CHANNEL_BINDING_SIZE 32

/** What the TPM is asked to sign for. @param out  SHA-256 of label, binding, nonce. @return 0 or -EIO */
int channel_nonce(const uint8_t binding[CHANNEL_BINDING_SIZE], const struct bytes *nonce, uint8_t out[32]);

#endif /* ATTEST_CHANNEL_H */
