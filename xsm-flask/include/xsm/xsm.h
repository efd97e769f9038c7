/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The security server as the rest of the hypervisor sees it: SIDs stand for security contexts, and
 * a question is (source SID, target SID, class, permissions). Objects keep an xsm_sid_t each;
 * nothing here knows what a domain or an event channel is.
 *
 * Life: xsm_init(), then xsm_policy_load() before the first domain exists. Until a policy is loaded
 * every question is answered with -EACCES and every SID is an initial one. SIDs stay valid over a
 * reload; one whose context the new policy does not know answers as the initial SID `unlabeled`
 * until a policy knows it again.
 *
 * Classes and permissions are the constants of <xsm/av_permissions.h>, generated from
 * policy/access_vectors.cil. A policy is mapped to them by name.
 *
 * xsm_check() and xsm_transition_sid() are for process context on one CPU: not from interrupt
 * handlers, and not across a change of the CPU. A hit takes no lock and no atomic operation.
 */
#ifndef XSM_XSM_H
#define XSM_XSM_H

#include <xen/errno.h>
#include <xen/types.h>

#include <xsm/av_permissions.h>

typedef uint32_t xsm_sid_t;

#define XSM_SID_NULL 0U          /* stands for no object; never granted anything */
#define XSM_SID_SELF 0xffffffffU /* as target of a question: the source as it is towards itself (xsm_self_sid()) */
#define XSM_CONTEXT_MAX 1024U    /* bytes of the longest context text, NUL included */
#define XSM_POLICY_SIZE_MAX (4U << 20)  /* bytes of the largest policy image accepted */

/* Initial SIDs: numbers and order published by Xen 4.17. */
enum xsm_initial_sid {
    XSM_SID_XENBOOT = 1,         /* the hypervisor while it builds the first domains */
    XSM_SID_XEN = 2,             /* the hypervisor */
    XSM_SID_DOM0 = 3,            /* initial domain of legacy mode */
    XSM_SID_DOMIO = 4,           /* owner of memory-mapped I/O pages */
    XSM_SID_DOMXEN = 5,          /* owner of the hypervisor's shared pages */
    XSM_SID_UNLABELED = 6,       /* what has no valid label */
    XSM_SID_SECURITY = 7,        /* target of class security */
    XSM_SID_IOPORT = 8,          /* default for I/O ports */
    XSM_SID_IOMEM = 9,           /* default for memory-mapped I/O */
    XSM_SID_IRQ = 10,            /* default for interrupts */
    XSM_SID_DEVICE = 11,         /* default for PCI devices */
    XSM_SID_DOMU = 12,           /* domains created without a label */
    XSM_SID_DOMDM = 13,          /* device models created without a label */
    XSM_SID_INITIAL_COUNT = 13,
};

/* Where and why a policy image was refused. */
struct xsm_error {
    const char *section;         /* static text: "header", "classes", "avtab"... */
    const char *expected;        /* static text: what should have been there */
    size_t offset;               /* bytes from the start of the image */
};

/* Events of one source in a window of time, and those over the limit; see flask/audit_limit.h. */
struct xsm_audit_limit {
    uint64_t used;               /* atomic */
    uint64_t lost;               /* atomic: not reported yet */
};

/*
 * Whom audit events are charged to: one for each domain, so that one that is refused all the time does not
 * push out the others'. Zero at the start; several CPUs may use it at once.
 */
struct xsm_audit_source {
    struct xsm_audit_limit console, ring, trace;
    xsm_sid_t ssid;              /* atomic: of the last event over a limit */
    uint32_t domid_after;        /* atomic: the number after that of its domain, 0 when it named none */
};

/*
 * What an audit line says about the object beside its label. Filled by the caller on the stack;
 * fields named in `have` are printed, in this order, as key=value.
 */
struct xsm_audit {
    struct xsm_audit_source *source; /* borrowed for the call; NULL: one that all such callers share */
    uint32_t have;               /* XSM_AUDIT_* */
    uint16_t domid;              /* domain that asks */
    uint16_t target;             /* domain asked about */
    uint32_t port;               /* event channel port */
    uint32_t gref;               /* grant reference */
    uint64_t frame;              /* frame number */
    uint32_t irq;
    uint32_t device;             /* PCI segment << 16 | bus << 8 | devfn */
    uint64_t range_first, range_last;   /* I/O ports or frames */
    const char *op;              /* static text, name of the operation; borrowed for the call */
    const char *boolean;         /* untrusted text is escaped; borrowed for the call */
};

#define XSM_AUDIT_DOMID   (1U << 0)
#define XSM_AUDIT_TARGET  (1U << 1)
#define XSM_AUDIT_PORT    (1U << 2)
#define XSM_AUDIT_GREF    (1U << 3)
#define XSM_AUDIT_FRAME   (1U << 4)
#define XSM_AUDIT_IRQ     (1U << 5)
#define XSM_AUDIT_DEVICE  (1U << 6)
#define XSM_AUDIT_RANGE   (1U << 7)
#define XSM_AUDIT_OP      (1U << 8)
#define XSM_AUDIT_BOOLEAN (1U << 9)
#define XSM_AUDIT_AGAIN   (1U << 10) /* one more step of what was granted: its line is there already, refusals get theirs */

/* Answer of xsm_compute_av(): bits of the class asked about. */
struct xsm_av {
    uint32_t allowed;
    uint32_t audit_allow;        /* granted bits that the policy wants logged */
    uint32_t audit_deny;         /* denied bits that the policy wants logged */
    uint32_t decided;            /* bits looked up: all, where the vector is whole */
    uint32_t seqno;              /* grows with every change of policy, boolean or mode */
    bool permissive;             /* the source type is permissive */
};

/*
 * Moves with every change of policy, boolean or mode; what was derived from answers under another stamp is stale. Read
 * without a lock, never 0.
 */
extern uint64_t xsm_policy_stamp;

struct xsm_avc_stats {
    uint64_t hits, misses, denials;
};

/* -- life ------------------------------------------------------------------------------------ */

/**
 * Prepare the engine.
 *
 * @param cpu_count  CPUs that will ask, 1..4096; each gets a cache of 18 KiB
 * @return 0; -EINVAL count out of range; -EBUSY already done; -ENOMEM
 */
int xsm_init(unsigned int cpu_count);

/** Drop the policy and every SID. For host programs; the hypervisor never calls it. */
void xsm_fini(void);

/**
 * Load a policy, the first or a replacement. All or nothing: on failure the policy in force, SIDs and
 * booleans are as before. A replacement takes over booleans of equal name. No cached answer of the
 * old policy is given after the return.
 *
 * @param image  binary policy for target Xen, version 24 to 30; borrowed for the call
 * @param size   bytes, at most XSM_POLICY_SIZE_MAX
 * @param err    out on -EINVAL: where and why; may be NULL
 * @return 0; -EINVAL image refused; -ENOMEM; -E2BIG; -EBUSY before xsm_init() or while another load runs
 */
int xsm_policy_load(const uint8_t *image, size_t size, struct xsm_error *err);

/** Whether a policy is loaded. */
bool xsm_policy_loaded(void);

/** Version of the policy in force (24..30), 0 without; and whether it has MLS. */
uint32_t xsm_policy_version(void);
bool xsm_policy_mls(void);

/** Enforcing is the initial state; a change is effective for every check that starts later. */
bool xsm_enforcing(void);
void xsm_set_enforcing(bool enforcing);

/**
 * For who writes policy: put on the console what is granted, too: each permission between two labels once for as long as a
 * CPU's cache remembers it, 1024 lines a minute for each source. What is over is counted, and told when it is used again and there is
 * room. No records. Off at first; it slows a host down, and its console grows.
 */
void xsm_trace(bool on);

/* -- questions ------------------------------------------------------------------------------- */

/* The part of xsm_check() behind the test of `requested`, which must not be 0; use xsm_check(). */
int xsm_check_some(xsm_sid_t ssid, xsm_sid_t tsid, uint32_t tclass, uint32_t requested,
                   const struct xsm_audit *audit);

/**
 * May source do all of `requested` to target? One audit line per question that the policy does not
 * silence; in permissive mode, or for a permissive source type, a refusal is logged and granted.
 *
 * @param ssid, tsid  SIDs of source and target
 * @param tclass      SECCLASS_*
 * @param requested   permission bits, at least one
 * @param audit       details for the line, NULL: no line at all
 * @return 0 or -EACCES (also for unknown SIDs, classes, empty requests, or without a policy)
 */
static inline int xsm_check(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, uint32_t requested,
                            const struct xsm_audit *audit)
{
    /* Nothing asked for, nothing granted; the compiler settles it where the bits are constant. */
    return requested != 0 ? xsm_check_some(ssid, tsid, tclass, requested, audit) : -EACCES;
}

/** The same with no audit line whatever the answer. */
static inline int xsm_check_noaudit(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass,
                                    uint32_t requested)
{
    return xsm_check(ssid, tsid, tclass, requested, NULL);
}

/**
 * The whole access vector, computed anew; neither mode nor cache matter.
 *
 * @return 0; -EINVAL unknown SID or class; -EACCES without a policy
 */
int xsm_compute_av(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, struct xsm_av *av);

/**
 * Label of a new object: what `ssid` creates in relation to `tsid`. An event channel is
 * (creator, remote domain, SECCLASS_EVENT); a domain's own label towards itself is
 * (domain, domain, SECCLASS_DOMAIN). Answers are cached as permissions are.
 *
 * @param out  untouched on failure
 * @return 0; -EINVAL unknown SID or class; -EACCES no policy, or the context computed is not valid
 *         in the policy and the engine is enforcing; -ENOSPC SID table full; -ENOMEM
 */
int xsm_transition_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, xsm_sid_t *out);

/* A domain's label towards itself, kept where it is asked for: in each vCPU. Zeroed, it holds nothing. */
struct xsm_self {
    xsm_sid_t of, self;
    uint64_t stamp;
};

/* The part of xsm_self_sid() for an answer that is not there; use xsm_self_sid(). */
int xsm_self_sid_find(struct xsm_self *cache, xsm_sid_t sid, xsm_sid_t *out);

/**
 * xsm_transition_sid(sid, sid, SECCLASS_DOMAIN), from *cache while the policy has not moved. One user of a cache at
 * a time; failures as there, and they are not remembered.
 */
static inline int xsm_self_sid(struct xsm_self *cache, xsm_sid_t sid, xsm_sid_t *out)
{
    if (__builtin_expect(cache->of == sid && cache->stamp == *(volatile uint64_t *)&xsm_policy_stamp, 1)) {
        *out = cache->self;
        return 0;
    }
    return xsm_self_sid_find(cache, sid, out);
}

/** As xsm_transition_sid() by type_member rules, uncached. */
int xsm_member_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, xsm_sid_t *out);
/** As xsm_transition_sid() by type_change rules, uncached. */
int xsm_change_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, xsm_sid_t *out);

/**
 * Do the policy's validatetrans rules let `tasksid` change an object's label from old to new?
 *
 * @return 0; -EPERM a rule forbids it (0 in permissive mode); -EINVAL unknown SID or class
 */
int xsm_validate_transition(xsm_sid_t oldsid, xsm_sid_t newsid, xsm_sid_t tasksid,
                            uint16_t tclass);

/* -- what if: a policy that is not in force yet ----------------------------------------------- */

/*
 * A change on trial: another policy, or the policy in force with its pending booleans. Questions can be
 * put to it while the old policy goes on deciding; then it is committed, or freed and nothing has
 * happened. Life: xsm_candidate_*(), any number of questions, xsm_candidate_commit() or _free().
 */
struct xsm_candidate;

/**
 * A policy read and checked as xsm_policy_load() does, not in force.
 *
 * @param out  owned by the caller; untouched on failure
 * @return as xsm_policy_load(), which is this and a commit
 */
int xsm_candidate_policy(const uint8_t *image, size_t size, struct xsm_error *err,
                         struct xsm_candidate **out);
/** The policy in force as its pending booleans would have it. @return 0; -EACCES no policy; -ENOMEM */
int xsm_candidate_booleans(struct xsm_candidate **out);

/** Would it allow this? As xsm_check_noaudit(), permissive mode and types included. One caller at a time. */
bool xsm_candidate_allows(struct xsm_candidate *c, xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass,
                          uint32_t requested);
/** Does it know the context of a SID, other than as `unlabeled`? */
bool xsm_candidate_knows(struct xsm_candidate *c, xsm_sid_t sid);

/**
 * Put it into force at once, for every check that starts later.
 *
 * @return 0, and *c is gone; else nothing has changed and *c is still the caller's:
 *         -ENOMEM; -EBUSY the policy has changed since the candidate was made
 */
int xsm_candidate_commit(struct xsm_candidate *c);
void xsm_candidate_free(struct xsm_candidate *c);

/* -- contexts -------------------------------------------------------------------------------- */

/**
 * SID of a context text "user:role:type[:range]".
 *
 * @param text  need not end in NUL; one trailing NUL is accepted
 * @return 0; -EINVAL not a context valid in the policy; -EACCES no policy; -ENOSPC; -ENOMEM
 */
int xsm_context_to_sid(const char *text, size_t size, xsm_sid_t *out);

/**
 * Context text of a SID, NUL-terminated.
 *
 * @param needed  out: bytes with NUL, also on -ERANGE; may be NULL
 * @return 0; -ERANGE buffer too small, nothing written; -EINVAL unknown SID; -EACCES no policy
 */
int xsm_sid_to_context(xsm_sid_t sid, char *buf, size_t size, size_t *needed);

static inline xsm_sid_t xsm_initial_sid(enum xsm_initial_sid which)
{
    return (xsm_sid_t)which;
}

/* -- resources: the policy's iomemcon, ioportcon, pirqcon, pcidevicecon, devicetreecon --------- */

/** SID of the resource, of its default initial SID where the policy names none. 0 or -errno. */
int xsm_ioport_sid(uint32_t port, xsm_sid_t *out);
int xsm_iomem_sid(uint64_t mfn, xsm_sid_t *out);
int xsm_pirq_sid(uint32_t irq, xsm_sid_t *out);
int xsm_device_sid(uint32_t sbdf, xsm_sid_t *out);

/** Called for each part of a range with one label, in ascending order; non-zero ends the walk. */
typedef int xsm_range_fn(void *arg, xsm_sid_t sid, uint64_t first, uint64_t last);
/** @return 0, an error of the lookup, or what `fn` returned. The lock is not held in `fn`. */
int xsm_ioport_walk(uint32_t first, uint32_t last, xsm_range_fn *fn, void *arg);
int xsm_iomem_walk(uint64_t first, uint64_t last, xsm_range_fn *fn, void *arg);

/**
 * Label resources at run time / forget such a label. `ocon` is Xen's number: 1 pirq, 2 ioport,
 * 3 iomem, 4 PCI device; see FLASK_ADD_OCONTEXT. Such a label survives a policy load, unless the new
 * policy states one for any part of the range.
 * @return 0; -EINVAL; -EEXIST overlaps another label; -ENOENT; -ENOMEM; -EACCES no policy
 */
int xsm_ocontext_add(uint32_t ocon, uint64_t first, uint64_t last, xsm_sid_t sid);
/** What xsm_ocontext_add() would say now, or, for XSM_SID_NULL, xsm_ocontext_del(); nothing is changed. */
int xsm_ocontext_check(uint32_t ocon, uint64_t first, uint64_t last, xsm_sid_t sid);
int xsm_ocontext_del(uint32_t ocon, uint64_t first, uint64_t last);

/* -- booleans -------------------------------------------------------------------------------- */

struct xsm_boolean {
    uint32_t id;                 /* 0.. in the order of the policy */
    bool current, pending;
};

/**
 * State of a boolean.
 *
 * @param name  out: its name, cut to `size` bytes with NUL; NULL when not wanted
 * @return 0; -ENOENT no such boolean or no policy
 */
int xsm_boolean_get(uint32_t id, struct xsm_boolean *out, char *name, size_t size);
/** @return 0; -ENOENT */
int xsm_boolean_find(const char *name, size_t size, uint32_t *id);
/** Set the pending value; it takes effect with xsm_boolean_commit(). @return 0; -ENOENT */
int xsm_boolean_set(uint32_t id, bool value);
/** Put every pending value into force. @return 0; -EACCES no policy */
int xsm_boolean_commit(void);

/* -- audit and figures ----------------------------------------------------------------------- */

/* What became of something held under an earlier policy that the present one, or one on trial, denies. */
enum xsm_revocation {
    XSM_REVOKE_WOULD,            /* on trial: nothing happened */
    XSM_REVOKE_REPORT,           /* kept */
    XSM_REVOKE_DRAIN,            /* kept until it is given back, no new use */
    XSM_REVOKE_DROP,             /* taken away */
};

/** Put on record that `ssid` held `permissions` of class `tclass` to `tsid`, and what became of it. */
void xsm_audit_revocation(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, uint32_t permissions,
                          enum xsm_revocation how, const struct xsm_audit *audit);

/**
 * Report what a source lost to its limits, once the window it lost it in has ended. Call this about once a
 * second for every source, so that a loss is reported even when the source falls silent.
 *
 * @param s  NULL: the one that callers without a source share
 */
void xsm_audit_flush(struct xsm_audit_source *s);
/** The same before a source goes away: whatever it lost. */
void xsm_audit_source_end(struct xsm_audit_source *s);

struct bulkhead_audit_record;    /* <public/bulkhead.h>, the format of what readers get */

/* Where a reader of one CPU's records is. */
struct xsm_audit_position {
    uint64_t first, next;        /* sequence numbers: first one copied, one after the last */
    uint64_t lost;               /* from the number asked for to `first`: overwritten */
    uint64_t limited;            /* events that a limit kept from becoming a record, since boot */
    uint8_t head[32];            /* of the hash chain, before record `next` */
};

/** CPUs that have audit records. */
unsigned int xsm_audit_cpu_count(void);

/**
 * Copy audit records of one CPU, oldest first. May be called on any CPU; the one that writes is not held up.
 *
 * @param from   sequence number of the first one wanted; above the end counts as the end
 * @param out    room for `count` records; NULL when count is 0
 * @param n      out: how many were copied; 0 at the end
 * @return 0; -ENOENT no such CPU; -EAGAIN overwritten time and again while they were copied
 */
int xsm_audit_read(unsigned int cpu, uint64_t from, struct bulkhead_audit_record *out,
                   size_t count, size_t *n, struct xsm_audit_position *pos);

/** Counters of one CPU. @return 0; -ENOENT no such CPU */
int xsm_avc_stats(unsigned int cpu, struct xsm_avc_stats *out);
/** Used and total slots, all CPUs together. */
void xsm_avc_usage(uint32_t *used, uint32_t *total);
/** SIDs in use, initial ones included. */
uint32_t xsm_sid_count(void);

/** Name of a class, and of the permission with bit number `bit`; NULL when there is none. */
const char *xsm_class_name(uint16_t tclass);
const char *xsm_permission_name(uint16_t tclass, unsigned int bit);

#endif
