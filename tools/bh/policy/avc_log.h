/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Console logs as the decisions they tell: one for each verdict, pair of types and class, with all their permissions. What keeps a log
 * from being whole is counted beside: losses that the deciders report, lines that are damaged, lines that somebody else wrote.
 *
 * The hypervisor's lines count. So do those about class xenstore of the domain that it called "xenstore" when it built it, and those about
 * class operator of the domain "control": they decide about these classes themselves. What other domains print is their own affair.
 */
#ifndef BH_POLICY_AVC_LOG_H
#define BH_POLICY_AVC_LOG_H

#include "avc_line.h"
#include "message.h"

#define AVC_ODD_MAX 16
#define AVC_CLASS_XENSTORE "xenstore"
#define AVC_CLASS_OPERATOR "operator"

struct avc_place {
    const char *file;          /* borrowed of the log */
    size_t line;               /* 1-based; 0: there is none */
};

struct avc_decision {
    enum avc_kind kind;        /* denied, granted or revoked */
    char *source, *target, *tclass;
    char **perms;              /* sorted; owned, and so are ops */
    size_t perm_count;
    char **ops;                /* operations that asked, sorted */
    size_t op_count;
    char **domains;            /* who asked, sorted: the name that the hypervisor gave it, else "domain 5" */
    size_t domain_count;
    size_t count;              /* lines */
    size_t permissive;         /* of these: denied, and done all the same */
    struct avc_place first, last;
};

struct avc_oddity {
    struct avc_place at;
    const char *why;           /* static: "is cut off" */
};

struct avc_log {
    struct avc_decision *list; /* by verdict, source, target, class */
    size_t count;
    size_t lines;              /* of decisions */
    uint64_t lost;             /* decisions that have no line */
    struct avc_place lost_first;
    struct avc_oddity odd[AVC_ODD_MAX]; /* lines that begin as decisions do and are none: the first of them */
    size_t odd_count;          /* all of them */
    size_t stray;              /* lines with the words of a decision, in the mouth of somebody who decides nothing */
    struct avc_place stray_first;
    char **files;              /* names; owned */
    size_t file_count;
    void *tree;                /* while lines are added */
    char **names;              /* of domains, by number, as far as the hypervisor has said; owned */
    size_t name_count;
    bool traced;               /* the host said that it tells what is granted, too */
};

/** Read logs; "-" is standard input, and so is none. @return false: reported, and nothing is held */
bool avc_log_read(struct avc_log *log, const char *const *paths, size_t count, struct messages *m);

/** A log in memory. Several may be added to one that was zero; then avc_log_end(). */
void avc_log_add(struct avc_log *log, const char *name, const char *text, size_t len);
void avc_log_end(struct avc_log *log);

void avc_log_free(struct avc_log *log);

/** Say on `out` what the log lacks, a line each; nothing where it is whole. */
void avc_log_gaps(const struct avc_log *log, FILE *out);

/** Have decisions been made that are not in it? */
bool avc_log_misses(const struct avc_log *log);

/** "denied", "granted", "revoked". */
const char *avc_verdict(const struct avc_decision *d);

#endif
