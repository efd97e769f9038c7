/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security identifiers: small numbers for contexts, never given back. All functions want the policy
 * lock. SIDs 1 to XSM_SID_INITIAL_COUNT are the initial ones.
 */
#ifndef FLASK_SIDTAB_H
#define FLASK_SIDTAB_H

#include <flask/context.h>
#include <flask/policydb.h>
#include <xsm/xsm.h>

#define SIDTAB_MAX 16384U        /* SIDs in all: a guest that may make contexts cannot exhaust memory */

struct sid_entry {
    struct sid_entry *next;      /* in the hash chain */
    xsm_sid_t sid;
    uint32_t hash;
    struct context context;      /* owned; of no meaning while stale is set */
    char *stale;                 /* owned: text of a context that the policy in force does not know */
};

/** NULL: no such SID. */
struct sid_entry *sidtab_get(xsm_sid_t sid);

/** Context of a SID, that of `unlabeled` for a stale one; NULL: no such SID. */
const struct context *sidtab_context(xsm_sid_t sid);

/** The SID of a valid context, a new one when it has none. @return 0; -ENOSPC; -ENOMEM */
int sidtab_find(const struct context *c, xsm_sid_t *out);

/**
 * Bring every SID over to another policy: initial SIDs get the contexts it states, the others keep
 * their text. All or nothing.
 *
 * @param from  policy in force, NULL for the first
 * @return 0; -ENOMEM
 */
int sidtab_convert(const struct policydb *from, const struct policydb *to);

/**
 * Context of a SID as another policy would have it, that of its `unlabeled` where it does not know it.
 *
 * @param out    owned by the caller
 * @param known  out: whether it knows it
 * @return 0; -EINVAL no such SID; -ENOMEM
 */
int sidtab_context_in(const struct policydb *from, const struct policydb *to, xsm_sid_t sid,
                      struct context *out, bool *known);

uint32_t sidtab_count(void);
/** Forget everything. */
void sidtab_clear(void);

#endif
