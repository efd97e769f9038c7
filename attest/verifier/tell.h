/* SPDX-License-Identifier: Apache-2.0 */
/* Telling that a host's verdict or its reasons changed: a line, and a program that the user names. */
#ifndef VERIFIER_TELL_H
#define VERIFIER_TELL_H

#include "options.h"

/* What was told last about a host. */
struct told {
    char verdict[16]; /* "" nothing yet */
    char *codes;      /* owned */
};

/** Begin from where the host's history was before this outcome. */
void told_from(struct told *last, const struct outcome *out);

/** Say it and run --on-change, which has 60 s, if it is not what was told last. */
void tell_change(const struct options *o, const char *host, const struct outcome *out, const char *verdict,
                 struct told *last);

/** Whether --on-change is a path. @return 0 or -EINVAL */
int tell_is_usable(const struct options *o);

#endif /* VERIFIER_TELL_H */
