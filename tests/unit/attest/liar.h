/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIAR_H
#define LIAR_H

#include <sys/types.h>

#include <attest/message.h>

/*
 * A host at a unix socket: the real agent with a real TPM, and somebody in between who may change
 * what goes through. Its first `honest` connections are left alone.
 */
enum lie {
    LIE_NONE,
    LIE_NO_TPM,
    LIE_CERTIFICATE, /* another endorsement certificate */
    LIE_AK_ATTRIBUTES,
    LIE_SECRET,
    LIE_QUOTE_BYTE,
    LIE_OTHER_NONCE,
    LIE_OLD_NONCE,  /* that of an earlier connection */
    LIE_OLD_ANSWER, /* the whole answer of an earlier connection */
    LIE_FEWER_PCRS,
    LIE_PCR_VALUE,
    LIE_LOG_CUT,
    LIE_LOG_DIGEST,
    LIE_LOG_TEXT,
    LIE_NO_QUOTE,
    LIE_SILENCE, /* greets and says no more */
    LIE_SLOW,    /* the truth, LIAR_SLOW_S after it was signed */
    LIE_TRICKLE, /* the truth, but for LIAR_TRICKLE_S only a byte each half second of it */
    LIE_HELLO_TRICKLE, /* the same with a greeting */
};

#define LIAR_SLOW_S 3
#define LIAR_TRICKLE_S 15

struct liar {
    const char *socket, *tcti, *log_path;
    enum lie lie;
    unsigned int honest;
    struct bytes certificate;
};

/** @return the process that serves; -1 */
pid_t liar_start(const struct liar *l);
void liar_stop(pid_t pid);

#endif /* LIAR_H */
