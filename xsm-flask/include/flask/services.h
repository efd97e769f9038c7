/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The security server: what the policy in force says, without cache, mode or audit. `current_policy`
 * and everything below it is protected by the policy lock.
 */
#ifndef FLASK_SERVICES_H
#define FLASK_SERVICES_H

#include <flask/classmap.h>
#include <flask/policydb.h>
#include <xsm/xsm.h>

struct policy {
    struct policydb db;
    struct class_maps maps;
};

/* NULL until the first load. */
extern struct policy *current_policy;

/*
 * xsm_policy_stamp is the sequence number << 24, and starts at 1: a class under it is never 0. Between class and number
 * is room for what callers of xsm_avc_hit() note.
 */
#define POLICY_STAMP_STEP ((uint64_t)1 << 24)

/**
 * Vector in our numbering: av->decided says which bits were looked up, `wanted` among them; the others are 0.
 *
 * @return 0; -EINVAL unknown SID or class; -EACCES no policy. Lock held.
 */
int services_compute_av(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, uint32_t wanted,
                        struct xsm_av *av);

/** The same of two contexts under a given policy; av->seqno is 0. */
void services_policy_av(const struct policy *pol, const struct context *s, const struct context *t,
                        uint16_t tclass, uint32_t wanted, struct xsm_av *av);

/** Is the source permissive, of a question that has an answer? Lock held. */
bool services_permissive(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass);

/**
 * Take labels that were given to resources at run time over to another policy, which has the last word where it
 * states one itself. Lock held. @return how many gave way
 */
unsigned int ocontext_carry(struct policydb *from, struct policydb *to);

/** Drop the policy in force, at the end of a host program. */
void candidate_policy_fini(void);

/** Vector of two contexts in the policy's numbering. */
void services_context_av(const struct policydb *p, const struct context *s, const struct context *t,
                         uint32_t policy_class, struct av_vector *v);

/** Label of a new object by rules of `kind` (AVTAB_TRANSITION, _MEMBER, _CHANGE). Lock held. */
int services_compute_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, uint32_t kind,
                         xsm_sid_t *out);

/** The context alone, for tests; *out is the caller's to free. @return 0; -ENOMEM */
int services_context_create(const struct policydb *p, const struct context *s,
                            const struct context *t, uint32_t policy_class, uint32_t kind,
                            struct context *out);

#endif
