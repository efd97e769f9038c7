/* SPDX-License-Identifier: Apache-2.0 */
/* What the types of a policy stand for, by the attributes that policies for Xen use: domains, ends of event channels, things. */
#ifndef BH_POLICY_PARTIES_H
#define BH_POLICY_PARTIES_H

#include "model.h"

enum party {
    PARTY_DOMAIN,   /* in attribute domain_type */
    PARTY_END,      /* of an event channel: in evtchn_type or event_type, or bound to a domain by a rule */
    PARTY_THING,    /* hardware, the hypervisor, the policy, a role of operators */
};

/** One for each type of the model; owned. Attributes are things. */
enum party *parties_of(const struct model *p);

/**
 * The hypervisor while it builds the first domains: the type of initial SID xenboot, which is the first. It writes their memory,
 * passes nothing on, and is gone when they run. -1: there is none.
 */
int party_boot(const struct model *p);

/** What kind of domain it is: "guest", "driver domain", "XenStore", "control"...; "" if nothing says so. */
const char *party_kind(const struct model *p, int type);

#endif
