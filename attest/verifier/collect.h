/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts that call. Each connection is a process of its own with an end that nobody can put off, so that a host that stalls or sends
 * nonsense costs the others nothing but one of the places that there are; places and the rate of connections are bounded for all
 * together and for each source.
 */
#ifndef VERIFIER_COLLECT_H
#define VERIFIER_COLLECT_H

#include <openssl/ssl.h>

#include "options.h"

#define COLLECT_PLACES 64
#define COLLECT_PLACES_OF_SOURCE 8 /* an IPv4 address, or the first 64 bits of an IPv6 one */
#define COLLECT_PROVE_S 30         /* a connection's life until its TPM has proved whose it is, */
#ifndef COLLECT_ANSWER_S           /* tests wait for its end */
#define COLLECT_ANSWER_S 20        /* of that, for each answer */
#endif
#define COLLECT_JUDGE_S 60         /* and from then to the verdict */

/**
 * Serve until --count verdicts or a signal.
 * @param fd   a listening socket; borrowed
 * @param ctx  tls_context_collector()
 * @return the exit status: of the last verdict, EXIT_NO_ANSWER when there was none, or EXIT_USAGE with a line on stderr
 */
int collect_serve(const struct options *o, int fd, SSL_CTX *ctx);

#endif /* VERIFIER_COLLECT_H */
