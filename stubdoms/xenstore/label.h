/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mandatory access control: which label a path has, and whether a domain's label may do something
 * to it. The decisions are the hypervisor's policy's; answers are kept for up to a second.
 *
 * The label of a path is that of the longest labelled subtree that holds it; else that of domain N
 * below /local/domain/N; else the store's own.
 */
#ifndef XENSTORE_LABEL_H
#define XENSTORE_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t sid_t;

#define SID_NONE 0u
#define MAC_CACHE_SIZE 64u
#define MAC_CACHE_NS UINT64_C(1000000000)
#define MAC_AUDIT_PER_SECOND 10u     /* lines, for each source */
#define CONTEXT_MAX 256u

/* Permissions of the policy's class `xenstore`, filled with its numbers by whoever sets up mac. */
struct mac_permissions {
    uint32_t read, write, create, delete, list, watch, setperms, introduce, control;
};

/** What the policy is asked through; all return 0 or a negative XEN_E* number. */
struct mac_ops {
    int (*context_to_sid)(void *arg, const char *context, sid_t *sid);
    int (*sid_to_context)(void *arg, sid_t sid, char *context, size_t size);
    /** @param allowed out: the permissions of class xenstore that the policy grants */
    int (*access)(void *arg, sid_t ssid, sid_t tsid, uint32_t *allowed);
    /** Whether a refusal is only logged. */
    bool (*permissive)(void *arg);
};

struct subtree_label {
    struct subtree_label *next;      /* longest path first */
    sid_t sid;
    size_t path_len;
    char path[];
};

/* Lines that one source may still print in the current second. */
struct audit_budget {
    uint64_t start_ns;
    uint32_t count;
    uint32_t dropped;
};

struct domain_label {
    struct domain_label *next;
    uint16_t domid;
    sid_t sid;
    struct audit_budget audit;
};

struct mac_cached {
    sid_t ssid, tsid;
    uint32_t allowed;
    bool valid;
};

struct mac {
    bool enabled;                    /* false: every question is answered yes */
    const struct mac_ops *ops;
    void *arg;
    struct mac_permissions perm;
    sid_t own_sid;                   /* of the store itself */
    struct subtree_label *subtrees;
    struct domain_label *domains;
    struct mac_cached cache[MAC_CACHE_SIZE];
    uint64_t cache_ns;               /* when it was last emptied */
    struct audit_budget audit;       /* of domains without a label */
    void (*log)(void *arg, const char *text);
    uint64_t (*now_ns)(void *arg);
    void *log_arg;
};

/** Give a subtree a label: 0, -XEN_EEXIST, -XEN_ENOMEM. */
int mac_label_subtree(struct mac *mac, const char *path, size_t length, sid_t sid);

/** Give a domain a label, replacing an earlier one: 0 or -XEN_ENOMEM. */
int mac_label_domain(struct mac *mac, uint16_t domid, sid_t sid);

/** Labels of a domain and a path; SID_NONE when unknown. */
sid_t mac_domain_sid(const struct mac *mac, uint16_t domid);
sid_t mac_path_sid(const struct mac *mac, const char *path, size_t length);

/**
 * Ask whether @domid may do @requested to @path.
 *
 * @param audit  print a line when refused
 * @return 0 or -XEN_EACCES
 */
int mac_check_path(struct mac *mac, uint16_t domid, const char *path, size_t length,
                   uint32_t requested, bool audit);

/** The same for everything labelled separately below @path: a deletion takes it along. */
int mac_check_below(struct mac *mac, uint16_t domid, const char *path, size_t length,
                    uint32_t requested);

/** Ask about another domain (introduce) or the store itself (@target DOMID_NONE; control). */
int mac_check_domain(struct mac *mac, uint16_t domid, uint16_t target, uint32_t requested);

/** Forget all cached decisions. */
void mac_flush(struct mac *mac);

void mac_destroy(struct mac *mac);

#endif
