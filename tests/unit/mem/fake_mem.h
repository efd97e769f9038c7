/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small host for memory tests: fake direct map and frame table, domains that are only what memory
 * code looks at, a running vCPU, a policy that says yes until told otherwise, and counters of what
 * would touch hardware.
 */
#ifndef TESTS_FAKE_MEM_H
#define TESTS_FAKE_MEM_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/grant.h>
#include <xen/hypercall.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/p2m.h>

#define FAKE_FRAMES 8192u /* 32 MiB of host memory */

/** Once per process: memory filled with a pattern and given to the allocator. */
int fake_setup(void **state);
/** Per test: everything allowed, nothing pending. */
void fake_reset(void);

/**
 * A domain with an empty p2m and a grant table, one reference for the caller, known to
 * domain_get().
 */
struct domain *fake_domain(domid_t id, uint64_t max_pages);
/** As domain_kill(): gives everything back and drops the caller's reference. */
void fake_domain_kill(struct domain *d);
/** Domain structures not yet freed. */
extern unsigned fake_domains_alive;
/** Make d's vCPU the running one, with paging off: its addresses are its guest-physical ones. */
void fake_run(struct domain *d);
extern struct guest_paging fake_paging;

/** Host address of a guest byte; fails the test when there is nothing. */
void *fake_gaddr(struct domain *d, gaddr_t addr);

extern unsigned fake_flushes;
extern void (*fake_flush_hook)(void); /* runs inside arch_p2m_flush() */
extern unsigned fake_preempt_after;   /* preempt_wanted() is true once, after so many looks */

/* The policy: every question is counted and remembered. */
extern unsigned fake_questions;
extern uint32_t fake_last_perm;
extern uint16_t fake_last_class;
extern xsm_sid_t fake_last_target;
extern uint16_t fake_deny_class;      /* refuse these */
extern uint32_t fake_deny_perm;
extern void (*fake_check_hook)(void); /* runs inside xsm_check(), between decode and act */

/** One hypercall of the running vCPU, reissued while it is preempted. @return its result */
long fake_hypercall(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2);
extern unsigned fake_reissues;

#endif
