/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces of Bulkhead's own, beside the Xen ABI. One hypercall, number 55:
 *   long bulkhead_op(unsigned int cmd, void *arg);
 */
#ifndef PUBLIC_BULKHEAD_H
#define PUBLIC_BULKHEAD_H

#ifndef __ASSEMBLY__
#include <stdint.h>
#endif

#define __HYPERVISOR_bulkhead_op 55 /* __HYPERVISOR_arch_7 */

/*
 * Read the measurement log (TCG crypto-agile). Returns the bytes copied, at most size; 0 at the end.
 * Errors: -EACCES policy, -EFAULT, -EINVAL (pad not zero, size above 64 KiB).
 */
#define BULKHEAD_log_read 1

#ifndef __ASSEMBLY__
struct bulkhead_log_read {
    uint64_t offset; /* in: bytes from the start of the log */
    uint64_t buffer; /* in: guest virtual address */
    uint32_t size;   /* in: bytes */
    uint32_t pad;    /* in: zero */
    uint64_t total;  /* out: length of the whole log */
};
#endif

/*
 * Change what is allowed, and look for what domains hold that is not allowed any more. The change is one of
 * xsm_op's, and asks what that asks; as xsm_op has it, uses found are dropped. Here the caller chooses.
 * A domain's label that a new policy does not know refuses the load, unless BULKHEAD_CHANGE_force is given.
 * Each use found is an audit record and counted here. Counts and error are written on failure too.
 * Errors: -EACCES policy; -EBUSY another change is under way; -EINVAL how, flags, pad, or the image (see
 * error_section); -ESRCH no such domain; -ENOENT labels would be unknown; and those of xsm_op.
 */
#define BULKHEAD_policy_change 4

#define BULKHEAD_CHANGE_load 1     /* the policy at buffer: FLASK_LOAD */
#define BULKHEAD_CHANGE_booleans 2 /* booleans set by FLASK_SETBOOL without commit: FLASK_COMMITBOOLS */
#define BULKHEAD_CHANGE_relabel 3  /* domain domid to label sid: FLASK_RELABEL_DOMAIN */

#define BULKHEAD_REVOKE_report 1   /* put on record */
#define BULKHEAD_REVOKE_drain 2    /* ... and no new use; what is held goes when its holder lets go */
#define BULKHEAD_REVOKE_drop 3     /* taken away before the call returns */

#define BULKHEAD_CHANGE_trial 1    /* change nothing: report what the change would deny */
#define BULKHEAD_CHANGE_force 2    /* load a policy that does not know the label of a domain */

#ifndef __ASSEMBLY__
struct bulkhead_policy_change {
    uint32_t what, how, flags;     /* in */
    uint32_t domid, sid;           /* in: relabel */
    uint32_t size;                 /* in: load, bytes */
    uint64_t buffer;               /* in: load, guest virtual address */
    uint32_t grants, foreign;      /* out: mappings of granted pages; pages mapped without grants */
    uint32_t ports, resources;     /* out: event channel ends; I/O port ranges and device pages */
    uint32_t labels;               /* out: domains whose label a new policy does not know */
    uint32_t error_offset;         /* out: load, byte of the image at which it was refused */
    char error_section[16];        /* out: its section, NUL-terminated; empty when it was not refused */
};
#endif

#endif
