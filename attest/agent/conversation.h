/* SPDX-License-Identifier: Apache-2.0 */
/* What verifiers that come by network and a collector that is called have in common, at the agent's end. */
#ifndef AGENT_CONVERSATION_H
#define AGENT_CONVERSATION_H

#include <stdint.h>

#include <control/tls.h>

#define CONVERSATION_S 60 /* the life of a connection's process: some hundred requests */
#define CONVERSATION_WORDS 4

struct network_config {
    const char *folder;  /* the measured files: `network`, `push`, `verifiers.pem` */
    const char *address; /* to listen on; NULL: any */
    const char *port;
    const char *tcti, *log_path; /* as the agent's, opened anew by each connection */
};

/**
 * Read the authority of verifiers, and give the interface its address.
 * @return 0; 1 no authority is named; -errno with err
 */
int conversation_set_up(const struct network_config *config, X509 **authority, struct attest_error *err);

/**
 * The one line of a small measured file.
 * @param word  out: NULL behind the last; in *text, to be freed
 * @return 0, also for a file that is empty or not there: no words; -errno with err
 */
int conversation_words(const struct network_config *config, const char *name, char **text, char *word[CONVERSATION_WORDS + 1],
                       struct attest_error *err);

/** A file to take turns at the TPM by (serve.h). @return a descriptor; -errno with err */
int conversation_pace(struct attest_error *err);

/**
 * Shake hands and answer requests, in a process of its own: its time ends after CONVERSATION_S, whatever the peer does.
 * @param peer    common name that the peer's certificate must have; NULL: any of the authority
 * @param quotes  out: how many quotes were answered
 * @return 0 at the end of the stream; -errno with err
 */
int conversation_hold(const struct network_config *config, SSL_CTX *ctx, int fd, const char *peer, int pace_fd,
                      unsigned int *quotes, struct attest_error *err);

int64_t conversation_now_ms(void);

#endif /* AGENT_CONVERSATION_H */
