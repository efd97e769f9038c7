/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of a console log, as a decision. Guests write most of a console, so a line counts only in the exact form in which those who
 * decide write it: "(XEN) avc:  ..." at its beginning is the hypervisor's, which puts "(dN) " before all that domain N prints; "(dN) avc:  ..."
 * is domain N's word, and whether that counts is for avc_log.h to say. Nothing is copied: the words are slices of the line.
 */
#ifndef BH_POLICY_AVC_LINE_H
#define BH_POLICY_AVC_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum avc_kind {
    AVC_NONE,      /* no decision, and does not look like one */
    AVC_DENIED,
    AVC_GRANTED,
    AVC_REVOKED,
    AVC_LOST,      /* `lost` decisions have no line */
    AVC_BROKEN,    /* begins like one; `why` says what is wrong */
    AVC_STRAY,     /* has "avc:  " where no decision has it: somebody wrote it himself */
    AVC_TRACE,     /* the host tells what is granted, too */
    AVC_DOMAIN,    /* the hypervisor built domain `domid`, called `name` */
};

struct avc_slice {
    const char *at;
    size_t len;
};

struct avc_line {
    enum avc_kind kind;
    int origin;                        /* 0: the hypervisor; else the domain that printed it */
    bool permissive;                   /* refused by the policy, and done all the same */
    int domid;                         /* who asked; -1: the line does not say */
    uint64_t lost;
    const char *why;                   /* static */
    struct avc_slice perms;            /* "map_read map_write" */
    struct avc_slice source, target;   /* contexts */
    struct avc_slice tclass;
    struct avc_slice op;               /* len 0: the line does not say */
    struct avc_slice name;
};

/** @param whole  false: it is the end of a file that does not end with a line */
void avc_line_read(const char *line, size_t len, bool whole, struct avc_line *out);

/** The next word of a slice, which gets shorter; len 0: there is none. */
struct avc_slice avc_word(struct avc_slice *text);

/** The type in a context; len 0: it is no context. */
struct avc_slice avc_type(struct avc_slice context);

#endif
