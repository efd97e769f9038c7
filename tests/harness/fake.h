/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fakes of the contracts that logic in xen/common stands on, for host tests. Each fake_*.c can be linked alone:
 *
 *   fake_core.c    printk, panic, current, time, timers, vCPU states
 *   fake_softirq.c softirqs that never run, for who wants no CPUs of its own
 *   fake_heap.c    xzalloc and pages on the C heap, with a countdown to failure
 *   fake_guest.c   copies from and to "guest memory", which is the test's own memory
 *   fake_domain.c  a table of domains, references counted
 *   fake_xsm.c     a policy of a few lines, and a record of every question
 */
#ifndef HARNESS_FAKE_H
#define HARNESS_FAKE_H

#include <xen/domain.h>

/* -- fake_core.c ---------------------------------------------------------------------------------- */

extern _Thread_local struct vcpu *fake_current;
extern uint64_t fake_now_ns;
extern uint64_t fake_now_step_ns; /* that much passes with each look at the clock */
extern bool fake_preempt;         /* what preempt_wanted() answers */
extern int fake_preempt_after;    /* > 0: becomes true after so many questions */
extern unsigned fake_raised;      /* vcpu_events_raise() calls */
extern struct vcpu *fake_raised_last;
extern bool fake_expect_panic;    /* panic() then ends the test as passed */
extern char fake_log[4096];       /* what printk said, newest last, cut at the end */
extern struct timer *fake_timer;  /* set last */
void fake_core_reset(void);

/* -- fake_heap.c: the n-th allocation from now fails; 0 never ------------------------------------- */

extern unsigned fake_fail_alloc;

/* -- fake_guest.c --------------------------------------------------------------------------------- */

/* Guest addresses are host pointers; addresses below 64 KiB, and these, fault. */
extern vaddr_t fake_fault_first, fake_fault_last;
extern unsigned fake_copies;

/* -- fake_domain.c -------------------------------------------------------------------------------- */

/** A running domain with vCPUs, shared_info and label; in the table until fake_domains_free(). */
struct domain *fake_domain_new(domid_t id, unsigned vcpus, xsm_sid_t sid);
/** Free all of them; fails the test when references other than the table's are left. */
void fake_domains_free(void);
/** It is in the table no more, and goes with its last reference. */
void fake_domain_gone(struct domain *d);

/* -- fake_xsm.c ----------------------------------------------------------------------------------- */

struct fake_question {
    xsm_sid_t source, object;
    uint16_t tclass;
    uint32_t perm;
    bool allowed;
    const struct xsm_audit_source *source_of_audit; /* whom a record would be charged to */
};
#define FAKE_QUESTIONS_MAX 256
extern struct fake_question fake_questions[FAKE_QUESTIONS_MAX];
extern unsigned fake_question_count;
extern bool fake_allow_all;

void fake_xsm_reset(void);
/** Deny one permission (on top of allow-all), or allow one (on top of deny-all). 0: any SID. */
void fake_xsm_except(xsm_sid_t source, xsm_sid_t object, uint16_t tclass, uint32_t perm);
/** Label of a channel from a domain with label a towards one with label b, in this fake policy. */
xsm_sid_t fake_channel_sid(xsm_sid_t a, xsm_sid_t b);
/** Label of a domain with label a towards itself. */
xsm_sid_t fake_self_sid(xsm_sid_t a);
/* Not 0: a type transition gives every domain a self label, that much above its own. */
extern xsm_sid_t fake_self_offset;
/** Was exactly this asked (and answered with `allowed`)? */
bool fake_asked(xsm_sid_t source, xsm_sid_t object, uint16_t tclass, uint32_t perm, bool allowed);

/* -- fake_revoke.c -------------------------------------------------------------------------------- */

extern unsigned fake_revocations; /* uses put on record */

#endif
