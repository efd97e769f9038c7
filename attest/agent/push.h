/* SPDX-License-Identifier: Apache-2.0 */
/* Calling a verifier. */
#ifndef AGENT_PUSH_H
#define AGENT_PUSH_H

#include "conversation.h"

/**
 * Call the collector that FOLDER/push names, again and again: after an interval when it asked for a quote, sooner when not.
 * Calls nobody, for ever, when the host's description names none.
 * @return -errno with err
 */
int push_tls(const struct network_config *config, struct attest_error *err);

/**
 * How long to wait until the next call.
 * @param failed  calls in vain since one was answered: from 5 s on, twice as long each, up to the interval
 * @param random  any number: hosts that started together do not stay together
 * @return ms, a fifth more or less than that
 */
uint32_t push_wait_ms(uint32_t interval_s, unsigned int failed, uint32_t random);

#endif /* AGENT_PUSH_H */
