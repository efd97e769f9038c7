/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation: after a change of policy, booleans, mode or a label, what domains hold under the old one is
 * looked for and, as the caller chose, put on record, left to drain, or taken away, before the call that
 * made the change returns.
 *
 * One change at a time is under way in the machine, as a job:
 *
 *   reserved   by a hypercall, if need be with a turn at the TPM, before anything is measured or read
 *   grace      committed: every CPU has to come out of what it does under answers of the old policy
 *   walk       each domain's grant mappings, foreign pages, event channels, ports, device memory and devices
 *   done       the counts are in the calling vCPU, which sleeps until then and reissues its call
 *
 * The job goes on by softirqs in steps of bounded length; it does not need its caller, who may die or never
 * come back. A trial has no grace period, commits nothing and takes nothing away.
 */
#ifndef XEN_REVOKE_H
#define XEN_REVOKE_H

#include <xen/hypercall.h>
#include <xen/types.h>

#include <xsm/xsm.h>

struct domain;
struct vcpu;

/* Uses found that the policy denies now, by kind. */
struct revoke_counts {
    uint32_t grants;    /* mappings of granted pages */
    uint32_t foreign;   /* pages of others mapped without a grant */
    uint32_t ports;     /* event channel ends */
    uint32_t resources; /* ranges of I/O ports, pages of device memory, PCI functions */
};

/* What a vCPU waits for, or has been told; kept in struct vcpu, touched by it alone or while it sleeps. */
struct revoke_result {
    bool done;
    uint64_t nr, arg[2]; /* the call it belongs to: its registers, */
    const void *row;     /* and what it was when it was asked about; its memory may say otherwise by now */
    struct revoke_counts counts;
};

void revoke_init(void);

/** The machine's one job is the caller's from here on. @return 0; -EBUSY another change is under way */
int revoke_reserve(void) must_check;
/** ... given back, when nothing came of it. */
void revoke_release(void);

/* A change that is to be made, or tried. */
struct revoke_change {
    struct xsm_candidate *candidate; /* of a policy or booleans, else NULL; owned by the job from here on */
    struct domain *domain;           /* to be relabelled, else NULL; the job takes its own reference */
    xsm_sid_t sid;                   /* its new label */
    enum xsm_revocation how;         /* XSM_REVOKE_WOULD: a trial */
};

/**
 * Commit (unless on trial) and begin to look. The job is reserved.
 *
 * @param hc, row  the call's registers and row, by which it is recognised when it comes back
 * @return -ERESTART: the current vCPU sleeps, and finds its result when it has reissued the call;
 *         else nothing was changed, the job is still reserved, the candidate is gone: -ENOMEM, -EBUSY
 */
int revoke_begin(const struct revoke_change *change, const struct hypercall *hc,
                 const void *row) must_check;

/** Is this the reissued call of a finished change? Takes the result. */
bool revoke_take(struct vcpu *v, const struct hypercall *hc, const void *row,
                 struct revoke_counts *out);

/* -- for those who look at one kind of use --------------------------------------------------------- */

struct revoke_walk {
    struct xsm_candidate *trial;    /* answers, when set */
    const struct domain *relabelled; /* on trial: has label sid, when set */
    xsm_sid_t sid;
    enum xsm_revocation how;
    struct revoke_counts counts;
};

/** Label of a domain, as the change has it. */
xsm_sid_t revoke_label(const struct revoke_walk *w, const struct domain *d);
/** Label of `to` as `from` sees it: its self label when they are the same, its target label for its device model. */
xsm_sid_t revoke_label_of(const struct revoke_walk *w, const struct domain *from,
                          const struct domain *to);
/** Is `ssid` refused this now? No audit line. */
bool revoke_denied(const struct revoke_walk *w, xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass,
                   uint32_t perms);
/** May the walk take away? Otherwise what is found is only noted. */
static inline bool revoke_drops(const struct revoke_walk *w)
{
    return w->how == XSM_REVOKE_DROP;
}

/**
 * Look at uses of one kind by d, from *cursor on (0 at first), at most `budget` of them.
 * @return true when there are no more; false: to be called again with the cursor as it is now
 */
typedef bool revoke_kind_fn(struct domain *d, struct revoke_walk *w, uint64_t *cursor, unsigned budget);

revoke_kind_fn grant_revoke;    /* xen/common/grant/revoke.c */
revoke_kind_fn evtchn_revoke;   /* xen/common/evtchn/revoke.c */
revoke_kind_fn pages_revoke;    /* xen/common/revoke/pages.c: foreign and device memory */
revoke_kind_fn ioports_revoke;  /* xen/common/revoke/ioports.c */
revoke_kind_fn devices_revoke;  /* xen/common/revoke/devices.c */

#endif
