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
 * Read the audit records of one CPU, oldest first. Returns the bytes copied, a whole number of records; 0 when there is
 * none from `from` on. A record keeps its sequence number; those between `from` and `first` were overwritten before
 * they were read. Records of one CPU form a hash chain, see struct bulkhead_audit_record; `head` is its value
 * at `next`, so a reader that has it from the call before can check what it gets.
 * Errors: -EACCES policy; -EFAULT; -EINVAL pad not zero, size no whole number of records or above 64 KiB;
 * -ENOENT no such CPU (cpu_count is set); -EAGAIN records came faster than they could be copied.
 */
#define BULKHEAD_audit_read 2

/*
 * Extend what the audit chains of all CPUs are at now, as one event, into PCR 21 and the measurement log. `digest` is
 * the SHA-256 of what is written to `buffer`, one struct bulkhead_audit_head for each CPU in order.
 * Errors: -EACCES policy; -EFAULT (nothing is sealed); -EINVAL pad not zero or size too small (cpu_count is set);
 * -EAGAIN another seal is under way or was less than 10 seconds ago; -ENOSPC the rest of the log is kept for
 * changes of policy; -EIO, -ETIMEDOUT, -ENODEV the TPM.
 */
#define BULKHEAD_audit_seal 3

#define BULKHEAD_AUDIT_VERSION 1

/* What a record is about: kind. */
#define BULKHEAD_AUDIT_denied 1  /* a question answered no, or that would be but for permissive mode */
#define BULKHEAD_AUDIT_granted 2 /* a question answered yes that policy wants on record */
#define BULKHEAD_AUDIT_revoked 3 /* something held that is not allowed any more; `how` */
#define BULKHEAD_AUDIT_lost 4    /* `count` events of one source were over its limit and have no record */
#define BULKHEAD_AUDIT_mode 5    /* the policy is enforced from here on, or permissive */
#define BULKHEAD_AUDIT_policy 6  /* a policy or booleans (op) came into force; `count` is the sequence number */

/* What became of something held: how. */
#define BULKHEAD_AUDIT_would 0   /* the change was only tried */
#define BULKHEAD_AUDIT_report 1
#define BULKHEAD_AUDIT_drain 2
#define BULKHEAD_AUDIT_drop 3

/* Which details of the object a record has: have. */
#define BULKHEAD_AUDIT_HAVE_domid   (1u << 0)
#define BULKHEAD_AUDIT_HAVE_target  (1u << 1)
#define BULKHEAD_AUDIT_HAVE_port    (1u << 2)
#define BULKHEAD_AUDIT_HAVE_gref    (1u << 3)
#define BULKHEAD_AUDIT_HAVE_frame   (1u << 4)
#define BULKHEAD_AUDIT_HAVE_irq     (1u << 5)
#define BULKHEAD_AUDIT_HAVE_device  (1u << 6)
#define BULKHEAD_AUDIT_HAVE_range   (1u << 7)
#define BULKHEAD_AUDIT_HAVE_op      (1u << 8)
#define BULKHEAD_AUDIT_HAVE_boolean (1u << 9)

#ifndef __ASSEMBLY__
/*
 * One event. Little endian, texts NUL-terminated and cut where they do not fit (permission_names between words);
 * what a record does not have is zero. previous is 32 zero bytes in record 0 of a CPU, else SHA-256 of the
 * 256 bytes of the record before. Contexts of ssid and tsid: FLASK_SID_TO_CONTEXT.
 */
struct bulkhead_audit_record {
    uint8_t previous[32];      /* head of the chain before this record */
    uint64_t seq;              /* 0, 1, 2... on each CPU */
    uint64_t time_ns;          /* since boot */
    uint64_t frame;
    uint64_t range_first, range_last;
    uint64_t count;            /* lost, policy */
    uint32_t ssid, tsid;
    uint32_t permissions;      /* bits of the class that were refused, granted or revoked */
    uint32_t have;             /* BULKHEAD_AUDIT_HAVE_* */
    uint32_t port, gref, irq;
    uint32_t device;           /* segment << 16 | bus << 8 | device << 3 | function */
    uint32_t cpu;
    uint16_t domid, target;    /* domain that asked; domain asked about */
    uint16_t tclass;
    uint8_t kind;              /* BULKHEAD_AUDIT_* */
    uint8_t allowed;           /* 1: it went on; 0: it was refused */
    uint8_t permissive;        /* 1: refused by policy, allowed by permissive mode or type */
    uint8_t how;               /* revoked */
    uint8_t version;           /* BULKHEAD_AUDIT_VERSION */
    uint8_t pad;               /* zero */
    char class_name[24];
    char permission_names[40]; /* with a space between two */
    char op[32];               /* the operation, or what came into force */
    char boolean[32];
};

struct bulkhead_audit_read {
    uint64_t from;      /* in: sequence number of the first record wanted; above the end counts as the end */
    uint64_t buffer;    /* in: guest virtual address */
    uint32_t cpu;       /* in: 0, 1, 2... below cpu_count */
    uint32_t size;      /* in: bytes; 0 to look at the position only */
    uint32_t pad;       /* in: zero */
    uint32_t cpu_count; /* out */
    uint64_t first;     /* out: sequence number of the first record copied */
    uint64_t next;      /* out: of the one after the last copied: from of the call that comes next */
    uint64_t lost;      /* out: first - from: overwritten before they were read */
    uint64_t limited;   /* out: events on this CPU, since boot, that a limit kept from becoming a record */
    uint8_t head[32];   /* out: head of the chain before record next */
};

struct bulkhead_audit_head {
    uint64_t next;      /* records that this CPU has written */
    uint8_t head[32];   /* of its chain, after them */
};

struct bulkhead_audit_seal {
    uint64_t buffer;    /* in: guest virtual address of room for cpu_count of struct bulkhead_audit_head */
    uint32_t size;      /* in: bytes */
    uint32_t pad;       /* in: zero */
    uint32_t cpu_count; /* out */
    uint32_t pad2;      /* out: zero */
    uint64_t records;   /* out: of all CPUs together */
    uint8_t digest[32]; /* out: as measured */
};
#endif

/*
 * Change what is allowed, and look for what domains hold that is not allowed any more. The change is one of
 * xsm_op's, and asks what that asks; as xsm_op has it, uses found are dropped. Here the caller chooses.
 * A domain's label that a new policy does not know, also of one that is to be restarted, refuses the load, unless BULKHEAD_CHANGE_force is given.
 * Each use found is an audit record and counted here. Counts and error are written on failure too.
 * A change is measured first. If a domain uses the TPM, the calling vCPU sleeps until it lets go, usually some ms, 20 s at most;
 * the change is asked about before and after that. So it is with xsm_op's changes and with BULKHEAD_audit_seal.
 * Errors: -EACCES policy; -EBUSY another change is under way, or the domain to relabel is being built; -EINVAL how, flags, pad, or the image (see
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
    uint32_t ports, resources;     /* out: event channel ends; I/O port ranges, device pages and devices */
    uint32_t labels;               /* out: domains whose label a new policy does not know */
    uint32_t error_offset;         /* out: load, byte of the image at which it was refused */
    char error_section[16];        /* out: its section, NUL-terminated; empty when it was not refused */
};
#endif

/*
 * What XEN_DOMCTL_getdomaininfo has no room for: who a domain is in the host's description, how often it was started, what
 * it holds.
 * Errors: -EACCES policy; -EFAULT; -EINVAL pad not zero; -ESRCH no such domain.
 */
#define BULKHEAD_domain_info 5

#define BULKHEAD_DOMAIN_restarts 1 /* its description says on-reboot = restart */
#define BULKHEAD_DOMAIN_NAME_MAX 16
#define BULKHEAD_DOMAIN_DEVICES_MAX 16

#ifndef __ASSEMBLY__
struct bulkhead_domain_info {
    uint32_t domid;        /* in; DOMID_SELF is answered with the number */
    uint32_t pad;          /* in: zero */
    uint32_t flags;        /* out: BULKHEAD_DOMAIN_* */
    uint32_t device_count; /* out: PCI functions that it holds now */
    uint64_t start_count;  /* out: 1 for a domain that was never restarted; counts when it runs */
    uint64_t age_ns;       /* out: since this start */
    uint64_t host_age_ns;  /* out: since the boot of the host */
    char name[BULKHEAD_DOMAIN_NAME_MAX];           /* out: NUL-terminated */
    uint16_t devices[BULKHEAD_DOMAIN_DEVICES_MAX]; /* out: bus << 8 | device << 3 | function; the first device_count */
    uint8_t slots[BULKHEAD_DOMAIN_DEVICES_MAX];    /* out: device number of each on the domain's own bus */
};
#endif

/*
 * End a domain and build it again from its measured image, as if it had rebooted. The call returns when the domain does not
 * run any more; BULKHEAD_domain_info tells by start_count when it is there again. The calling domain may name itself.
 * Errors: -EACCES policy; -EFAULT; -EINVAL pad not zero; -ESRCH no such domain; -EPERM its description does not say
 * on-reboot = restart; -EBUSY it is being built, or ends already.
 */
#define BULKHEAD_domain_restart 6

#ifndef __ASSEMBLY__
struct bulkhead_domain_restart {
    uint32_t domid; /* in */
    uint32_t pad;   /* in: zero */
};
#endif

#endif
