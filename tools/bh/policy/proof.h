/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a policy lets domains reach each other by what the host description draws, and by nothing else.
 *
 * Between two domains counts what gets from one to the other without passing a third: each permission at its end must be one that
 * something drawn between them carries (drawn.h). Everything else that reaches goes through domains that are drawn in between. The
 * hypervisor is trusted to pass nothing on, and so are operators, who are people; what a domain may write into it must be its kind's.
 */
#ifndef BH_POLICY_PROOF_H
#define BH_POLICY_PROOF_H

#include "drawn.h"
#include "flow_tell.h"

struct proof_row {
    unsigned int from, to;     /* domains; `to` may be DRAWN_HYPERVISOR */
    size_t steps;              /* 1: without a third domain */
    char *drawn;               /* what is drawn between them; of more steps, the domains in between */
    char *by;                  /* classes that carry it */
};

struct proof_finding {
    unsigned int from, to;
    char *what;                /* "grant_op { map_read }"; NULL: it is drawn, and nothing flows by it */
    char *drawn;               /* of the latter: what */
    size_t *edges, edge_count; /* the way */
};

struct proof {
    struct proof_row *rows;    /* by from, to */
    size_t row_count;
    struct proof_finding *findings;
    size_t finding_count;
};

/** @return false: a domain of the description is no type of the policy, which is reported */
bool proof_make(struct proof *out, const struct host *host, const struct model *p, const struct flow *f, struct messages *m);
void proof_free(struct proof *p);

/** Name of a domain, or of the hypervisor. */
const char *proof_name(const struct host *host, unsigned int domain);

#endif
