/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The xsm_op hypercall without the hypercall: everything that FLASK_* sub-operations do, over a
 * private copy of the argument. The dispatcher copies struct xen_flask_op in, looks up the rule, asks
 * the question the rule names, calls flask_op_act() and copies the structure back out on success.
 */
#ifndef XSM_FLASK_OP_H
#define XSM_FLASK_OP_H

#include <xen/types.h>

#include <public/xen.h>
#include <public/xsm/flask_op.h>

#include <xsm/xsm.h>

#define FLASK_OP_COUNT 26U /* sub-operations, number 0 included, which is none */

/*
 * What the acting code needs from its caller. Callbacks may be NULL where the caller offers no such
 * thing: the sub-operations that need them answer -EOPNOTSUPP.
 */
struct flask_op_env {
    xsm_sid_t ssid;              /* label of the calling domain */
    struct xsm_error *error;     /* out: where a policy image was refused; may be NULL */
    uint16_t domid;              /* for audit lines, as are: */
    struct xsm_audit_source *source; /* whose refusals these are; NULL: the hypervisor's */
    const char *op;              /* name of the operation; NULL: not told */
    void *arg;                   /* handed to every callback */

    /** Copy guest memory; `guest` is the address in the handle. @return 0 or -EFAULT */
    int (*copy_from)(void *arg, void *dst, const void *guest, size_t size);
    int (*copy_to)(void *arg, void *guest, const void *src, size_t size);

    /** Label of the other end of the caller's event channel. @return 0 or -errno */
    int (*peer_sid)(void *arg, uint32_t port, xsm_sid_t *out);

    /** Label of a domain. DOMID_SELF is resolved by the callback. @return 0; -ESRCH */
    int (*domain_sid)(void *arg, uint16_t domid, xsm_sid_t *out, bool *self);
    /** Give the domain the label `sid`; all questions have been asked. @return 0 or -errno */
    int (*domain_relabel)(void *arg, uint16_t domid, xsm_sid_t sid);

    /**
     * Put a candidate into force, or do with it what the caller wants to know of it. It is the
     * callback's from here on. NULL: it is committed. @return 0 or -errno
     */
    int (*commit)(void *arg, struct xsm_candidate *candidate);
    /** May the candidate come into force? Asked before it is measured; NULL: it may. @return 0 or -errno */
    int (*admit)(void *arg, struct xsm_candidate *candidate);
    /** Switch enforcing mode; NULL: xsm_set_enforcing(). @return 0 or -errno */
    int (*set_enforcing)(void *arg, bool enforcing);

    /** Measure what is about to change the policy in force, before it does. @return 0 or -errno */
    int (*before_load)(void *arg, const uint8_t *image, size_t size);
    int (*before_setenforce)(void *arg, bool enforcing);
    int (*before_boolean)(void *arg, const char *name, bool value);
    /** A label for a resource (numbers as in struct xen_flask_ocontext); sid XSM_SID_NULL: it is taken away. */
    int (*before_ocontext)(void *arg, uint32_t ocon, uint64_t first, uint64_t last, xsm_sid_t sid);
    /** Labels of resources have changed: look at who holds them. NULL: nobody does. @return 0 or -errno */
    int (*ocontext_changed)(void *arg);
};

/**
 * Carry out one sub-operation; the rule's question has been asked already.
 *
 * @param op   private copy of the guest's structure; updated for copy-out
 * @param env  see above; borrowed for the call
 * @return 0 or the positive result of the sub-operation (FLASK_GETENFORCE, FLASK_POLICYVERS,
 *         FLASK_MLS...); -ENOSYS unknown; -EOPNOTSUPP known, not offered; -EINVAL wrong interface
 *         version or argument; -EFAULT; -EACCES; -ENOENT; -ERANGE; -ENOMEM; -ENOSPC; -E2BIG
 */
long flask_op_act(struct xen_flask_op *op, const struct flask_op_env *env);

#endif
