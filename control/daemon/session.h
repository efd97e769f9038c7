/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operator at one end of a stream: what role they have, and the question that stands before everything done for them.
 */
#ifndef CONTROL_SESSION_H
#define CONTROL_SESSION_H

#include <attest/error.h>
#include <attest/message.h>

#include "hyper.h"
#include "roles.h"

struct session {
    const char *who;          /* subject of the certificate, or "serial"; a good word */
    const char *via;          /* "tls" or "serial" */
    const struct role *role;  /* NULL: nobody's: everything is denied */
    int restart_self;         /* a restart of our own domain, due when the reply is out: its number; -1 */
    /* Audit lines of this second, and those left out. */
    int64_t second;
    unsigned int lines, dropped;
};

/**
 * May the operator do this to the domain? The hypervisor's policy is asked about role -> label of the domain, class
 * `operator`. What it answers is a line on the console, and so with the domain's own:
 *   avc:  denied  { restart } for operator=alice via=tls domain=netdd scontext=... tcontext=... tclass=operator permissive=0
 * Granted ones too, but for status, which is asked all the time.
 *
 * @param perm  one OPERATOR__* bit
 * @return 0; -EACCES with err
 */
int session_ask(struct session *s, uint32_t perm, const struct hyper_domain *d, struct attest_error *err);

/** The same without a line, for what is only left out of a list. */
int session_may(const struct session *s, uint32_t perm, const struct hyper_domain *d);

/** Answer requests until the stream ends or nothing comes for idle_ms (< 0: for ever). @return 0 at its end, else -errno */
int session_serve(struct session *s, struct stream *stream, int idle_ms);

#endif
