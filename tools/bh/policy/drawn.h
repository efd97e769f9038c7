/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host description draws between its domains, and what may flow by it: read from the description alone, not from the rules that
 * `bh build` derives, so that the one can be held against the other.
 */
#ifndef BH_POLICY_DRAWN_H
#define BH_POLICY_DRAWN_H

#include "../build/host.h"

#define DRAWN_HYPERVISOR 0xffffffffu /* as `to`: what its kind lets a domain write into the hypervisor and the policy engine */

struct drawn {
    unsigned int from, to;     /* index of a domain */
    char *what;                /* "disk xvda of guest", "XenStore" */
    unsigned int line;         /* of the description */
    const char *by;            /* permissions that carry it, "class:permission" "class" for all of it, "*" */
};

struct drawing {
    struct drawn *list;
    size_t count;
};

void drawing_of(struct drawing *d, const struct host *host);
void drawing_free(struct drawing *d);

/** May that permission carry something from one to the other? */
bool drawn_carries(const struct drawing *d, unsigned int from, unsigned int to, const char *tclass, const char *perm);

#endif
